//! Makes a run on the harness, with the steps that happen inside it.
//!
//! A crash is not an error of the engine. At its point the disk is copied as a killed process, or a
//! power cut, would leave it. The run then continues to its end on a disk that nothing reads any
//! more, and the play continues with the copy.

use std::num::NonZeroU64;

use super::error::PlayError;
use super::harness::Harness;
use super::inspect::{read_coverage, read_names};
use super::old_inputs;
use super::pending_steps::{PendingSteps, PlayStep, RunObservations};
use super::run_result::{RunResult, end_from_error, end_from_state};
use super::step_number::StepNumber;
use crate::app::{AppError, Force, ResolvedRun, RunSpec};
use crate::domain::{Coverage, IdSet};
use crate::engine::{self, EngineError, Outcome, RunObserver, RunRequest};
use crate::plan::watermarks;
use crate::query::QueryError;
use crate::scenario::script::{Run, RunEnd};

/// The result of a run with the ledgers that the invariants compare.
pub(super) struct FinishedRun {
    pub(super) result: RunResult,
    pub(super) outcome: Option<Box<Outcome>>,
    pub(super) before: Coverage,
    /// The ledger that the run planned on: after the configuration and `force` have invalidated
    /// cells.
    pub(super) planned_on: Coverage,
    pub(super) after: Coverage,
}

/// Plans a run under its own policy, or that of the harness, and changes nothing.
pub(super) fn plan(harness: &Harness<'_>, run: &Run) -> Result<RunResult, PlayError> {
    let ResolvedRun {
        run_request,
        unknown,
    } = match resolve(harness, &words(run))? {
        Ok(resolved) => resolved,
        Err(refusal) => return Ok(RunResult::without_work(&refusal, RunEnd::Refused)),
    };
    let (store, settings) = (harness.store(), harness.settings());
    let now = harness.environment().clock.now();
    let planned = store.read(|reading| {
        let (surveyed, plan) = engine::preview(reading, &run_request, &settings, now)?;
        let marks = watermarks(&surveyed.survey, &plan.scope, plan.target.day);
        Ok::<_, EngineError>((plan, marks.scope_watermark()))
    });
    let mut result = match planned {
        Ok((plan, watermark)) => {
            let names = read_names(&store)?;
            let mut result = RunResult::from_plan(&plan, &watermark, &names);
            let request = &run_request.request;
            let of = (request, &plan, &names);
            old_inputs::add_to_result(&mut result, &store, of, (&settings, now))?;
            result
        }
        Err(EngineError::Store(error)) => return Err(error.into()),
        Err(refusal) => RunResult::without_work(&refusal, end_from_error(&refusal)),
    };
    result.warnings.extend(unknown_name_warnings(&unknown));
    Ok(result)
}

/// Returns the words of a run.
fn words(run: &Run) -> RunSpec {
    RunSpec {
        portfolios: run.portfolios.clone(),
        from: run.from,
        to: run.to,
        force: run.force.map_or(Force::None, Force::Days),
        target: run.target,
        policy: run.policy.as_ref().map(|policy| policy.policy),
        limit: run.limit.and_then(NonZeroU64::new),
        max_cells: run.max_cells,
        ..RunSpec::default()
    }
}

/// Makes a run under its own policy, or that of the harness.
pub(super) fn run(
    harness: &Harness<'_>,
    number: &StepNumber,
    run: &Run,
    play_step: PlayStep<'_>,
) -> Result<FinishedRun, PlayError> {
    let before = harness.coverage()?;
    let ResolvedRun {
        run_request: request,
        unknown,
    } = match resolve(harness, &words(run))? {
        Ok(resolved) => resolved,
        Err(refusal) => return Ok(FinishedRun::refused(&refusal, before)),
    };
    let mut finished = execute(harness, (number, run), &request, before, play_step)?;
    finished
        .result
        .warnings
        .splice(0..0, unknown_name_warnings(&unknown));
    Ok(finished)
}

/// Returns the warnings that the command line prints for skipped names.
fn unknown_name_warnings(unknown: &[String]) -> impl Iterator<Item = String> {
    let names = unknown.iter();
    names.map(|name| format!("unknown portfolio `{name}`: skipped"))
}

/// Returns the run that onboards one portfolio.
pub(super) fn onboarding_run(name: &str) -> Run {
    Run {
        portfolios: Some(vec![name.to_owned()]),
        ..Run::default()
    }
}

/// Fills the portfolio of `run` from its inception.
pub(super) fn onboard(
    harness: &Harness<'_>,
    number: &StepNumber,
    (run, name): (&Run, &str),
    play_step: PlayStep<'_>,
) -> Result<FinishedRun, PlayError> {
    let before = harness.coverage()?;
    match resolve(harness, &RunSpec::onboarding(name))? {
        Ok(resolved) => {
            let request = &resolved.run_request;
            execute(harness, (number, run), request, before, play_step)
        }
        Err(refusal) => Ok(FinishedRun::refused(&refusal, before)),
    }
}

impl FinishedRun {
    fn refused(refusal: &AppError, before: Coverage) -> Self {
        Self {
            result: RunResult::without_work(refusal, RunEnd::Refused),
            outcome: None,
            planned_on: before.clone(),
            after: before.clone(),
            before,
        }
    }
}

/// Returns the request of a run, or the refusal of its words.
fn resolve(
    harness: &Harness<'_>,
    spec: &RunSpec,
) -> Result<Result<ResolvedRun, AppError>, PlayError> {
    let policy = harness.policy.policy;
    match harness
        .store()
        .read(|reading| spec.resolve(reading, policy))
    {
        Err(AppError::Query(QueryError::Engine(error)) | AppError::Engine(error)) => {
            Err(error.into())
        }
        resolved => Ok(resolved),
    }
}

fn execute(
    harness: &Harness<'_>,
    (number, run): (&StepNumber, &Run),
    request: &RunRequest,
    before: Coverage,
    play_step: PlayStep<'_>,
) -> Result<FinishedRun, PlayError> {
    // The simulator repeats only runs of the default policy that do not happen inside another.
    if run.policy.is_none() && !number.is_during_run() {
        harness.record_prepared_run(number, request);
    }
    let (store, settings, environment) =
        (harness.store(), harness.settings(), harness.environment());
    let pending = PendingSteps::new(harness, (number, run), settings.commit, play_step);
    let failing_phases = harness.failing_phases();
    // The harness is not locked during the run: steps inside it need the lock.
    let observer = RunObserver {
        on_event: &|event| pending.on_event(event),
        on_computed: &|cells| failing_phases.apply(cells),
        ..RunObserver::unobserved(&pending.cancel)
    };
    let ended = engine::run(&store, request, &settings, &environment, &observer);
    let RunObservations {
        unreached_points,
        crash_image,
        planned_on,
        committed,
        error,
        findings,
    } = pending.finish();
    if let Some(error) = error {
        return Err(error);
    }
    harness.add_findings(findings);
    // A run applies the configured calendar before it plans. A refused run changes nothing, so the
    // previous calendar still agrees with the ledger.
    if planned_on.is_some() {
        harness.apply_calendar();
    }
    let planned_on = planned_on.unwrap_or_else(|| before.clone());
    let crashed = crash_image.is_some();
    if let (Some(crash_image), Some(crash)) = (crash_image, &run.crash) {
        harness.restart_after_crash(crash_image, crash.process)?;
    }
    harness.record_failures()?;
    let (names, after) = (
        read_names(&harness.store())?,
        read_coverage(&harness.store())?,
    );
    let committed = committed.until(&after);
    let (mut result, outcome) = match ended {
        Ok(mut outcome) => {
            let end = if crashed {
                // The engine has continued past the crash, so its outcome says more than the copied
                // disk holds.
                outcome.done = committed;
                outcome.failures.clear();
                outcome.blocked.clone_from(&outcome.plan.blocked);
                let (scope, target) = (&request.request.scope, outcome.plan.target.day);
                outcome.watermark_after = harness.inspect()?.watermark_of(scope, target);
                RunEnd::Crashed
            } else {
                end_from_state(outcome.state)
            };
            let mut result = RunResult::from_outcome(&outcome, &names, &after, end);
            let of = (&request.request, &outcome.plan, &names);
            let (store, now) = (harness.store(), harness.environment().clock.now());
            old_inputs::add_to_result(&mut result, &store, of, (&settings, now))?;
            // A crashed process reports nothing, so there is no outcome to check.
            (result, (!crashed).then(|| Box::new(outcome)))
        }
        // An error after the crash point concerns a disk that is discarded.
        Err(EngineError::Store(error)) if crashed => {
            (RunResult::without_work(&error, RunEnd::Crashed), None)
        }
        Err(error) => (RunResult::from_error(&error, &committed, &names), None),
    };
    if crashed {
        result.error = None;
        result.certificate = None;
    }
    result.unreached_points = unreached_points;
    result.invalidated_phases = lost_phases(&before, &planned_on);
    Ok(FinishedRun {
        result,
        outcome,
        before,
        planned_on,
        after,
    })
}

/// Counts the phases of cells that a ledger has and a later one has not.
fn lost_phases(before: &Coverage, after: &Coverage) -> u64 {
    let none = IdSet::new();
    let lost = before
        .iter()
        .map(|(day, phase, done)| (done - after.get(day, phase).unwrap_or(&none)).len());
    lost.sum()
}
