//! A night: a run that holds the lease. Plans, carries out, accounts for every cell, and gives
//! the lease back, however it ends.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::asked::{RunRequest, admit};
use super::certificate::certify;
use super::execute::{Done, Ending, Terms, Watch, execute};
use super::fault_hooks::RequiredAction;
use super::inputs::{self, Closes, Inputs};
use super::moment::Moment;
use super::outcome::{Outcome, Times, Warning};
use super::record::record;
use super::survey::{self, SurveyResult, ledger_survey, survey_and_plan};
use super::{EngineError, Settings, forced, sources};
use crate::domain::{Cell, Coverage, Day, DayRange, IdSet, Phase, PhaseSet, RunId};
use crate::environment::Environment;
use crate::plan::{DayPlan, Level, Notice, Plan, ScopeWatermark, notices, watermarks};
use crate::store::{
    Lease, Progress, ReadTransaction, RunStart, RunState, Store, StoreError, Writer,
};

/// How often a run plans anew because the sources changed under it.
const MOST_PLANS: u32 = 8;

/// A run that holds the lease.
pub(super) struct Night<'n> {
    asked: &'n RunRequest,
    /// What is to be filled, where it is not for the planner to say.
    pub(super) given: Option<Vec<DayPlan>>,
    settings: &'n Settings,
    environment: &'n Environment,
    key: RunId,
    lease: Lease,
    started: DateTime<Utc>,
    clock_at_start: Duration,
    warnings: Vec<Warning>,
    times: Times,
    done: Done,
    /// The scope's watermark before anything was done.
    watermark_before: Option<ScopeWatermark>,
    /// The last plan.
    plan: Option<Plan>,
    /// How often it planned.
    plans: u32,
}

impl<'n> Night<'n> {
    /// Takes the lease, writes the run's row and invalidates what configuration or force ask
    /// for, in one transaction; and in the same one looks whether the plan that follows is the
    /// one that was meant, so that a refusal leaves nothing behind.
    pub(super) fn begin(
        store: &Store,
        writer: &mut Writer,
        asked: &'n RunRequest,
        settings: &'n Settings,
        environment: &'n Environment,
    ) -> Result<Self, EngineError> {
        let key = RunId::new(environment.ids.next());
        let started = environment.clock.now();
        let today = survey::today(settings, started)?;
        let start = RunStart {
            key,
            started,
            policy: asked
                .request
                .policy
                .name()
                .map_or("custom", |name| name.name())
                .to_owned(),
            scope: asked.scope_name.clone(),
            target: today.last_final,
            plan: String::new(),
            progress: Progress::default(),
        };
        let mut warnings = Vec::new();
        if let Some(kind) = store.network_file_system() {
            warnings.push(Warning::NetworkFileSystem { kind });
        }
        let lease = writer.write(|writing| {
            let dead = writing.clear_dead_lease(environment)?;
            warnings.extend(dead.map(|holder| Warning::TookOver { run: holder.run }));
            let number = writing.start_run(&start)?;
            let lease = writing.acquire_lease(number, environment, settings.lease)?;
            warnings.extend(sources::sync(writing, settings, started)?);
            if let Some(range) = asked.force
                && !settings.fault_hooks.skips(RequiredAction::Force)
            {
                forced::force(writing, &asked.request, range, settings, started)?;
            }
            let bound = asked.expected_plan.is_some() || asked.max_cells.is_some();
            if bound && !settings.fault_hooks.skips(RequiredAction::CheckLimits) {
                let (_, plan) = survey_and_plan(writing, &asked.request, settings, started)?;
                admit(asked, &plan, 0)?;
            }
            Ok::<_, EngineError>(lease)
        })?;
        Ok(Self {
            asked,
            given: None,
            settings,
            environment,
            key,
            lease,
            started,
            clock_at_start: environment.wall_clock.elapsed(),
            warnings,
            times: Times::default(),
            done: Done::default(),
            watermark_before: None,
            plan: None,
            plans: 0,
        })
    }

    /// Which run it is.
    pub(super) const fn key(&self) -> RunId {
        self.key
    }

    /// Plans and carries out, and plans anew as long as the sources change.
    pub(super) fn work(
        &mut self,
        writer: &mut Writer,
        watch: &Watch<'_>,
    ) -> Result<Ending, EngineError> {
        loop {
            self.plans += 1;
            match self.plan_and_execute(writer, watch)? {
                Ending::SourcesChanged
                    if self.settings.fault_hooks.skips(RequiredAction::Replan) =>
                {
                    return Ok(Ending::Finished);
                }
                Ending::SourcesChanged if self.plans < MOST_PLANS => {}
                Ending::SourcesChanged => {
                    return Err(EngineError::SourcesKeepChanging(self.plans));
                }
                ending => return Ok(ending),
            }
        }
    }

    fn plan_and_execute(
        &mut self,
        writer: &mut Writer,
        watch: &Watch<'_>,
    ) -> Result<Ending, EngineError> {
        let Self {
            settings,
            environment,
            ..
        } = *self;
        let before = environment.wall_clock.elapsed();
        let (surveyed, mut plan) = writer.read(|reading| {
            survey_and_plan(reading, &self.asked.request, settings, self.started)
        })?;
        if let Some(days) = &self.given {
            plan.days.clone_from(days);
            plan.blocked.clear();
        }
        self.times.planning += environment.wall_clock.elapsed().saturating_sub(before);
        self.count_planned(writer, &plan)?;
        if self.plans > 1 {
            admit(self.asked, &plan, self.done.progress.done)?;
        }
        let scope = &self.asked.request.scope;
        let watermark = watermarks(&surveyed.survey, scope, plan.target.day).scope_watermark();
        announce(&plan, &watermark);
        self.watermark_before.get_or_insert(watermark);
        self.plan = Some(plan.clone());
        (watch.reached)(&Moment::Planned);
        if plan.is_empty() {
            return Ok(Ending::Finished);
        }

        let before = environment.wall_clock.elapsed();
        let mut loaded = match writer.read(|reading| load(reading, &plan, &surveyed, settings)) {
            Err(EngineError::Store(StoreError::SourcesChanged)) => {
                return Ok(Ending::SourcesChanged);
            }
            other => other?,
        };
        self.times.loading += environment.wall_clock.elapsed().saturating_sub(before);
        let terms = Terms {
            settings,
            environment,
            lease: &self.lease,
            revision: surveyed.revision,
            failed_before: &loaded.failed_before,
            statistics: &loaded.statistics,
        };
        let mut carry_out = || {
            execute(
                &plan,
                &mut loaded.inputs,
                writer,
                &terms,
                watch,
                &mut self.done,
            )
        };
        Ok(match self.asked.jobs {
            None => carry_out(),
            Some(jobs) => rayon::ThreadPoolBuilder::new()
                .num_threads(jobs.get())
                .build()?
                .install(carry_out),
        })
    }

    /// Writes down what is planned, under the lease.
    fn count_planned(&mut self, writer: &mut Writer, plan: &Plan) -> Result<(), EngineError> {
        let progress = &mut self.done.progress;
        progress.planned = progress.done + progress.failed + plan.step_count();
        progress.blocked = plan.blocked.values().map(|cells| cells.len() as u64).sum();
        progress.skipped = plan.skipped_days().count() as u64;
        let (lease, progress) = (&self.lease, *progress);
        writer.write(|writing| {
            writing.renew_lease(lease, self.environment, self.settings.lease)?;
            writing.plan_run(
                lease.run,
                plan.target.day,
                &plan.id().to_string(),
                &progress,
            )
        })?;
        Ok(())
    }

    /// Closes the run's row and gives the lease back, however it ended.
    pub(super) fn end(
        mut self,
        writer: &mut Writer,
        ended: Result<Ending, EngineError>,
        watch: &Watch<'_>,
    ) -> Result<Outcome, EngineError> {
        let ending = match ended {
            Ok(Ending::Failed(error)) => Err(EngineError::Store(error)),
            other => other,
        };
        match ending {
            Ok(ending) => {
                (watch.reached)(&Moment::Closing);
                self.close(writer, &ending)
            }
            Err(error) => {
                self.close_failed(writer, &error);
                Err(error)
            }
        }
    }

    /// Tries to close a run that an error ended; where that fails too, the lease runs out, and
    /// the next run closes it.
    fn close_failed(&mut self, writer: &mut Writer, error: &EngineError) {
        if matches!(error, EngineError::Store(StoreError::LeaseLost)) {
            return;
        }
        let report = serde_json::json!({ "error": error.to_string() }).to_string();
        let ended = self.environment.clock.now();
        let closed = writer.checkpoint().and_then(|()| {
            writer.write(|writing| {
                writing.release_lease(&self.lease)?;
                writing.close_run(self.lease.run, RunState::Failed, ended, &report)
            })
        });
        if let Err(second) = closed {
            tracing::warn!("the run could not be closed: {second}");
        }
    }

    fn close(&mut self, writer: &mut Writer, ending: &Ending) -> Result<Outcome, EngineError> {
        let outcome = writer.write(|writing| {
            writing.settle_invalidations()?;
            let outcome = self.outcome(writing, ending)?;
            if self.settings.fault_hooks.skips(RequiredAction::Close) {
                return Ok(outcome);
            }
            writing.release_lease(&self.lease)?;
            let report = record(&outcome);
            writing.close_run(self.lease.run, outcome.state, outcome.ended, &report)?;
            Ok::<_, EngineError>(outcome)
        })?;
        Ok(outcome)
    }

    /// When it ended: later than it started by as long as it took, also where the books' clock
    /// was told to stand.
    fn ended(&self) -> DateTime<Utc> {
        let took = TimeDelta::from_std(self.times.whole).unwrap_or(TimeDelta::MAX);
        self.environment.clock.now().max(self.started + took)
    }

    fn outcome(
        &mut self,
        reading: &ReadTransaction<'_>,
        ending: &Ending,
    ) -> Result<Outcome, EngineError> {
        let plan = self.plan.take().expect("a run that is closed has planned");
        let watermark_before = self.watermark_before.take();
        let after = ledger_survey(reading, &self.asked.request, self.settings, self.started)?;
        if self.plans > 1 {
            self.warnings.push(Warning::PlannedAnew {
                times: self.plans - 1,
            });
        }
        let target = plan.target.day;
        let scope = &self.asked.request.scope;
        let certificate = certify(&plan, &self.done.account, &after.survey.coverage);
        self.times.whole =
            (self.environment.wall_clock.elapsed()).saturating_sub(self.clock_at_start);
        self.times.phases = self.done.computing;
        self.times.committing = self.done.committing;
        let mut blocked = plan.blocked.clone();
        for (day, cells) in std::mem::take(&mut self.done.blocked) {
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
            ended: self.ended(),
            plan_id: plan.id(),
            progress: self.done.progress,
            done: std::mem::take(&mut self.done.account.done),
            failures: std::mem::take(&mut self.done.failures),
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

/// What a plan is carried out with.
struct Loaded {
    inputs: Inputs,
    failed_before: BTreeSet<(Cell, Phase)>,
    statistics: Coverage,
}

/// Reads what a plan is carried out with, of the same state of the sources that it was made from.
fn load(
    reading: &ReadTransaction<'_>,
    plan: &Plan,
    surveyed: &SurveyResult,
    settings: &Settings,
) -> Result<Loaded, EngineError> {
    reading.check_revision(surveyed.revision)?;
    let days: Vec<Day> = plan.days_with_work().map(|day| day.day).collect();
    let range = DayRange::new(days[0], days[days.len() - 1]).expect("days of a plan ascend");
    let failures = reading.failures()?;
    Ok(Loaded {
        inputs: inputs::load(
            reading,
            settings,
            &everybody(plan),
            range.last(),
            Closes::OfHoldings,
        )?,
        failed_before: failures.iter().map(|one| (one.cell, one.phase)).collect(),
        statistics: reading.coverage(range, PhaseSet::from_phase(Phase::Securities))?,
    })
}

fn everybody(plan: &Plan) -> IdSet {
    let steps = plan.days.iter().flat_map(|day| &day.steps);
    steps.fold(IdSet::new(), |all, steps| all | &steps.cells)
}

/// Says what the plan is, in the words of the incident.
fn announce(plan: &Plan, watermark: &ScopeWatermark) {
    for Notice { level, text } in notices(plan, watermark) {
        match level {
            Level::Warn => tracing::warn!("{text}"),
            Level::Info => tracing::info!("{text}"),
            Level::Debug => tracing::debug!("{text}"),
        }
    }
}
