//! Looks whether a run is due or called for, and has it made.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::due::{Due, FailedAttempts, FinalityRule, due};
use super::source_changes::SourceChanges;
use crate::domain::Day;
use crate::engine::survey_and_plan;
use crate::import::inbox;
use crate::query::ALL_ACTIVE;
use crate::serve::app_state::AppState;
use crate::serve::extract::Selection;
use crate::serve::http::Problem;
use crate::serve::runner::{self, RunEnd, Runner, StartedRun};
use crate::store::{Revision, RunState};

/// How often it is looked whether a run is due.
const POLL_INTERVAL: Duration = Duration::from_secs(30);
/// Among how many runs it is looked for one that was made by another process.
const LAST_RUNS: u32 = 20;

/// Starts runs.
#[derive(Debug)]
pub(in crate::serve) struct Scheduler {
    state: Arc<AppState>,
    /// Up to which session the last run was made.
    completed_up_to: Option<Day>,
    failed_attempts: Option<FailedAttempts>,
    source_changes: SourceChanges,
    /// What was said last of why nothing can be scheduled.
    last_error: String,
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TickOutcome {
    /// A run was made.
    Ran(RunEnd),
    /// Nothing is to be done before then, as far as is known.
    Idle(DateTime<Utc>),
    /// A run was due and could not be made.
    Refused,
    /// When a run is due can't be told.
    Unschedulable,
}

impl Scheduler {
    pub(in crate::serve) fn new(desk: &Arc<AppState>) -> Self {
        Self {
            state: Arc::clone(desk),
            completed_up_to: None,
            failed_attempts: None,
            source_changes: SourceChanges::default(),
            last_error: String::new(),
        }
    }

    /// Looks again and again, until the server is to end.
    pub(in crate::serve) async fn run_loop(mut self) {
        let mut stopping = self.state.shutdown_signal();
        loop {
            self.tick().await;
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                // Short steps, so that a clock that is set and a machine that slept are noticed.
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
        }
    }

    /// Looks once, and waits for the run that it starts.
    pub(super) async fn tick(&mut self) -> TickOutcome {
        let looked = self.try_tick().await;
        looked.unwrap_or_else(|problem| self.report_unschedulable(&problem))
    }

    async fn try_tick(&mut self) -> Result<TickOutcome, Problem> {
        match self.due()? {
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
        let served = &self.state.context;
        let closes = FinalityRule {
            calendar: &served.engine.calendar,
            grace: served.engine.grace,
        };
        let now = served.environment.clock.now();
        Ok(due(
            closes,
            self.completed_up_to,
            self.failed_attempts,
            now,
        )?)
    }

    /// Says when the next run is due.
    fn publish_next_run(&mut self) -> TickOutcome {
        let now = self.state.context.environment.clock.now();
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

    /// Says once why it can't be told when a run is due.
    fn report_unschedulable(&mut self, problem: &Problem) -> TickOutcome {
        self.state.next_run.send_replace(None);
        if self.last_error != problem.detail {
            tracing::error!("no run can be scheduled: {}", problem.detail);
            self.last_error.clone_from(&problem.detail);
        }
        TickOutcome::Unschedulable
    }

    /// Whether a run of another process was made up to `session` for everybody.
    async fn has_external_run(&self, session: Day) -> Result<bool, Problem> {
        let runs = self
            .state
            .run_blocking(|desk| desk.context.store.read(|reading| reading.runs(LAST_RUNS)));
        Ok(runs.await?.iter().any(|run| {
            let ended = matches!(run.state, RunState::Complete | RunState::Incomplete);
            ended && run.scope == ALL_ACTIVE && run.target >= session
        }))
    }

    /// Whether something changed since the last run, so that there is work for one.
    async fn has_new_work(&mut self) -> Result<bool, Problem> {
        let revision = match self.import_inbox().await {
            Ok(revision) => revision,
            // Another run is at work: what changed is looked into when it is through.
            Err(problem) if problem.is_busy() => return Ok(false),
            Err(problem) => return Err(problem),
        };
        if !self.source_changes.observe(revision) {
            return Ok(false);
        }
        self.state.run_blocking(has_work).await
    }

    /// Takes in what lies in the inbox, and gives the revision of the sources with it.
    async fn import_inbox(&self) -> Result<Revision, Problem> {
        self.state
            .run_blocking(|desk| {
                let served = &desk.context;
                let environment = &served.environment;
                served
                    .store
                    .read(|reading| reading.ensure_no_live_lease(environment))?;
                if let Some(folder) = &served.inbox
                    && inbox::has_ready_files(folder, &served.terms())
                {
                    runner::import_inbox(desk, folder);
                }
                served.store.read(|reading| reading.revision())
            })
            .await
    }

    async fn run_session(&mut self, session: Day) -> TickOutcome {
        match self.start().await {
            Ok(started) => {
                tracing::info!("run {} was started by the schedule", started.run);
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
                // It may do what this one would have; it is looked at again in a minute.
                self.failed_attempts = None;
                self.record_failed_attempt();
                self.publish_next_run();
                TickOutcome::Refused
            }
            Err(problem) => {
                tracing::error!("a run was due and could not be made: {}", problem.detail);
                self.record_failed_attempt();
                self.publish_next_run();
                TickOutcome::Refused
            }
        }
    }

    async fn start(&mut self) -> Result<StartedRun, Problem> {
        let revision = self.import_inbox().await?;
        self.source_changes.mark_processed(revision);
        let asked = self
            .state
            .run_blocking(|desk| Selection::default().resolve(&desk.context));
        Runner::start(&self.state, asked.await?).await
    }

    fn record_failed_attempt(&mut self) {
        let before = self.failed_attempts.map_or(0, |refused| refused.count);
        self.failed_attempts = Some(FailedAttempts {
            count: before.saturating_add(1),
            last: self.state.context.environment.clock.now(),
        });
    }
}

/// Whether a run would have something to do.
fn has_work(desk: &AppState) -> Result<bool, Problem> {
    let served = &desk.context;
    let asked = Selection::default().resolve(served)?;
    let now = served.environment.clock.now();
    let planned = served
        .store
        .read(|reading| survey_and_plan(reading, &asked.request, &served.engine, now));
    Ok(planned?.1.step_count() > 0)
}
