//! A run on the stage, and what happens while it is at work.
//!
//! A crash is no error of the engine's: at its point the disk is copied as a killed process, or a
//! power cut, would leave it. The run then goes on to its end on a disk that nobody looks at any
//! more, and the play goes on with the copy.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::harness::Harness;
use super::inspect::{read_coverage, read_names};
use super::play::{PlayError, play_step};
use super::run_result::{RunResult, end_from_state};
use crate::domain::{Coverage, Day, IdSet, Phase, PhaseSet, PortfolioId, PortfolioKey, Scope};
use crate::engine::{self, CommitGrain, EngineError, Outcome, RunEvent, RunObserver, RunRequest};
use crate::plan::{
    Limit, Newcomers, Policy, PolicyName, Request, ScopeError, Target, resolve_scope,
};
use crate::scenario::script::{Point, Power, Run, RunEnd, Step};
use crate::store::{SimulatedDisk, Store, StoreError};

/// What came of a run, and what the invariants need to know of it.
pub(super) struct FinishedRun {
    pub(super) result: RunResult,
    pub(super) outcome: Option<Box<Outcome>>,
    pub(super) before: Coverage,
    /// What it planned on: the ledger once configuration and force have taken out of it what is
    /// to be done again.
    pub(super) planned_on: Coverage,
    pub(super) after: Coverage,
}

/// Makes a run happen.
pub(super) fn run(stage: &Harness<'_>, number: &str, run: &Run) -> Result<FinishedRun, PlayError> {
    let before = stage.coverage()?;
    let policy = run.policy.as_ref().unwrap_or(stage.policy).policy;
    let (asked, unknown) = match resolve_request(&stage.store(), run, policy)? {
        Ok(asked) => asked,
        Err(refusal) => {
            return Ok(FinishedRun::without_work(
                RunResult::without_work(&refusal, RunEnd::Refused),
                before,
            ));
        }
    };
    let mut finished = execute(stage, number, run, &asked, before)?;
    finished
        .result
        .warnings
        .splice(0..0, unknown_name_warnings(&unknown));
    Ok(finished)
}

/// What the command line says of names that were left out of a scope.
fn unknown_name_warnings(unknown: &[String]) -> impl Iterator<Item = String> {
    let names = unknown.iter();
    names.map(|name| format!("no portfolio is known as `{name}`: it is left out"))
}

/// What is asked for where one portfolio is onboarded.
pub(super) fn onboarding_run(name: &str) -> Run {
    Run {
        portfolios: Some(vec![name.to_owned()]),
        ..Run::default()
    }
}

/// Fills one portfolio from its inception.
pub(super) fn onboard(
    stage: &Harness<'_>,
    number: &str,
    run: &Run,
) -> Result<FinishedRun, PlayError> {
    let policy = Policy {
        newcomers: Newcomers::FromInception,
        ..PolicyName::PerCell.policy()
    };
    let before = stage.coverage()?;
    match resolve_request(&stage.store(), run, policy)? {
        Ok((asked, _)) => execute(stage, number, run, &asked, before),
        Err(refusal) => Ok(FinishedRun::without_work(
            RunResult::without_work(&refusal, RunEnd::Refused),
            before,
        )),
    }
}

impl FinishedRun {
    fn without_work(result: RunResult, before: Coverage) -> Self {
        Self {
            result,
            outcome: None,
            planned_on: before.clone(),
            after: before.clone(),
            before,
        }
    }
}

/// What a run is asked for, its names looked up in the books as the command line does, and those
/// that were left out; or why the scope is refused.
type ResolvedRequest = Result<(RunRequest, Vec<String>), ScopeError<String>>;

fn resolve_request(
    store: &Store,
    run: &Run,
    policy: Policy,
) -> Result<ResolvedRequest, StoreError> {
    let (scope, scope_name, unknown) = match &run.portfolios {
        None => (Scope::AllActive, "all active".to_owned(), Vec::new()),
        Some(names) => {
            let mut named: Vec<(String, Option<PortfolioId>)> = Vec::new();
            for name in names {
                let key = PortfolioKey::from_name(name);
                let found = store.read(|reading| reading.portfolio_by_key(key))?;
                named.push((name.clone(), found.map(|one| one.id)));
            }
            match resolve_scope(named, policy.unknown_ids) {
                Ok(admitted) => (admitted.scope, names.join(", "), admitted.unknown),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
    };
    let asked = RunRequest {
        request: Request {
            scope,
            policy,
            from: run.from.or(run.force.map(|days| days.first())),
            to: run.to.or(run.force.map(|days| days.last())),
            target: run.target.map_or(Target::LastFinal, Target::On),
            limit: run.limit.map_or(Limit::None, Limit::Cells),
            phases: PhaseSet::CELL_PHASES,
        },
        scope_name,
        force: run.force,
        expected_plan: None,
        max_cells: run.max_cells,
        jobs: None,
    };
    Ok(Ok((asked, unknown)))
}

fn execute(
    stage: &Harness<'_>,
    number: &str,
    run: &Run,
    asked: &RunRequest,
    before: Coverage,
) -> Result<FinishedRun, PlayError> {
    if run.policy.is_none() && !number.contains('.') {
        stage.record_prepared_run(number, asked);
    }
    let (store, settings, environment) = (stage.store(), stage.run_settings(), stage.environment());
    let pending = PendingSteps::new(stage, number, run, settings.commit);
    let watch = RunObserver {
        cancel: &pending.cancel,
        on_progress: &|_| {},
        on_event: &|moment| pending.on_event(moment),
    };
    let ended = engine::run(&store, asked, &settings, &environment, &watch);
    let RunObservations {
        unreached_points: missed,
        crash_image: left,
        planned_on,
        error,
    } = pending.finish();
    if let Some(error) = error {
        return Err(error);
    }
    if planned_on.is_some() {
        stage.apply_calendar();
    }
    let planned_on = planned_on.unwrap_or_else(|| before.clone());
    let crashed = left.is_some();
    if let (Some(left), Some(crash)) = (left, &run.crash) {
        stage.restart_after_crash(left, crash.process)?;
    }
    stage.record_failures()?;
    let (names, after) = (read_names(&stage.store())?, read_coverage(&stage.store())?);
    let (mut ran, outcome) = match ended {
        Ok(mut outcome) => {
            let end = if crashed {
                keep_committed_cells(&mut outcome, &planned_on, &after);
                let (scope, target) = (&asked.request.scope, outcome.plan.target.day);
                outcome.watermark_after = stage.inspect()?.watermark_of(scope, target);
                RunEnd::Crashed
            } else {
                end_from_state(outcome.state)
            };
            let ran = RunResult::from_outcome(&outcome, &names, &after, end);
            (ran, (!crashed).then(|| Box::new(outcome)))
        }
        Err(EngineError::Store(error)) if crashed => {
            (RunResult::without_work(&error, RunEnd::Crashed), None)
        }
        Err(error) => (RunResult::from_error(&error), None),
    };
    if crashed {
        ran.error = None;
        ran.certificate = None;
    }
    ran.unreached_points = missed;
    Ok(FinishedRun {
        result: ran,
        outcome,
        before,
        planned_on,
        after,
    })
}

/// What a run that was cut off did is what the ledger has now and had not before.
fn keep_committed_cells(outcome: &mut Outcome, before: &Coverage, after: &Coverage) {
    let whole = |coverage: &Coverage, day: Day| {
        let phases = Phase::CELL_PHASES.into_iter();
        phases
            .map(|phase| coverage.get(day, phase).cloned().unwrap_or_default())
            .reduce(|all, done| all & done)
            .unwrap_or_default()
    };
    let days = outcome.plan.days.iter().map(|day| day.day);
    let gained = days.map(|day| (day, whole(after, day) - whole(before, day)));
    outcome.done = gained
        .filter(|(_, cells): &(Day, IdSet)| !cells.is_empty())
        .collect();
    outcome.failures.clear();
    outcome.blocked.clone_from(&outcome.plan.blocked);
}

/// What is to happen while a run is at work, and has not yet.
struct PendingSteps<'p> {
    stage: &'p Harness<'p>,
    number: &'p str,
    run: &'p Run,
    grain: CommitGrain,
    cancel: AtomicBool,
    state: Mutex<PendingState<'p>>,
}

struct PendingState<'p> {
    steps: Vec<(usize, Point, &'p Step)>,
    cancel_pending: bool,
    crash_image: Option<SimulatedDisk>,
    planned_on: Option<Coverage>,
    error: Option<PlayError>,
}

/// What is known of it once the run has ended.
struct RunObservations {
    unreached_points: Vec<String>,
    crash_image: Option<SimulatedDisk>,
    planned_on: Option<Coverage>,
    error: Option<PlayError>,
}

impl<'p> PendingSteps<'p> {
    fn new(stage: &'p Harness<'p>, number: &'p str, run: &'p Run, grain: CommitGrain) -> Self {
        let steps = (1..).zip(&run.meanwhile);
        Self {
            stage,
            number,
            run,
            grain,
            cancel: AtomicBool::new(false),
            state: Mutex::new(PendingState {
                steps: steps
                    .map(|(at, (point, step))| (at, *point, step))
                    .collect(),
                cancel_pending: run.cancel.is_some(),
                crash_image: None,
                planned_on: None,
                error: None,
            }),
        }
    }

    /// Makes happen what is due at a moment. After a crash nothing is.
    fn on_event(&self, moment: &RunEvent<'_>) {
        let due = {
            let mut waiting = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.crash_image.is_some() || waiting.error.is_some() {
                return;
            }
            if *moment == RunEvent::Planned && waiting.planned_on.is_none() {
                match self.stage.coverage() {
                    Ok(coverage) => waiting.planned_on = Some(coverage),
                    Err(error) => {
                        waiting.error = Some(error);
                        return;
                    }
                }
            }
            let steps = std::mem::take(&mut waiting.steps);
            let (due, later) = steps
                .into_iter()
                .partition::<Vec<_>, _>(|(_, point, _)| is_at(*point, moment, self.grain));
            waiting.steps = later;
            due
        };
        for (at, point, step) in due {
            let number = format!("{}.{at}", self.number);
            if let Err(error) = play_step(self.stage, &number, Some(point), step) {
                let mut waiting = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                waiting.error.get_or_insert(error);
            }
        }
        let mut waiting = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self
            .run
            .cancel
            .is_some_and(|point| is_at(point, moment, self.grain))
        {
            waiting.cancel_pending = false;
            self.cancel.store(true, Ordering::Release);
        }
        if let Some(crash) = self
            .run
            .crash
            .filter(|crash| is_at(crash.at, moment, self.grain))
        {
            let disk = self.stage.disk();
            waiting.crash_image = Some(match crash.power {
                Power::On => disk.fork(),
                Power::Cut => disk.after_power_cut(),
            });
        }
    }

    fn finish(self) -> RunObservations {
        let waiting = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let crashed = waiting.crash_image.is_some();
        let steps = waiting.steps.iter().map(|(_, point, _)| *point);
        let cancel = self.run.cancel.filter(|_| waiting.cancel_pending);
        let crash = self.run.crash.map(|crash| crash.at).filter(|_| !crashed);
        let missed = steps.chain(cancel).chain(crash);
        RunObservations {
            unreached_points: missed.map(|point| point.to_string()).collect(),
            crash_image: waiting.crash_image,
            planned_on: waiting.planned_on,
            error: waiting.error,
        }
    }
}

/// Whether a moment is the point that is meant. Where whole cells are committed, a phase of a
/// session ends within the transaction of its last cell; the last phase ends with it.
fn is_at(point: Point, moment: &RunEvent<'_>, grain: CommitGrain) -> bool {
    let completes = |ended: &[(Day, PhaseSet)], phase, day| {
        let mut ended = ended.iter();
        ended.any(|(session, phases)| *session == day && phases.contains(phase))
    };
    match (point, moment) {
        (Point::AfterPlanning, RunEvent::Planned) | (Point::BeforeClosing, RunEvent::Closing) => {
            true
        }
        (Point::InsideCommit(asked), RunEvent::Committing { number, .. })
        | (Point::AfterCommit(asked), RunEvent::Committed { number, .. }) => asked == *number,
        (
            Point::AfterPhase(phase, day),
            RunEvent::Committing {
                completed_sessions: ended,
                ..
            },
        ) => grain == CommitGrain::Cells && phase != Phase::Risk && completes(ended, phase, day),
        (
            Point::AfterPhase(phase, day),
            RunEvent::Committed {
                completed_sessions: ended,
                ..
            },
        ) => (grain == CommitGrain::Phases || phase == Phase::Risk) && completes(ended, phase, day),
        _ => false,
    }
}
