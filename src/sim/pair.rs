//! Makes two runs at once on one disk. They take turns at their calls to the disk, in an order that
//! a seed determines.
//!
//! In about half of the pairs, the first run stands still at one of its calls until the second has
//! ended. The clock of the second is past the lease of the first, so that the second can take over.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use chrono::TimeDelta;
use serde::Serialize;

use super::baseline::{Baseline, count_done_cells, read_contents, run_until_done};
use super::faults::record_calls;
use super::finding::{Disturbance, Finding};
use super::random::RandomSource;
use super::recovery_checks::check_no_active_run;
use super::run_under_test::{Attempt, RunUnderTest, SimError};
use super::violation::Violation;
use crate::disk::{Interleaving, Side, TurnSchedule};
use crate::environment::Environment;
use crate::plan::Limit;
use crate::scenario::script::RunEnd;

/// The longest turn of a schedule, in calls.
const LONGEST_TURN: usize = 48;

/// The seeds of the pairs to make.
#[derive(Debug, Clone, Copy)]
pub struct PairOptions {
    /// The first of consecutive seeds.
    pub seed: u64,
    /// The number of seeds, one pair each.
    pub seeds: u32,
    /// The number of pairs made at a time.
    pub jobs: NonZeroUsize,
}

/// The result of the pairs of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PairReport {
    /// The number of the step in the scenario.
    pub step: String,
    /// The request of the run in a few words.
    #[serde(rename = "what")]
    pub description: String,
    /// The number of pairs that were made.
    pub pairs: usize,
    /// The number of different orders of the calls.
    #[serde(rename = "orders")]
    pub interleavings: usize,
    /// The number of pairs by both ends, as in `busy and complete`.
    pub ends: BTreeMap<String, usize>,
    /// The violations in the order of the seeds.
    pub findings: Vec<Finding>,
}

/// Makes pairs of a run.
///
/// # Errors
///
/// The store or a query fails outside of the two runs.
pub fn run_pairs(
    run_under_test: &RunUnderTest,
    options: &PairOptions,
) -> Result<PairReport, SimError> {
    let baseline = Baseline::record(run_under_test, 1)?;
    let calls = record_calls(run_under_test).len();
    let seeds: Vec<u64> = (0..u64::from(options.seeds))
        .map(|number| options.seed.wrapping_add(number))
        .collect();
    let outcomes = run_under_test.map_parallel(options.jobs, &seeds, |seed| {
        run_pair(run_under_test, &baseline, calls, *seed)
    });
    let mut ends = BTreeMap::new();
    let mut interleavings = std::collections::BTreeSet::new();
    let mut findings = Vec::new();
    for (seed, outcome) in seeds.iter().zip(outcomes) {
        let outcome = outcome?;
        let ends_text = format!("{} and {}", outcome.ends[0], outcome.ends[1]);
        *ends.entry(ends_text).or_default() += 1;
        // Few different orders would mean that the schedules test little.
        interleavings.insert(outcome.interleaving);
        let finding =
            |violation| run_under_test.finding(Disturbance::Pair { seed: *seed }, violation);
        findings.extend(outcome.violations.into_iter().map(finding));
    }
    Ok(PairReport {
        step: run_under_test.step().to_owned(),
        description: run_under_test.description().to_owned(),
        pairs: seeds.len(),
        interleavings: interleavings.len(),
        ends,
        findings,
    })
}

/// Makes one pair. `calls` is the number of calls of the undisturbed run.
pub(super) fn run_pair(
    run_under_test: &RunUnderTest,
    baseline: &Baseline,
    calls: usize,
    seed: u64,
) -> Result<PairOutcome, SimError> {
    run_schedule(run_under_test, baseline, schedule(seed, calls))
}

/// Draws the turns of a pair; in about half of the pairs the first run stands still.
fn schedule(seed: u64, calls: usize) -> TurnSchedule {
    let mut random = RandomSource::new(seed, "pair");
    let longest = 1 + random.below(LONGEST_TURN) as u32;
    let frozen = random.chance(50);
    let at = random.below(calls) as u64;
    TurnSchedule {
        seed,
        max_calls: longest,
        frozen_at: frozen.then_some(at),
    }
}

/// The ends and violations of a pair.
#[derive(Debug)]
pub(super) struct PairOutcome {
    pub(super) ends: [RunEnd; 2],
    pub(super) calls: [u64; 2],
    pub(super) schedule: TurnSchedule,
    pub(super) violations: Vec<Violation>,
    interleaving: crate::disk::Digest,
}

fn run_schedule(
    run_under_test: &RunUnderTest,
    baseline: &Baseline,
    schedule: TurnSchedule,
) -> Result<PairOutcome, SimError> {
    let disk = run_under_test.disk();
    let done_before = count_done_cells(&disk)?;
    let interleaving = Interleaving::new(schedule);
    let first = run_under_test.environment(0);
    // Siblings have clocks and process tables of their own.
    let second = first
        .sibling()
        .unwrap_or_else(|| run_under_test.environment(1));
    if schedule.frozen_at.is_some() {
        // The lease of the run that stands still must have ended for the other run.
        second
            .wall_clock
            .advance(run_under_test.settings().lease + TimeDelta::seconds(1));
    }
    let run = |side, own: &Environment, other: &Environment| {
        let _leave = LeaveOnDrop(&interleaving, side);
        let view = disk.interleaved(&interleaving, side);
        let attempt = run_under_test.run_in(&view, run_under_test.request(), own, &|_| {});
        // The other run sees that the process is gone from its own next turn on.
        interleaving.finish_with(side, || other.processes.mark_gone(&own.process));
        attempt
    };
    let attempts = std::thread::scope(|scope| {
        let handle = scope.spawn(|| run(Side::First, &first, &second));
        let second_attempt = run(Side::Second, &second, &first);
        let first_attempt = handle.join();
        [
            first_attempt.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            second_attempt,
        ]
    });
    let (calls, order_digest) = interleaving.trace();
    let ends = [attempts[0].end, attempts[1].end];
    let mut violations = Vec::new();
    check_ends(
        run_under_test,
        &attempts,
        baseline,
        schedule,
        &mut violations,
    );
    // A third run completes what the two left, whatever their ends.
    let third = second
        .successor()
        .unwrap_or_else(|| run_under_test.environment(2));
    third
        .wall_clock
        .advance(run_under_test.settings().lease + TimeDelta::seconds(1));
    let last = run_under_test.run_in(&disk, run_under_test.request(), &third, &|_| {});
    let end = run_until_done(run_under_test, &disk, last.end, 3);
    if end != baseline.end {
        violations.push(Violation::EndAfterPair {
            found: end,
            expected: baseline.end,
            error: last.error().unwrap_or_default(),
        });
    }
    if let Some(difference) = read_contents(&disk)?
        .without_history()
        .difference(&baseline.books)
    {
        violations.push(Violation::PairBooks(difference));
    }
    check_no_active_run(&disk, &mut violations)?;
    // A forced run may do a cell of the other again, so the count says nothing there.
    if run_under_test.request().force.is_none() {
        let done = count_done_cells(&disk)? - done_before;
        if done != baseline.done {
            violations.push(Violation::PairCells {
                found: done,
                expected: baseline.done,
            });
        }
    }
    Ok(PairOutcome {
        ends,
        calls,
        schedule,
        violations,
        interleaving: order_digest,
    })
}

/// Ends the turns of a side even if its run panics; otherwise the other side would wait forever.
struct LeaveOnDrop<'t>(&'t Interleaving, Side);

impl Drop for LeaveOnDrop<'_> {
    fn drop(&mut self) {
        self.0.finish(self.1);
    }
}

/// Checks the two ends: at least one is the end of the baseline, and the other is that or busy. If
/// the first run stood still, it may have lost its lease, and the second may have failed, since the
/// first may have blocked it.
fn check_ends(
    run_under_test: &RunUnderTest,
    attempts: &[Attempt; 2],
    baseline: &Baseline,
    schedule: TurnSchedule,
    violations: &mut Vec<Violation>,
) {
    // With `limit`, the share of each run depends on the order.
    let partial = run_under_test.request().request.limit != Limit::None;
    let as_alone = |end: RunEnd| {
        end == baseline.end || partial && matches!(end, RunEnd::Complete | RunEnd::Incomplete)
    };
    let usual = |end: RunEnd| as_alone(end) || end == RunEnd::Busy;
    let [first, second] = [attempts[0].end, attempts[1].end];
    let one_did = as_alone(first) || as_alone(second);
    let fits = match schedule.frozen_at {
        None => usual(first) && usual(second) && one_did,
        Some(_) => {
            // The frozen run may hold a lock of the file, which the second can only wait for.
            let may_fail = usual(second) || second == RunEnd::Failed;
            let in_the_way = second == RunEnd::Failed;
            (usual(first) || first == RunEnd::LostLease) && may_fail && (one_did || in_the_way)
        }
    };
    if !fits {
        let errors = attempts.iter().filter_map(Attempt::error);
        violations.push(Violation::PairEnds {
            ends: [first, second],
            errors: errors.collect::<Vec<_>>().join("; "),
        });
    }
}
