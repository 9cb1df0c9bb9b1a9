//! A run that holds the lease: plans, executes, certifies every cell, and releases the lease
//! however it ends.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::certificate::certify;
use super::error::EngineError;
use super::execute::{Ending, ExecutionContext, RunObserver, RunTotals, execute};
use super::load::load;
use super::outcome::{Outcome, Times, Warning};
use super::record::run_record_json;
use super::run_event::RunEvent;
use super::run_request::{RunRequest, check_limits};
use super::settings::Settings;
use super::survey::{SurveyResult, check_model, ledger_survey, log_plan, survey_and_plan, today};
use super::unpriced_cells::{CalendarState, sync_unpriced};
use crate::domain::RunId;
use crate::environment::Environment;
use crate::invalidation::{close_completed, force, sync_calendar, sync_risk_model};
use crate::parallel::with_pool;
use crate::plan::{DayPlan, Plan, ScopeWatermark, range_remarks, watermarks};
use crate::store::{Lease, NewRun, Progress, ReadTransaction, RunState, Store, StoreError, Writer};

/// Maximum number of plans that a run makes. If the sources still change under the last one, the
/// run ends as failed, and its commits stay (`docs/decisions/plan-anew.md`).
const MAX_PLANS: u32 = 8;

/// A run that holds the lease, from its start to [`ActiveRun::finish`].
pub(super) struct ActiveRun<'n> {
    run_request: &'n RunRequest,
    /// Steps that replace those of the planner, if the caller fixes the cells.
    pub(super) fixed_days: Option<Vec<DayPlan>>,
    settings: &'n Settings,
    environment: &'n Environment,
    key: RunId,
    lease: Lease,
    started: DateTime<Utc>,
    clock_at_start: Duration,
    warnings: Vec<Warning>,
    times: Times,
    totals: RunTotals,
    /// The scope's watermark before the first step.
    watermark_before: Option<ScopeWatermark>,
    /// The most recent plan, which the certificate covers.
    plan: Option<Plan>,
    /// The plan that was checked against the limits, until it is executed.
    checked_plan: Option<(SurveyResult, Plan)>,
    /// Number of plans made so far.
    plan_count: u32,
}

impl<'n> ActiveRun<'n> {
    /// Takes the lease, writes the run's row, invalidates what configuration or force ask for, plans,
    /// and checks the plan against the request's limits. All in one transaction, so that a refusal
    /// leaves nothing behind.
    pub(super) fn start(
        store: &Store,
        writer: &mut Writer,
        run_request: &'n RunRequest,
        settings: &'n Settings,
        environment: &'n Environment,
    ) -> Result<Self, EngineError> {
        let key = RunId::new(environment.ids.next());
        let started = environment.clock.now();
        let today = today(settings, started)?;
        let start = NewRun {
            key,
            started,
            policy: run_request
                .request
                .policy
                .name()
                .map_or("custom", |name| name.name())
                .to_owned(),
            scope: run_request.scope_name.clone(),
            target: today.last_final,
            plan: String::new(),
            progress: Progress::default(),
        };
        let mut warnings = Vec::new();
        // Locks can't be trusted on a network file system, and the lease depends on them.
        if let Some(kind) = store.network_file_system() {
            warnings.push(Warning::NetworkFileSystem { kind });
        }
        // Durations come from the wall clock: the clock of a world may stand still.
        let clock_at_start = environment.wall_clock.elapsed();
        let mut times = Times::default();
        let (lease, checked_plan) = writer.write(|writing| {
            let dead = writing.lease().clear_dead(environment)?;
            warnings.extend(dead.map(|holder| Warning::LeaseTakenOver { run: holder.run }));
            let number = writing.runs().start(&start)?;
            let lease = writing
                .lease()
                .acquire(number, environment, settings.lease)?;
            if let Some(model) = &settings.model
                && sync_risk_model(writing, model, started)?
            {
                warnings.push(Warning::ModelChanged);
            }
            let synced = sync_calendar(writing, &settings.calendar, started)?;
            let is_other = !synced.days.is_empty() || !synced.others.is_empty();
            let calendars = CalendarState::changed_if(is_other);
            sync_unpriced(writing, settings, calendars, started)?;
            if !synced.days.is_empty() {
                warnings.push(Warning::CalendarChanged { days: synced.days });
            }
            let others = synced.others.into_iter();
            warnings.extend(others.map(|change| Warning::CalendarTermsChanged { change }));
            if let Some(forced) = run_request.forced_cells() {
                force(writing, &settings.calendar, &forced, started)?;
            }
            // Planned last, because model, calendar and force change the plan. A request that cannot
            // be planned, or whose plan exceeds its limits, is refused here and leaves no run.
            let before = environment.wall_clock.elapsed();
            let planned = survey_and_plan(writing, &run_request.request, settings, started)?;
            times.planning += environment.wall_clock.elapsed().saturating_sub(before);
            check_limits(run_request, &planned.1, 0)?;
            check_model(writing, settings, &planned.1)?;
            Ok::<_, EngineError>((lease, planned))
        })?;
        Ok(Self {
            run_request,
            fixed_days: None,
            settings,
            environment,
            key,
            lease,
            started,
            clock_at_start,
            warnings,
            times,
            totals: RunTotals::default(),
            watermark_before: None,
            plan: None,
            checked_plan: Some(checked_plan),
            plan_count: 0,
        })
    }

    /// Returns the id of the run.
    pub(super) const fn key(&self) -> RunId {
        self.key
    }

    /// Plans and executes, and starts over while the sources change, up to [`MAX_PLANS`] times.
    pub(super) fn plan_until_stable(
        &mut self,
        writer: &mut Writer,
        observer: &RunObserver<'_>,
    ) -> Result<Ending, EngineError> {
        loop {
            self.plan_count += 1;
            match self.plan_and_execute(writer, observer)? {
                Ending::SourcesChanged if self.plan_count < MAX_PLANS => {}
                Ending::SourcesChanged => {
                    return Err(EngineError::SourcesKeepChanging(self.plan_count));
                }
                ending => return Ok(ending),
            }
        }
    }

    fn plan_and_execute(
        &mut self,
        writer: &mut Writer,
        observer: &RunObserver<'_>,
    ) -> Result<Ending, EngineError> {
        let Self {
            settings,
            environment,
            ..
        } = *self;
        let before = environment.wall_clock.elapsed();
        let checked = self.checked_plan.take();
        let (surveyed, mut plan) = writer.read(|reading| {
            // Only a change of the sources since then can change the plan.
            match checked {
                Some(checked) if reading.revision()? == checked.0.revision => Ok(checked),
                _ => survey_and_plan(reading, &self.run_request.request, settings, self.started),
            }
        })?;
        // The given steps replace the planned ones, and nothing waits for prices.
        if let Some(days) = &self.fixed_days {
            plan.days.clone_from(days);
            plan.blocked.clear();
            plan.unpriced.clear();
        }
        self.times.planning += environment.wall_clock.elapsed().saturating_sub(before);
        self.record_plan(writer, &plan)?;
        // `start` checked the same request, but the sources may have changed since. The cells that
        // are already committed count.
        check_limits(self.run_request, &plan, self.totals.progress.done)?;
        let scope = &self.run_request.request.scope;
        let watermark = watermarks(&surveyed.survey, scope, plan.target.day).scope_watermark();
        log_plan(&plan, &watermark);
        // Kept from the first plan: later ones already contain this run's own work.
        self.watermark_before.get_or_insert(watermark);
        self.plan = Some(plan.clone());
        (observer.on_event)(&RunEvent::Planned);
        if plan.is_empty() {
            return Ok(Ending::Finished);
        }

        let before = environment.wall_clock.elapsed();
        let mut loaded = match writer.read(|reading| load(reading, &plan, &surveyed, settings)) {
            // Something changed between survey and load: the plan may be wrong, so plan again.
            Err(EngineError::Store(StoreError::SourcesChanged)) => {
                return Ok(Ending::SourcesChanged);
            }
            other => other?,
        };
        self.times.loading += environment.wall_clock.elapsed().saturating_sub(before);
        let context = ExecutionContext {
            settings,
            environment,
            lease: &self.lease,
            revision: surveyed.revision,
            previously_failed: &loaded.previously_failed,
            statistics: &loaded.statistics,
        };
        let execute_plan = || {
            execute(
                &plan,
                &mut loaded.inputs,
                writer,
                &context,
                observer,
                &mut self.totals,
            )
        };
        Ok(with_pool(self.run_request.jobs, execute_plan)?)
    }

    /// Stores the counts of a plan in the run's row and renews the lease.
    fn record_plan(&mut self, writer: &mut Writer, plan: &Plan) -> Result<(), EngineError> {
        self.totals.start_plan(plan);
        let (lease, progress) = (&self.lease, self.totals.progress);
        writer.write(|writing| {
            writing
                .lease()
                .renew(lease, self.environment, self.settings.lease)?;
            writing.runs().record_plan(
                lease.run,
                plan.target.day,
                &plan.id().to_string(),
                &progress,
            )
        })?;
        Ok(())
    }

    /// Closes the run's row and releases the lease, however the run ended, unless another run has
    /// taken over the lease.
    pub(super) fn finish(
        mut self,
        writer: &mut Writer,
        ended: Result<Ending, EngineError>,
        observer: &RunObserver<'_>,
    ) -> Result<Outcome, EngineError> {
        let ending = match ended {
            Ok(Ending::Failed(error)) => Err(EngineError::Store(error)),
            other => other,
        };
        match ending {
            Ok(ending) => {
                (observer.on_event)(&RunEvent::Closing);
                self.close(writer, &ending)
            }
            Err(error) => {
                (observer.on_event)(&RunEvent::Failing);
                self.close_failed(writer, &error);
                Err(error)
            }
        }
    }

    /// Tries to close a run that ended with an error. If that fails too, the lease expires and the
    /// next run closes it.
    fn close_failed(&mut self, writer: &mut Writer, error: &EngineError) {
        // Another run or file has taken over: this run writes nothing further, not even its own end.
        if matches!(
            error,
            EngineError::Store(StoreError::LeaseLost | StoreError::Moved(_))
        ) {
            return;
        }
        let report = serde_json::json!({ "error": error.to_string() }).to_string();
        let ended = self.environment.clock.now();
        // A log whose sync failed once must not be appended to, so it is emptied first.
        let closed = writer.checkpoint().and_then(|()| {
            writer.write(|writing| {
                writing.lease().release(&self.lease)?;
                writing
                    .runs()
                    .close(self.lease.run, RunState::Failed, ended, &report)
            })
        });
        if let Err(error) = closed {
            tracing::warn!("failed to close the run: {error}");
        }
    }

    /// Certifies the run, releases the lease and closes the row, in one transaction: the
    /// certificate is true of exactly the ledger that it is stored with.
    fn close(&mut self, writer: &mut Writer, ending: &Ending) -> Result<Outcome, EngineError> {
        let outcome = writer.write(|writing| {
            close_completed(writing)?;
            let outcome = self.outcome(writing, ending)?;
            writing.lease().release(&self.lease)?;
            let report = run_record_json(&outcome);
            writing
                .runs()
                .close(self.lease.run, outcome.state, outcome.ended, &report)?;
            Ok::<_, EngineError>(outcome)
        })?;
        Ok(outcome)
    }

    /// Returns the end of the run: the current time, but at least the start plus the time that the
    /// run took, because the clock of a world may stand still.
    fn end_time(&self) -> DateTime<Utc> {
        let took = TimeDelta::from_std(self.times.total).unwrap_or(TimeDelta::MAX);
        self.environment.clock.now().max(self.started + took)
    }

    fn outcome(
        &mut self,
        reading: &ReadTransaction<'_>,
        ending: &Ending,
    ) -> Result<Outcome, EngineError> {
        let plan = self
            .plan
            .take()
            .expect("a run without an error has planned");
        let watermark_before = self.watermark_before.take();
        // The ledger is all that the certificate needs; missing prices are not looked up again.
        let after = ledger_survey(
            reading,
            &self.run_request.request,
            self.settings,
            self.started,
        )?;
        if self.plan_count > 1 {
            self.warnings.push(Warning::Replanned {
                times: self.plan_count - 1,
            });
        }
        if self.fixed_days.is_none() {
            let remarks = range_remarks(&self.run_request.request, &plan);
            self.warnings
                .extend(remarks.into_iter().map(Warning::Range));
        }
        let target = plan.target.day;
        let scope = &self.run_request.request.scope;
        let certificate = certify(&plan, &self.totals.tally, &after.survey.coverage);
        self.times.total =
            (self.environment.wall_clock.elapsed()).saturating_sub(self.clock_at_start);
        self.times.phases = self.totals.compute_times;
        self.times.committing = self.totals.commit_time;
        // Cells that the plan skipped, and cells whose rate was found to be missing while
        // computing.
        let mut blocked = plan.blocked.clone();
        for (day, cells) in std::mem::take(&mut self.totals.blocked) {
            blocked.entry(day).or_default().extend(cells);
        }
        let state = match ending {
            Ending::Cancelled => RunState::Cancelled,
            _ if certificate.is_complete() => RunState::Complete,
            _ => RunState::Incomplete,
        };
        Ok(Outcome {
            run: self.key,
            state,
            started: self.started,
            ended: self.end_time(),
            plan_id: plan.id(),
            progress: self.totals.progress,
            done: self.totals.take_done(),
            failures: std::mem::take(&mut self.totals.failures),
            blocked,
            warnings: std::mem::take(&mut self.warnings),
            certificate,
            watermark_before: watermark_before.expect("planning reads the watermark"),
            watermark_after: watermarks(&after.survey, scope, target).scope_watermark(),
            times: self.times,
            plan,
        })
    }
}
