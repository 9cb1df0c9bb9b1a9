//! One run: takes the lease, plans, carries out, accounts for every cell, gives the lease back.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::certificate::certify;
use super::execute::{Done, Ending, Terms, Watch, execute};
use super::outcome::{Outcome, Times, Warning};
use super::record::record;
use super::survey::{Surveyed, ledger_survey, survey, survey_and_plan};
use super::{EngineError, Settings, forced, inputs, sources};
use crate::domain::{Coverage, Day, DayRange, Phase, PhaseSet, RunId, Scope, Subjects};
use crate::environment::Environment;
use crate::plan::{
    DayPlan, Level, Notice, Plan, Request, ScopeWatermark, StepReason, Steps, notices, plan,
    watermarks,
};
use crate::store::{Lease, Progress, Reading, RunStart, RunState, Store, StoreError, Writer};

/// How often a run plans anew because the sources changed under it.
const MOST_PLANS: u32 = 8;

/// What a run is to do.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// Who, by which rules, from when to when.
    pub request: Request,
    /// The scope in words, for the run's row.
    pub scope_name: String,
    /// What is to be done again, whether or not it is done.
    pub force: Option<DayRange>,
    /// The id of the plan that is meant, or how it starts.
    pub expected_plan: Option<String>,
    /// Refuse a larger plan before the first write.
    pub max_cells: Option<u64>,
    /// How many threads compute; all processors where not given.
    pub jobs: Option<NonZeroUsize>,
}

/// Runs. Cells that fail are part of the outcome; an error means that the run could not be made
/// or could not go on, and nothing that was committed before is lost by it.
pub fn run(
    store: &Store,
    asked: &RunRequest,
    settings: &Settings,
    environment: &Environment,
    watch: &Watch<'_>,
) -> Result<Outcome, EngineError> {
    let mut writer = store.writer()?;
    check_before_writing(&mut writer, asked, settings, environment)?;
    let mut night = Night::begin(store, &mut writer, asked, settings, environment)?;
    let ended = night.work(&mut writer, watch);
    night.end(&mut writer, ended)
}

/// Fills exactly the cell phases of `coverage`, as a run of their own: how the past of a world
/// comes to be. What of it can't be computed is part of the outcome.
pub fn reproduce(
    store: &Store,
    coverage: &Coverage,
    settings: &Settings,
    environment: &Environment,
    watch: &Watch<'_>,
) -> Result<Outcome, EngineError> {
    let asked = RunRequest {
        request: Request::of(Scope::AllActive),
        scope_name: "the past of a world".to_owned(),
        force: None,
        expected_plan: None,
        max_cells: None,
        jobs: None,
    };
    let mut writer = store.writer()?;
    let mut night = Night::begin(store, &mut writer, &asked, settings, environment)?;
    night.given = Some(coverage);
    let ended = night.work(&mut writer, watch);
    night.end(&mut writer, ended)
}

/// What refuses a run before anything is written: a live lease, another plan than was meant, a
/// plan that is too large.
fn check_before_writing(
    writer: &mut Writer,
    asked: &RunRequest,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), EngineError> {
    writer.read(|reading| {
        if let Some(holder) = reading
            .lease_holder()?
            .filter(|one| one.is_live(environment))
        {
            return Err(EngineError::Store(StoreError::LeaseHeld {
                run: holder.run,
                expires: holder.expires,
                owner: holder.to_string(),
            }));
        }
        if asked.expected_plan.is_none() && asked.max_cells.is_none() {
            return Ok(());
        }
        let now = environment.clock.now();
        let surveyed = survey(reading, &asked.request, settings, now)?;
        let plan = foreseen(&surveyed, asked)?;
        if let Some(expected) = &asked.expected_plan {
            let found = plan.id();
            if !found.to_string().starts_with(expected.as_str()) {
                return Err(EngineError::PlanChanged {
                    asked: expected.clone(),
                    found,
                });
            }
        }
        match asked.max_cells {
            Some(allowed) if plan.step_count() > allowed => Err(EngineError::TooManyCells {
                planned: plan.step_count(),
                allowed,
            }),
            _ => Ok(()),
        }
    })
}

/// The plan that a run would have, its force included.
pub fn foreseen(surveyed: &Surveyed, asked: &RunRequest) -> Result<Plan, EngineError> {
    let request = &asked.request;
    let today = surveyed.today;
    Ok(match asked.force {
        None => plan(request, &surveyed.survey, today)?,
        Some(range) => {
            let forced = surveyed
                .survey
                .forced(range, &request.scope, request.phases);
            plan(request, &forced, today)?
        }
    })
}

/// A run that holds the lease.
struct Night<'n> {
    asked: &'n RunRequest,
    /// What is to be filled, where it is not for the planner to say.
    given: Option<&'n Coverage>,
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
    /// Takes the lease and writes the run's row, in one transaction.
    fn begin(
        store: &Store,
        writer: &mut Writer,
        asked: &'n RunRequest,
        settings: &'n Settings,
        environment: &'n Environment,
    ) -> Result<Self, EngineError> {
        let key = RunId::new(environment.ids.next());
        let started = environment.clock.now();
        let today = super::survey::today(settings, started)?;
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
            let lease = writing.take_lease(number, environment, settings.lease)?;
            warnings.extend(sources::sync(writing, settings, started)?);
            if let Some(range) = asked.force {
                forced::force(writing, &asked.request, range, settings, started)?;
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
            clock_at_start: environment.wall.running(),
            warnings,
            times: Times::default(),
            done: Done::default(),
            watermark_before: None,
            plan: None,
            plans: 0,
        })
    }

    /// Plans and carries out, and plans anew as long as the sources change.
    fn work(&mut self, writer: &mut Writer, watch: &Watch<'_>) -> Result<Ending, EngineError> {
        loop {
            self.plans += 1;
            match self.plan_and_execute(writer, watch)? {
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
        let before = environment.wall.running();
        let (surveyed, mut plan) = writer.read(|reading| {
            survey_and_plan(reading, &self.asked.request, settings, self.started)
        })?;
        if let Some(coverage) = self.given {
            plan.days = steps_of(coverage);
            plan.blocked.clear();
        }
        self.times.planning += environment.wall.running().saturating_sub(before);
        self.count_planned(writer, &plan)?;
        let scope = &self.asked.request.scope;
        let watermark = watermarks(&surveyed.survey, scope, plan.target.day).scope();
        announce(&plan, &watermark);
        self.watermark_before.get_or_insert(watermark);
        self.plan = Some(plan.clone());
        if plan.is_empty() {
            return Ok(Ending::Finished);
        }

        let before = environment.wall.running();
        let who = everybody(&plan);
        let days: Vec<_> = plan.days_with_work().map(|day| day.day).collect();
        let (first, last) = (days[0], days[days.len() - 1]);
        let (mut inputs, failed_before, statistics) = writer.read(|reading| {
            reading.check_revision(surveyed.revision)?;
            let failures = reading.failures()?;
            let failed: BTreeSet<_> = failures.iter().map(|one| (one.cell, one.phase)).collect();
            let range = DayRange::new(first, last).expect("days of a plan ascend");
            Ok::<_, EngineError>((
                inputs::load(reading, settings, &who, last)?,
                failed,
                reading.coverage(range, PhaseSet::of(Phase::Securities))?,
            ))
        })?;
        self.times.loading += environment.wall.running().saturating_sub(before);
        let terms = Terms {
            settings,
            environment,
            lease: &self.lease,
            revision: surveyed.revision,
            failed_before: &failed_before,
            statistics: &statistics,
        };
        let mut carry_out = || execute(&plan, &mut inputs, writer, &terms, watch, &mut self.done);
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
    fn end(
        mut self,
        writer: &mut Writer,
        ended: Result<Ending, EngineError>,
    ) -> Result<Outcome, EngineError> {
        let ending = match ended {
            Ok(Ending::Failed(error)) => Err(EngineError::Store(error)),
            other => other,
        };
        match ending {
            Ok(ending) => self.close(writer, &ending),
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
        let closed = writer.empty_log().and_then(|()| {
            writer.write(|writing| {
                writing.return_lease(&self.lease)?;
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
            writing.return_lease(&self.lease)?;
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

    fn outcome(&mut self, reading: &Reading<'_>, ending: &Ending) -> Result<Outcome, EngineError> {
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
        self.times.whole = (self.environment.wall.running()).saturating_sub(self.clock_at_start);
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
            watermark_after: watermarks(&after.survey, scope, target).scope(),
            times: self.times,
            plan,
        })
    }
}

fn everybody(plan: &Plan) -> Subjects {
    let steps = plan.days.iter().flat_map(|day| &day.steps);
    steps.fold(Subjects::new(), |all, steps| all | &steps.cells)
}

/// Steps for exactly the cell phases of a coverage.
fn steps_of(coverage: &Coverage) -> Vec<DayPlan> {
    let mut days: BTreeMap<Day, BTreeMap<u32, PhaseSet>> = BTreeMap::new();
    for (day, phase, subjects) in coverage.iter() {
        let cells = days.entry(day).or_default();
        for subject in subjects {
            let phases = cells.entry(subject).or_default();
            *phases = phases.with(phase);
        }
    }
    let plan_of = |(day, cells): (Day, BTreeMap<u32, PhaseSet>)| {
        let mut groups: BTreeMap<PhaseSet, Subjects> = BTreeMap::new();
        for (subject, phases) in cells {
            groups.entry(phases).or_default().insert(subject);
        }
        let steps = groups.into_iter().map(|(phases, cells)| Steps {
            phases,
            reason: StepReason::Missing,
            cells,
        });
        DayPlan {
            day,
            steps: steps.collect(),
            skips: Vec::new(),
        }
    };
    days.into_iter().map(plan_of).collect()
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
