//! Checks every promise of a job on a world, each on a copy of the database.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::error::JobError;
use super::job_file::Job;
use super::outcome::FailedEnd;
use super::promise::Promise;
use super::request::JobRequest;
use super::run::{CellWrite, Disturbance, JobRun, run, run_pair};
use super::run_checks::{BrokenPromise, cells_text, check_run, left_text};
use super::scratch::Template;
use super::state::JobState;
use super::write_values::unknown_id;
use crate::domain::{Cell, Scope};
use crate::engine::Settings;
use crate::plan::Limit;
use crate::scenario::script::Scenario;
use crate::scenario::world::{World, WorldPortfolio};
use crate::store::{WriteFault, WriteFaultKind};

/// The name of a portfolio that no world has.
const UNKNOWN_NAME: &str = "no such portfolio";

/// A job on a world.
#[derive(Clone, Copy)]
pub(super) struct Subject<'s> {
    pub(super) job: &'s Job,
    pub(super) template: &'s Template,
    pub(super) world: &'s World,
    pub(super) settings: &'s Settings,
    pub(super) cancel: &'s AtomicBool,
}

impl<'s> Subject<'s> {
    pub(super) const fn of(
        job: &'s Job,
        template: &'s Template,
        scenario: &'s Scenario,
        cancel: &'s AtomicBool,
    ) -> Self {
        Self {
            job,
            template,
            world: &scenario.world,
            settings: &scenario.settings,
            cancel,
        }
    }

    pub(super) fn load(&self) -> Result<JobState<'s>, JobError> {
        JobState::load(self.job, self.template, self.world, self.settings)
    }

    pub(super) fn run(
        &self,
        state: &JobState<'_>,
        request: &JobRequest<'_>,
        disturbance: Disturbance,
    ) -> Result<JobRun, JobError> {
        run(state, request, disturbance, self.cancel)
    }

    pub(super) fn nightly(&self) -> JobRequest<'s> {
        JobRequest::nightly(&self.job.commands.run)
    }
}

/// Checks all promises that the job file does not switch off.
pub(super) fn check_promises(subject: &Subject<'_>) -> Result<Vec<BrokenPromise>, JobError> {
    let start = subject.load()?;
    let mut broken = Vec::new();
    let first = check_two_runs(subject, &start, &mut broken)?;
    check_deleted(subject, &first, &mut broken)?;
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
    check_pair(subject, &start, &first, &mut broken)?;
    Ok(broken)
}

/// Checks the promises that two runs in a row show, and returns the first run.
pub(super) fn check_two_runs(
    subject: &Subject<'_>,
    start: &JobState<'_>,
    broken: &mut Vec<BrokenPromise>,
) -> Result<JobRun, JobError> {
    let (state, request) = (start.fork()?, subject.nightly());
    let first = subject.run(&state, &request, Disturbance::default())?;
    broken.extend(check_run(&state, &request, &first));
    if subject.job.checks(Promise::SecondRunWritesNothing) && first.failure.is_none() {
        let second = subject.run(&state, &request, Disturbance::default())?;
        // Cells that the first run should have done are not counted again.
        let written = second.writes.iter().filter_map(|write| write.cell);
        let again: Vec<Cell> = written.filter(|cell| second.was_complete(*cell)).collect();
        let text = match &second.failure {
            Some(failure) => Some(format!("of the second run, {failure}")),
            None => (!again.is_empty()).then(|| cells_text(&state, &again)),
        };
        broken.extend(text.map(|text| BrokenPromise {
            promise: Promise::SecondRunWritesNothing,
            text,
        }));
    }
    Ok(first)
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
    if !has_deleted || missed.is_empty() || !subject.job.checks(Promise::DeletedDoNotCount) {
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

/// Checks a run of one portfolio that needs something, and one of a portfolio that is not there.
fn check_scopes(
    subject: &Subject<'_>,
    start: &JobState<'_>,
    broken: &mut Vec<BrokenPromise>,
) -> Result<(), JobError> {
    let Some(command) = &subject.job.commands.scope else {
        return Ok(());
    };
    let job = subject.job;
    let request = JobRequest::nightly(command);
    if job.checks(Promise::ScopeIsHonoured) {
        let coverage = start.coverage()?;
        let (_, plan) = start.plan(&request.plan, None, coverage)?;
        let mut days = plan.days.iter();
        let needing = days.find_map(|day| day.steps_in_order().next());
        if let Some((id, ..)) = needing {
            let state = start.fork()?;
            let mut request = request.clone();
            request.plan.scope = Scope::single(id);
            let run = subject.run(&state, &request, Disturbance::default())?;
            let found = check_run(&state, &request, &run).into_iter();
            broken.extend(found.filter(|found| found.promise == Promise::ScopeIsHonoured));
        }
    }
    if job.checks(Promise::UnknownIdsNeverWiden) {
        let state = start.fork()?;
        let mut request = request;
        request.unknown_ids = vec![unknown_id(UNKNOWN_NAME, job.ids)];
        request.plan.limit = Limit::Cells(0);
        let run = subject.run(&state, &request, Disturbance::default())?;
        let written: Vec<Cell> = run.writes.iter().filter_map(|write| write.cell).collect();
        let text = match written.is_empty() {
            true => "rows of no known portfolio".to_owned(),
            false => cells_text(&state, &written),
        };
        broken.extend((!run.writes.is_empty()).then(|| BrokenPromise {
            promise: Promise::UnknownIdsNeverWiden,
            text: format!("a scope of one unknown id wrote {text}"),
        }));
    }
    Ok(())
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
    if !subject.job.checks(promise) {
        return Ok(None);
    }
    let (state, request) = (start.fork()?, subject.nightly());
    let disturbance = Disturbance {
        fault: Some(fault),
        kill_in_write,
    };
    let disturbed = subject.run(&state, &request, disturbance)?;
    if let (WriteFaultKind::Hang, Some(failure)) = (fault.kind, &disturbed.failure)
        && matches!(failure.end, FailedEnd::TimedOut(_))
    {
        let text = format!("write {} was not reached: {failure}", fault.number);
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

/// Longest time for which two runs at once wait for each other; drivers wait five seconds for a lock.
const LONGEST_HOLD: Duration = Duration::from_secs(2);

fn check_pair(
    subject: &Subject<'_>,
    start: &JobState<'_>,
    alone: &JobRun,
    broken: &mut Vec<BrokenPromise>,
) -> Result<(), JobError> {
    let promise = Promise::TwoRunsDoEachCellOnce;
    if !subject.job.checks(promise) || alone.failure.is_some() || alone.writes.is_empty() {
        return Ok(());
    }
    let run_two = |hold| -> Result<_, JobError> {
        let state = start.fork()?;
        let pair = run_pair(&state, &subject.nightly(), hold, subject.cancel)?;
        Ok((state, pair))
    };
    let hold = match subject.job.commands.serve {
        // A process that has been up for long took less time than one that starts.
        Some(_) => LONGEST_HOLD,
        None => (alone.elapsed * 2).min(LONGEST_HOLD),
    };
    let (mut state, mut pair) = run_two(hold)?;
    if pair.failure.is_some() {
        // A job that does not wait for a lock fails behind one that it would not meet by itself.
        (state, pair) = run_two(Duration::ZERO)?;
    }
    let lost = alone.needed().into_iter();
    let lost = lost.filter(|cell| alone.is_complete(*cell) && !pair.is_complete(*cell));
    let lost: Vec<Cell> = lost.collect();
    if !lost.is_empty() {
        broken.push(BrokenPromise {
            promise,
            text: left_text(&state, &lost),
        });
        return Ok(());
    }
    let (of_pair, of_one) = (snapshot_writes(&pair), snapshot_writes(alone));
    let more = |(cell, count): &(&Cell, &u32)| **count > of_one.get(cell).copied().unwrap_or(0);
    let twice: Vec<Cell> = of_pair.iter().filter(more).map(|(cell, _)| *cell).collect();
    broken.extend((!twice.is_empty()).then(|| BrokenPromise {
        promise,
        text: format!("written by both: {}", cells_text(&state, &twice)),
    }));
    Ok(())
}

/// Returns the number of writes to the snapshot of each cell.
fn snapshot_writes(run: &JobRun) -> BTreeMap<Cell, u32> {
    let mut counts = BTreeMap::new();
    for write in run.writes.iter().filter(|write| write.source == 0) {
        if let Some(cell) = write.cell {
            *counts.entry(cell).or_default() += 1;
        }
    }
    counts
}
