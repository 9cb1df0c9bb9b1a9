//! Two runs at once on one disk, taking turns at their calls as a seed says; and one of them
//! standing still in the middle while its lease ends, the other takes over, and the first wakes
//! up again.

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
use crate::environment::Environment;
use crate::plan::Limit;
use crate::scenario::script::RunEnd;
use crate::store::disk::{Interleaving, Side, TurnSchedule};

/// The longest turn that is dealt, in calls.
const LONGEST_TURN: usize = 48;

/// Which pairs are played.
#[derive(Debug, Clone, Copy)]
pub struct PairOptions {
    /// The first seed.
    pub seed: u64,
    /// How many seeds from there on.
    pub seeds: u32,
    /// How many pairs at once.
    pub jobs: NonZeroUsize,
}

/// What came of pairs of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PairReport {
    /// Which step of the scenario it is.
    pub step: String,
    /// What is asked for.
    #[serde(rename = "what")]
    pub description: String,
    /// How many pairs were played.
    pub pairs: usize,
    /// In how many of them the calls were in an order of their own.
    #[serde(rename = "orders")]
    pub interleavings: usize,
    /// How the two ended.
    pub ends: BTreeMap<String, usize>,
    /// What does not hold, by seed.
    pub findings: Vec<Finding>,
}

/// Plays pairs of a run.
pub fn run_pairs(subject: &RunUnderTest, terms: &PairOptions) -> Result<PairReport, SimError> {
    let course = Baseline::record(subject, 1)?;
    let calls = record_calls(subject).len();
    let seeds: Vec<u64> = (0..u64::from(terms.seeds))
        .map(|number| terms.seed.wrapping_add(number))
        .collect();
    let played = subject.map_parallel(terms.jobs, &seeds, |seed| {
        run_pair(subject, &course, calls, *seed)
    });
    let mut ends = BTreeMap::new();
    let mut orders = std::collections::BTreeSet::new();
    let mut findings = Vec::new();
    for (seed, played) in seeds.iter().zip(played) {
        let played = played?;
        let both = format!("{} and {}", played.ends[0], played.ends[1]);
        *ends.entry(both).or_default() += 1;
        orders.insert(played.interleaving);
        let finding = |says| subject.finding(Disturbance::Pair { seed: *seed }, says);
        findings.extend(played.violations.into_iter().map(finding));
    }
    Ok(PairReport {
        step: subject.step().to_owned(),
        description: subject.description().to_owned(),
        pairs: seeds.len(),
        interleavings: orders.len(),
        ends,
        findings,
    })
}

/// One pair of a run of so many calls: how the two ended, how many calls each made, and what does
/// not hold.
pub(super) fn run_pair(
    subject: &RunUnderTest,
    course: &Baseline,
    calls: usize,
    seed: u64,
) -> Result<PairOutcome, SimError> {
    run_schedule(subject, course, schedule(seed, calls))
}

/// What a seed deals to two runs of so many calls. In every other pair the first stands still.
fn schedule(seed: u64, calls: usize) -> TurnSchedule {
    let mut draws = RandomSource::new(seed, "pair");
    let longest = 1 + draws.below(LONGEST_TURN) as u32;
    let frozen = draws.chance(50);
    let at = draws.below(calls) as u64;
    TurnSchedule {
        seed,
        max_calls: longest,
        frozen_at: frozen.then_some(at),
    }
}

/// What came of a pair.
#[derive(Debug)]
pub(super) struct PairOutcome {
    pub(super) ends: [RunEnd; 2],
    pub(super) calls: [u64; 2],
    pub(super) schedule: TurnSchedule,
    pub(super) violations: Vec<String>,
    interleaving: crate::store::disk::Digest,
}

fn run_schedule(
    subject: &RunUnderTest,
    course: &Baseline,
    deal: TurnSchedule,
) -> Result<PairOutcome, SimError> {
    let disk = subject.disk();
    let done_before = count_done_cells(&disk)?;
    let turns = Interleaving::new(deal);
    let first = subject.environment(0);
    let second = first.sibling().unwrap_or_else(|| subject.environment(1));
    if deal.frozen_at.is_some() {
        // By then the lease of who stands still is over.
        second
            .wall_clock
            .advance(subject.settings().lease + TimeDelta::seconds(1));
    }
    let run = |side, own: &Environment, other: &Environment| {
        let _gone = LeaveOnDrop(&turns, side);
        let view = disk.interleaved(&turns, side);
        let attempt = subject.run_in(&view, subject.request(), own, &|_| {});
        // From here on the other sees that the process is gone.
        turns.finish_with(side, || other.processes.mark_gone(&own.process));
        attempt
    };
    let attempts = std::thread::scope(|scope| {
        let one = scope.spawn(|| run(Side::First, &first, &second));
        let two = run(Side::Second, &second, &first);
        let one = one.join();
        [
            one.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            two,
        ]
    });
    let (calls, order) = turns.trace();
    let ends = [attempts[0].end, attempts[1].end];
    let mut wrong = Vec::new();
    check_ends(subject, &attempts, course, deal, &mut wrong);
    let third = second.successor().unwrap_or_else(|| subject.environment(2));
    third
        .wall_clock
        .advance(subject.settings().lease + TimeDelta::seconds(1));
    let last = subject.run_in(&disk, subject.request(), &third, &|_| {});
    let end = run_until_done(subject, &disk, last.end, 3);
    if end != course.end {
        let error = last.error().unwrap_or_default();
        wrong.push(format!(
            "the run after them ends {end} and not {} ({error})",
            course.end
        ));
    }
    if let Some(difference) = read_contents(&disk)?
        .without_history()
        .difference(&course.books)
    {
        wrong.push(format!("they leave other books: {difference}"));
    }
    check_no_active_run(&disk, &mut wrong)?;
    if subject.request().force.is_none() {
        let done = count_done_cells(&disk)? - done_before;
        if done != course.done {
            wrong.push(format!(
                "{done} cells were committed, and {} were due",
                course.done
            ));
        }
    }
    Ok(PairOutcome {
        ends,
        calls,
        schedule: deal,
        violations: wrong,
        interleaving: order,
    })
}

/// Ends the turns of a side whose run panicked: the other would wait for ever.
struct LeaveOnDrop<'t>(&'t Interleaving, Side);

impl Drop for LeaveOnDrop<'_> {
    fn drop(&mut self) {
        self.0.finish(self.1);
    }
}

/// How two runs may end: one as it would alone, the other because that one was at work or with
/// nothing left to do. Who stood still may have lost its lease, and may have been in the way.
fn check_ends(
    subject: &RunUnderTest,
    attempts: &[Attempt; 2],
    course: &Baseline,
    deal: TurnSchedule,
    wrong: &mut Vec<String>,
) {
    // One that does only a part may leave more or less to the other.
    let partial = subject.request().request.limit != Limit::None;
    let as_alone = |end: RunEnd| {
        end == course.end || partial && matches!(end, RunEnd::Complete | RunEnd::Incomplete)
    };
    let usual = |end: RunEnd| as_alone(end) || end == RunEnd::Busy;
    let [first, second] = [attempts[0].end, attempts[1].end];
    let one_did = as_alone(first) || as_alone(second);
    let fits = match deal.frozen_at {
        None => usual(first) && usual(second) && one_did,
        Some(_) => {
            let may_fail = usual(second) || second == RunEnd::Failed;
            let in_the_way = second == RunEnd::Failed;
            (usual(first) || first == RunEnd::LostLease) && may_fail && (one_did || in_the_way)
        }
    };
    if !fits {
        let said = attempts.iter().filter_map(Attempt::error);
        let said = said.collect::<Vec<_>>().join("; ");
        wrong.push(format!("the two end {first} and {second} ({said})"));
    }
}
