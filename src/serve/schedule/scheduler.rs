//! Checks at intervals whether a run is due or sources have changed, and starts the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::due::{Due, FailedAttempts, FinalityRule, due};
use super::source_changes::SourceChanges;
use crate::app::{AppError, REQUEST_PAUSE, RequestedCloses, RunSpec};
use crate::domain::Day;
use crate::import::inbox;
use crate::query::{ALL_ACTIVE, no_active_portfolio_text};
use crate::serve::app_state::AppState;
use crate::serve::http::Problem;
use crate::serve::runner::{self, RunEnd, StartedRun};
use crate::store::{ReadTransaction, Revision, RunState, StoreError};

/// The interval between checks.
const POLL_INTERVAL: Duration = Duration::from_secs(30);
/// The number of latest runs that are searched for one that already covers the due session.
const LAST_RUNS: u32 = 20;

/// The scheduler, with the results of its past attempts.
#[derive(Debug)]
pub(in crate::serve) struct Scheduler {
    state: Arc<AppState>,
    /// The latest session for which this scheduler made or found a finished run; `None` until the
    /// first one.
    completed_up_to: Option<Day>,
    failed_attempts: Option<FailedAttempts>,
    source_changes: SourceChanges,
    /// The time at which missing closes were last looked for between runs.
    prices_checked: Option<DateTime<Utc>>,
    /// The last logged reason why nothing can be scheduled; it is not logged again.
    last_error: String,
}

/// The outcome of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TickOutcome {
    /// A run was started and ended.
    Ran(RunEnd),
    /// No run is due before this time, unless sources change.
    Idle(DateTime<Utc>),
    /// There is no portfolio yet.
    WaitingForPortfolios,
    /// A run was needed and could not be started.
    Refused,
    /// The check failed, or the next due time is unknown because the calendar ends before it.
    Unschedulable,
}

impl Scheduler {
    pub(in crate::serve) fn new(state: &Arc<AppState>) -> Self {
        Self {
            state: Arc::clone(state),
            completed_up_to: None,
            failed_attempts: None,
            source_changes: SourceChanges::default(),
            prices_checked: None,
            last_error: String::new(),
        }
    }

    /// Checks at each interval until shutdown.
    pub(in crate::serve) async fn run_loop(mut self) {
        let mut shutdown = self.state.shutdown_signal();
        loop {
            self.tick().await;
            tokio::select! {
                _ = shutdown.wait_for(|stop| *stop) => return,
                // Short pauses instead of one sleep until the due time, so that a clock change or a
                // suspended machine does not delay the run.
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
        }
    }

    /// Checks once, and waits for the run that it starts.
    pub(super) async fn tick(&mut self) -> TickOutcome {
        let outcome = self.try_tick().await;
        outcome.unwrap_or_else(|problem| self.report_unschedulable(&problem))
    }

    async fn try_tick(&mut self) -> Result<TickOutcome, Problem> {
        match self.due()? {
            Due::Now(_) if self.has_no_portfolio().await? => Ok(self.wait_for_portfolios()),
            Due::Now(session) if self.has_external_run(session).await? => {
                self.completed_up_to = Some(session);
                Ok(self.publish_next_run())
            }
            Due::Now(session) => Ok(self.run_session(session).await),
            Due::At(_) if self.failed_attempts.is_none() && self.has_new_work().await? => {
                match self.completed_up_to {
                    Some(session) => Ok(self.run_session(session).await),
                    None => Ok(self.publish_next_run()),
                }
            }
            Due::At(_) => Ok(self.publish_next_run()),
        }
    }

    fn due(&self) -> Result<Due, Problem> {
        let context = &self.state.context;
        let finality = FinalityRule {
            calendar: &context.app.settings.calendar,
            grace: context.app.settings.grace,
        };
        let now = context.app.environment.clock.now();
        Ok(due(
            finality,
            self.completed_up_to,
            self.failed_attempts,
            now,
        )?)
    }

    /// Publishes the time of the next run for the pages and `/healthz`.
    fn publish_next_run(&mut self) -> TickOutcome {
        let now = self.state.context.app.environment.clock.now();
        match self.due() {
            Ok(due) => {
                let at = match due {
                    Due::At(at) => at,
                    Due::Now(_) => now,
                };
                self.state.next_run.send_replace(Some(at));
                self.last_error.clear();
                TickOutcome::Idle(at)
            }
            Err(problem) => self.report_unschedulable(&problem),
        }
    }

    /// Marks the next run as unknown, and logs the problem unless it was the last one logged.
    fn report_unschedulable(&mut self, problem: &Problem) -> TickOutcome {
        self.state.next_run.send_replace(None);
        if self.last_error != problem.detail {
            tracing::error!("no run can be scheduled: {}", problem.detail);
            self.last_error.clone_from(&problem.detail);
        }
        TickOutcome::Unschedulable
    }

    /// Returns whether the database has no portfolio, not even a deleted one, after an import of the
    /// inbox: a new server waits for its first portfolio.
    async fn has_no_portfolio(&self) -> Result<bool, Problem> {
        let is_empty = |state: &AppState| {
            let store = &state.context.app.store;
            let lifecycles = store.read(|reading| reading.portfolios().lifecycle_index())?;
            Ok::<_, StoreError>(lifecycles.all_ids().is_empty())
        };
        if !self.state.run_blocking(is_empty).await? {
            return Ok(false);
        }
        match self.import_inbox().await {
            Ok(_) => self.state.run_blocking(is_empty).await,
            // Another run holds the lease: the files are imported after it has ended.
            Err(problem) if problem.is_busy() => Ok(true),
            Err(problem) => Err(problem),
        }
    }

    /// Marks the next run as unknown: it comes with the first portfolio.
    fn wait_for_portfolios(&mut self) -> TickOutcome {
        self.state.next_run.send_replace(None);
        let waiting = no_active_portfolio_text(0);
        if self.last_error != waiting {
            tracing::info!("no run is scheduled: {waiting}");
            self.last_error = waiting;
        }
        TickOutcome::WaitingForPortfolios
    }

    /// Returns whether a run of all active portfolios up to `session` or later has ended, in
    /// any process.
    async fn has_external_run(&self, session: Day) -> Result<bool, Problem> {
        let runs = self.state.run_blocking(|state| {
            state
                .context
                .app
                .store
                .read(|reading| reading.runs().latest(LAST_RUNS))
        });
        Ok(runs.await?.iter().any(|run| {
            let ended = matches!(run.state, RunState::Complete | RunState::Incomplete);
            ended && run.scope == ALL_ACTIVE && run.target >= session
        }))
    }

    /// Returns whether sources changed since the last run so that a run would have any step.
    async fn has_new_work(&mut self) -> Result<bool, Problem> {
        self.fetch_prices().await;
        let revision = match self.import_inbox().await {
            Ok(revision) => revision,
            // Another run holds the lease: the changes are considered after it has ended.
            Err(problem) if problem.is_busy() => return Ok(false),
            Err(problem) => return Err(problem),
        };
        if !self.source_changes.observe(revision) {
            return Ok(false);
        }
        self.state.run_blocking(has_work).await
    }

    /// Asks the command for closes that are still missing, if the last request is long ago and no run
    /// holds the lease. The request ends when the server does.
    async fn fetch_prices(&mut self) {
        let app = &self.state.context.app;
        let now = app.environment.clock.now();
        let is_recent = |checked: DateTime<Utc>| (now - checked).abs() < REQUEST_PAUSE;
        // Looking for missing closes takes longer than a check for changes.
        if app.price_feed.is_none() || self.prices_checked.is_some_and(is_recent) {
            return;
        }
        let cancel = Arc::new(AtomicBool::new(false));
        let (state, is_cancelled) = (Arc::clone(&self.state), Arc::clone(&cancel));
        // Not a read of the database, of which there are few at once: a vendor may take minutes.
        let mut fetching = tokio::task::spawn_blocking(move || {
            let app = &state.context.app;
            let ensure_free =
                |reading: &ReadTransaction<'_>| reading.lease().ensure_none_live(&app.environment);
            if !app.may_request_prices()? || app.store.read(ensure_free).is_err() {
                return Ok(None);
            }
            app.fetch_prices(RequestedCloses::Open, &is_cancelled)
        });
        let mut shutdown = self.state.shutdown_signal();
        let fetched = tokio::select! {
            fetched = &mut fetching => Some(fetched),
            // Its guard must not live on while the end of the request is awaited.
            () = async { drop(shutdown.wait_for(|stop| *stop).await) } => None,
        };
        let fetched = match fetched {
            Some(fetched) => fetched,
            None => {
                cancel.store(true, Ordering::Release);
                fetching.await
            }
        };
        match fetched {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(fetched))) => {
                self.prices_checked = Some(now);
                runner::log_prices(&fetched);
            }
            Ok(Err(error)) => tracing::error!("failed to fetch prices: {error}"),
            Err(error) => tracing::error!("failed to fetch prices: {error}"),
        }
    }

    /// Imports the files in the inbox and returns the revision of the sources after that. Fails if
    /// a run holds the lease.
    async fn import_inbox(&self) -> Result<Revision, Problem> {
        self.state
            .run_blocking(|state| {
                let app = &state.context.app;
                (app.store).read(|reading| reading.lease().ensure_none_live(&app.environment))?;
                if let Some(folder) = &app.inbox
                    && inbox::has_ready_files(folder, &app.import_context())
                {
                    runner::import_inbox(state);
                }
                app.store.read(|reading| reading.revision())
            })
            .await
    }

    async fn run_session(&mut self, session: Day) -> TickOutcome {
        match self.start().await {
            Ok(started) => {
                tracing::info!("run {} started by the schedule", started.run);
                let ended = started.end.await.unwrap_or(RunEnd::Failed);
                match ended {
                    RunEnd::Finished(_) => {
                        self.completed_up_to = self.completed_up_to.max(Some(session));
                        self.failed_attempts = None;
                    }
                    RunEnd::Failed => self.record_failed_attempt(),
                }
                self.publish_next_run();
                TickOutcome::Ran(ended)
            }
            Err(problem) if problem.is_busy() => {
                // The other run may do this work. Resetting the count first keeps the pause at one
                // minute, however long that run takes.
                self.failed_attempts = None;
                self.record_failed_attempt();
                self.publish_next_run();
                TickOutcome::Refused
            }
            Err(problem) => {
                tracing::error!("failed to start a scheduled run: {}", problem.detail);
                self.record_failed_attempt();
                self.publish_next_run();
                TickOutcome::Refused
            }
        }
    }

    async fn start(&mut self) -> Result<StartedRun, Problem> {
        let revision = self.import_inbox().await?;
        self.source_changes.mark_processed(revision);
        runner::start(&self.state, RunSpec::default()).await
    }

    fn record_failed_attempt(&mut self) {
        let before = self.failed_attempts.map_or(0, |failures| failures.count);
        self.failed_attempts = Some(FailedAttempts {
            count: before.saturating_add(1),
            last: self.state.context.app.environment.clock.now(),
        });
    }
}

/// Returns whether the plan of a run, if it started now, has any step.
fn has_work(state: &AppState) -> Result<bool, AppError> {
    let spec = RunSpec {
        allow_empty: true,
        ..RunSpec::default()
    };
    let preview = state.context.app.preview(&spec)?;
    Ok(preview.plan.step_count() > 0)
}
