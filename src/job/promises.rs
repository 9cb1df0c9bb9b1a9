//! Checks every promise of a job on a world, each on a copy of the database.

use std::time::Duration;

use super::amount_checks::check_amounts;
use super::error::JobError;
use super::outcome::FailedEnd;
use super::pair::run_at_once;
use super::request::JobRequest;
use super::run::{CellWrite, Disturbance, JobRun};
use super::run_checks::{BrokenPromise, cells_text, check_run, left_text};
use super::state::JobState;
use super::subject::Subject;
use super::write_values::unknown_id;
use crate::domain::{Cell, Scope};
use crate::plan::Limit;
use crate::scenario::runner::Promise;
use crate::scenario::world::WorldPortfolio;
use crate::store::{WriteFault, WriteFaultKind};

/// The name of a portfolio that no world has.
const UNKNOWN_NAME: &str = "no such portfolio";

/// Checks the promises on a world: all that the job file does not switch off, or the wanted one.
pub(super) fn check_promises(subject: &Subject<'_>) -> Result<Vec<BrokenPromise>, JobError> {
    let start = subject.load()?;
    let (state, request) = (start.fork()?, subject.nightly());
    let first = subject.run(&state, &request, Disturbance::default())?;
    let mut broken = check_run(&state, &request, &first);
    if first.failure.is_none() {
        broken.extend(check_second_run(subject, &state)?);
    }
    check_deleted(subject, &first, &mut broken)?;
    broken.extend(check_amounts(subject, &start)?);
    check_scopes(subject, &start, &mut broken)?;
    if first.failure.is_none() {
        let points = fault_points(&first.writes);
        for kind in [WriteFaultKind::Raise, WriteFaultKind::Hang] {
            for number in &points {
                let fault = WriteFault {
                    number: *number,
                    kind,
                };
                let heals = check_heals(subject, &start, &first, fault)?;
                // One point is enough: `job faults` shows all.
                if let Some(unhealed) = heals {
                    broken.push(unhealed);
                    break;
                }
            }
        }
    }
    broken.extend(check_pair(subject, &start, &first)?);
    Ok(broken)
}

/// Checks that a run after a nightly run that ended well writes nothing.
pub(super) fn check_second_run(
    subject: &Subject<'_>,
    state: &JobState<'_>,
) -> Result<Option<BrokenPromise>, JobError> {
    let promise = Promise::SecondRunWritesNothing;
    if !subject.checks(promise) {
        return Ok(None);
    }
    let second = subject.run(state, &subject.nightly(), Disturbance::default())?;
    // Cells that the first run should have done are not counted again.
    let written = second.writes.iter().filter_map(|write| write.cell);
    let again: Vec<Cell> = written.filter(|cell| second.was_complete(*cell)).collect();
    let text = match &second.failure {
        Some(failure) => Some(format!("of the second run, {failure}")),
        None => (!again.is_empty()).then(|| cells_text(state, &again)),
    };
    Ok(text.map(|text| BrokenPromise { promise, text }))
}

/// Checks that cells which the first run left behind are not hidden by deleted portfolios: without
/// these, the run must not find more.
fn check_deleted(
    subject: &Subject<'_>,
    first: &JobRun,
    broken: &mut Vec<BrokenPromise>,
) -> Result<(), JobError> {
    let missed = first.missed();
    let is_active = |portfolio: &WorldPortfolio| portfolio.portfolio.lifecycle.is_active();
    let has_deleted = !subject.world.portfolios.iter().all(is_active);
    if !has_deleted || missed.is_empty() || !subject.checks(Promise::DeletedDoNotCount) {
        return Ok(());
    }
    let mut world = subject.world.clone();
    world.portfolios.retain(is_active);
    let without = Subject {
        world: &world,
        ..*subject
    };
    let state = without.load()?;
    let run = without.run(&state, &without.nightly(), Disturbance::default())?;
    let found = missed.into_iter().filter(|cell| run.is_complete(*cell));
    let found: Vec<Cell> = found.collect();
    broken.extend((!found.is_empty()).then(|| BrokenPromise {
        promise: Promise::DeletedDoNotCount,
        text: format!(
            "deleted portfolios hide cells: {}",
            left_text(&state, &found)
        ),
    }));
    Ok(())
}

/// Checks a run of one portfolio that needs something, one of a portfolio that is not there, and one of
/// both.
fn check_scopes(
    subject: &Subject<'_>,
    start: &JobState<'_>,
    broken: &mut Vec<BrokenPromise>,
) -> Result<(), JobError> {
    let Some(command) = &subject.job.commands.scope else {
        return Ok(());
    };
    let request = JobRequest::nightly(command);
    let coverage = start.coverage()?;
    let (_, plan) = start.plan(&request.plan, None, coverage)?;
    let mut days = plan.days.iter();
    let needing = days.find_map(|day| day.steps_in_order().next());
    let of_one = needing.map(|(id, ..)| {
        let mut of_one = request.clone();
        of_one.plan.scope = Scope::single(id);
        of_one
    });
    if let Some(request) = of_one
        .as_ref()
        .filter(|_| subject.checks(Promise::ScopeIsHonoured))
    {
        let state = start.fork()?;
        let run = subject.run(&state, request, Disturbance::default())?;
        let found = check_run(&state, request, &run).into_iter();
        broken.extend(found.filter(|found| found.promise == Promise::ScopeIsHonoured));
    }
    if subject.checks(Promise::UnknownIdsNeverWiden) {
        let mut of_unknown = request;
        of_unknown.plan.limit = Limit::Cells(0);
        let alone = check_unknown(subject, start, (of_unknown, "one unknown id"))?;
        let beside = match (of_one, &alone) {
            (Some(of_one), None) => {
                let text = "one known and one unknown id";
                check_unknown(subject, start, (of_one, text))?
            }
            _ => None,
        };
        broken.extend(alone.or(beside));
    }
    Ok(())
}

/// Adds an unknown id to the scope of a request, described in words, and checks that the run writes
/// nothing out of it.
fn check_unknown(
    subject: &Subject<'_>,
    start: &JobState<'_>,
    (mut request, described): (JobRequest<'_>, &str),
) -> Result<Option<BrokenPromise>, JobError> {
    let state = start.fork()?;
    request.unknown_ids = vec![unknown_id(UNKNOWN_NAME, subject.job.ids)];
    let run = subject.run(&state, &request, Disturbance::default())?;
    let scope = &request.plan.scope;
    // A scope of unknown ids only has no member.
    let is_in_scope = |cell: Cell| *scope != Scope::AllActive && scope.contains(cell.portfolio);
    let writes = run.writes.iter();
    let beyond = writes.filter(|write| !write.cell.is_some_and(is_in_scope));
    let beyond: Vec<Option<Cell>> = beyond.map(|write| write.cell).collect();
    let cells: Vec<Cell> = beyond.iter().copied().flatten().collect();
    let text = match cells.is_empty() {
        true => "rows of no known portfolio".to_owned(),
        false => cells_text(&state, &cells),
    };
    Ok((!beyond.is_empty()).then(|| BrokenPromise {
        promise: Promise::UnknownIdsNeverWiden,
        text: format!("a scope of {described} wrote {text}"),
    }))
}

/// Returns the writes at which a few faults are most likely to leave a half-done state: the first
/// one after a snapshot, the one in the middle, and the last one.
fn fault_points(writes: &[CellWrite]) -> Vec<u64> {
    let count = writes.len() as u64;
    if count == 0 {
        return Vec::new();
    }
    let after_snapshot = writes.iter().position(|write| write.source > 0);
    let mut points: Vec<u64> = after_snapshot.into_iter().map(|at| at as u64 + 1).collect();
    for point in [count.div_ceil(2), count] {
        if !points.contains(&point) {
            points.push(point);
        }
    }
    points
}

/// Disturbs a run at one of its writes and checks that the next run does the rest. Only cells that
/// the undisturbed run does are looked at.
pub(super) fn check_heals(
    subject: &Subject<'_>,
    start: &JobState<'_>,
    undisturbed: &JobRun,
    fault: WriteFault,
) -> Result<Option<BrokenPromise>, JobError> {
    let (promise, kill_in_write) = match fault.kind {
        WriteFaultKind::Raise => (Promise::FailedRunHeals, None),
        WriteFaultKind::Hang => {
            // No other write takes as long as that: the whole run did not.
            let margin = Duration::from_millis(250);
            (
                Promise::KilledRunHeals,
                Some(undisturbed.elapsed * 2 + margin),
            )
        }
    };
    if !subject.checks(promise) {
        return Ok(None);
    }
    let (state, request) = (start.fork()?, subject.nightly());
    let disturbance = Disturbance {
        fault: Some(fault),
        kill_in_write,
        is_own_process: kill_in_write.is_some(),
    };
    let disturbed = subject.run(&state, &request, disturbance)?;
    if let Some(end) = end_beside_fault(&disturbed, undisturbed, fault.kind) {
        let text = format!("write {} was not reached: {end}", fault.number);
        return Ok(Some(BrokenPromise { promise, text }));
    }
    let next = subject.run(&state, &request, Disturbance::default())?;
    let expected = undisturbed.needed().into_iter();
    let lost = expected.filter(|cell| undisturbed.is_complete(*cell) && !next.is_complete(*cell));
    let lost: Vec<Cell> = lost.collect();
    let place = match undisturbed.writes.get(fault.number as usize - 1) {
        Some(CellWrite {
            cell: Some(cell), ..
        }) => format!(
            "write {} ({} on {})",
            fault.number,
            state.names().portfolio(cell.portfolio),
            cell.day
        ),
        _ => format!("write {}", fault.number),
    };
    let event = match fault.kind {
        WriteFaultKind::Raise => "failed",
        WriteFaultKind::Hang => "killed it",
    };
    let unhealed = match (&next.failure, lost.is_empty()) {
        (Some(failure), _) => Some(format!("{place} {event}; of the next run, {failure}")),
        (None, false) => Some(format!(
            "{place} {event}; after the next run: {}",
            left_text(&state, &lost)
        )),
        (None, true) => None,
    };
    Ok(unhealed.map(|text| BrokenPromise { promise, text }))
}

/// Returns the end of a run that its fault did not bring about; `None` if the fault did.
fn end_beside_fault(
    disturbed: &JobRun,
    undisturbed: &JobRun,
    fault: WriteFaultKind,
) -> Option<String> {
    let has_lost = || {
        let mut needed = undisturbed.needed().into_iter();
        needed.any(|cell| undisturbed.is_complete(cell) && !disturbed.is_complete(cell))
    };
    match (fault, &disturbed.failure) {
        (WriteFaultKind::Hang, Some(failure)) if failure.end == FailedEnd::Killed => None,
        (WriteFaultKind::Raise, Some(_)) => None,
        (WriteFaultKind::Hang, Some(failure)) => Some(failure.to_string()),
        // Every later write fails too, so a job that goes on after the error lacks cells.
        (WriteFaultKind::Raise, None) if has_lost() => None,
        (_, None) => Some("the run ended well, with all cells".to_owned()),
    }
}

/// Checks that two runs at once do what one does alone, and nothing twice.
fn check_pair(
    subject: &Subject<'_>,
    start: &JobState<'_>,
    alone: &JobRun,
) -> Result<Option<BrokenPromise>, JobError> {
    let is_checked = subject.checks(Promise::TwoRunsDoEachCellOnce);
    if !is_checked || alone.failure.is_some() || alone.writes.is_empty() {
        return Ok(None);
    }
    let pair = run_at_once(start, &subject.nightly(), alone, subject.cancel)?;
    Ok(pair.broken_promise(alone))
}
