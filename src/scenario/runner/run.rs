//! Makes a run on the harness, with the steps that happen inside it.
//!
//! A crash is not an error of the engine. At its point the disk is copied as a killed process, or a
//! power cut, would leave it. The run then continues to its end on a disk that nothing reads any
//! more, and the play continues with the copy.

use super::harness::Harness;
use super::inspect::{read_coverage, read_names};
use super::pending_steps::{PendingSteps, RunObservations};
use super::play::PlayError;
use super::run_result::{RunResult, end_from_state};
use crate::domain::{Coverage, Day, IdSet, Phase, PhaseSet, PortfolioId, PortfolioKey, Scope};
use crate::engine::{self, EngineError, Outcome, RunObserver, RunRequest};
use crate::plan::{
    Limit, Newcomers, Policy, PolicyName, Request, ScopeError, Target, resolve_scope,
};
use crate::scenario::script::{Run, RunEnd};
use crate::store::{Store, StoreError};

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

/// Makes a run under its own policy, or that of the harness.
pub(super) fn run(
    harness: &Harness<'_>,
    number: &str,
    run: &Run,
) -> Result<FinishedRun, PlayError> {
    let before = harness.coverage()?;
    let policy = run.policy.as_ref().unwrap_or(harness.policy).policy;
    let (request, unknown) = match resolve_request(&harness.store(), run, policy)? {
        Ok(request) => request,
        Err(refusal) => {
            return Ok(FinishedRun::without_work(
                RunResult::without_work(&refusal, RunEnd::Refused),
                before,
            ));
        }
    };
    let mut finished = execute(harness, number, run, &request, before)?;
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

/// Fills one portfolio from its inception.
pub(super) fn onboard(
    harness: &Harness<'_>,
    number: &str,
    run: &Run,
) -> Result<FinishedRun, PlayError> {
    let policy = Policy {
        newcomers: Newcomers::FromInception,
        ..PolicyName::PerCell.policy()
    };
    let before = harness.coverage()?;
    match resolve_request(&harness.store(), run, policy)? {
        Ok((request, _)) => execute(harness, number, run, &request, before),
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

/// The request of a run with the names that were skipped; or the refusal of its scope.
type ResolvedRequest = Result<(RunRequest, Vec<String>), ScopeError<String>>;

fn resolve_request(
    store: &Store,
    run: &Run,
    policy: Policy,
) -> Result<ResolvedRequest, StoreError> {
    let (scope, scope_name, unknown) = match &run.portfolios {
        None => (Scope::AllActive, "all active".to_owned(), Vec::new()),
        Some(names) => {
            let mut ids: Vec<(String, Option<PortfolioId>)> = Vec::new();
            for name in names {
                let key = PortfolioKey::from_name(name);
                let found = store.read(|reading| reading.portfolios().with_key(key))?;
                ids.push((name.clone(), found.map(|portfolio| portfolio.id)));
            }
            match resolve_scope(ids, policy.unknown_ids) {
                Ok(resolved) => (resolved.scope, names.join(", "), resolved.unknown),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
    };
    let run_request = RunRequest {
        request: Request {
            scope,
            policy,
            // A forced range is also the range of the run, unless it names another.
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
    Ok(Ok((run_request, unknown)))
}

fn execute(
    harness: &Harness<'_>,
    number: &str,
    run: &Run,
    request: &RunRequest,
    before: Coverage,
) -> Result<FinishedRun, PlayError> {
    // The simulator repeats only runs of the default policy that do not happen inside another.
    if run.policy.is_none() && !number.contains('.') {
        harness.record_prepared_run(number, request);
    }
    let (store, settings, environment) = (
        harness.store(),
        harness.run_settings(),
        harness.environment(),
    );
    let pending = PendingSteps::new(harness, number, run, settings.commit);
    // The harness is not locked during the run: steps inside it need the lock.
    let observer = RunObserver {
        cancel: &pending.cancel,
        on_progress: &|_| {},
        on_event: &|event| pending.on_event(event),
    };
    let ended = engine::run(&store, request, &settings, &environment, &observer);
    let RunObservations {
        unreached_points,
        crash_image,
        planned_on,
        error,
    } = pending.finish();
    if let Some(error) = error {
        return Err(error);
    }
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
    let (mut result, outcome) = match ended {
        Ok(mut outcome) => {
            let end = if crashed {
                // The engine has continued past the crash, so its outcome says more than the copied
                // disk holds.
                keep_committed_cells(&mut outcome, &planned_on, &after);
                let (scope, target) = (&request.request.scope, outcome.plan.target.day);
                outcome.watermark_after = harness.inspect()?.watermark_of(scope, target);
                RunEnd::Crashed
            } else {
                end_from_state(outcome.state)
            };
            let result = RunResult::from_outcome(&outcome, &names, &after, end);
            // A crashed process reports nothing, so there is no outcome to check.
            (result, (!crashed).then(|| Box::new(outcome)))
        }
        // An error after the crash point concerns a disk that is discarded.
        Err(EngineError::Store(error)) if crashed => {
            (RunResult::without_work(&error, RunEnd::Crashed), None)
        }
        Err(error) => (RunResult::from_error(&error), None),
    };
    if crashed {
        result.error = None;
        result.certificate = None;
    }
    result.unreached_points = unreached_points;
    Ok(FinishedRun {
        result,
        outcome,
        before,
        planned_on,
        after,
    })
}

/// Reduces the outcome of a crashed run to the cells that entered the ledger before the crash.
fn keep_committed_cells(outcome: &mut Outcome, before: &Coverage, after: &Coverage) {
    let complete_cells = |coverage: &Coverage, day: Day| {
        let phases = Phase::CELL_PHASES.into_iter();
        phases
            .map(|phase| coverage.get(day, phase).cloned().unwrap_or_default())
            .reduce(|cells, done| cells & done)
            .unwrap_or_default()
    };
    let days = outcome.plan.days.iter().map(|day| day.day);
    let gained = days.map(|day| {
        (
            day,
            complete_cells(after, day) - complete_cells(before, day),
        )
    });
    outcome.done = gained
        .filter(|(_, cells): &(Day, IdSet)| !cells.is_empty())
        .collect();
    outcome.failures.clear();
    outcome.blocked.clone_from(&outcome.plan.blocked);
}
