//! Two runs at once on one disk, taking turns at their calls as a seed says; and one of them
//! standing still in the middle while its lease ends, the other takes over, and the first wakes
//! up again.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use chrono::TimeDelta;
use serde::Serialize;

use super::course::{Course, contents, done_by_runs, finish};
use super::draws::Draws;
use super::faults::calls_of;
use super::finding::{Finding, Place};
use super::judge::nobody_at_work;
use super::subject::{Attempt, SimError, Subject};
use crate::environment::Environment;
use crate::plan::Limit;
use crate::scenario::script::RunEnd;
use crate::store::disk::{Deal, Side, Turns};

/// The longest turn that is dealt, in calls.
const LONGEST_TURN: usize = 48;

/// Which pairs are played.
#[derive(Debug, Clone, Copy)]
pub struct PairTerms {
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
pub struct Paired {
    /// Which step of the scenario it is.
    pub step: String,
    /// What is asked for.
    pub what: String,
    /// How many pairs were played.
    pub pairs: usize,
    /// In how many of them the calls were in an order of their own.
    pub orders: usize,
    /// How the two ended.
    pub ends: BTreeMap<String, usize>,
    /// What does not hold, by seed.
    pub findings: Vec<Finding>,
}

/// Plays pairs of a run.
pub fn pair(subject: &Subject, terms: &PairTerms) -> Result<Paired, SimError> {
    let course = Course::of(subject, 1)?;
    let calls = calls_of(subject).len();
    let seeds: Vec<u64> = (0..u64::from(terms.seeds))
        .map(|number| terms.seed.wrapping_add(number))
        .collect();
    let played = subject.each(terms.jobs, &seeds, |seed| {
        one_pair(subject, &course, calls, *seed)
    });
    let mut ends = BTreeMap::new();
    let mut orders = std::collections::BTreeSet::new();
    let mut findings = Vec::new();
    for (seed, played) in seeds.iter().zip(played) {
        let played = played?;
        let both = format!("{} and {}", played.ends[0], played.ends[1]);
        *ends.entry(both).or_default() += 1;
        orders.insert(played.order);
        let finding = |says| subject.finding(Place::Pair { seed: *seed }, says);
        findings.extend(played.wrong.into_iter().map(finding));
    }
    Ok(Paired {
        step: subject.number().to_owned(),
        what: subject.what().to_owned(),
        pairs: seeds.len(),
        orders: orders.len(),
        ends,
        findings,
    })
}

/// One pair of a run of so many calls: how the two ended, how many calls each made, and what does
/// not hold.
pub(super) fn one_pair(
    subject: &Subject,
    course: &Course,
    calls: usize,
    seed: u64,
) -> Result<Played, SimError> {
    play(subject, course, deal(seed, calls))
}

/// What a seed deals to two runs of so many calls. In every other pair the first stands still.
fn deal(seed: u64, calls: usize) -> Deal {
    let mut draws = Draws::new(seed, "pair");
    let longest = 1 + draws.below(LONGEST_TURN) as u32;
    let frozen = draws.percent(50);
    let at = draws.below(calls) as u64;
    Deal {
        seed,
        longest,
        frozen_at: frozen.then_some(at),
    }
}

/// What came of a pair.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) ends: [RunEnd; 2],
    pub(super) calls: [u64; 2],
    pub(super) deal: Deal,
    pub(super) wrong: Vec<String>,
    order: crate::store::disk::Digest,
}

fn play(subject: &Subject, course: &Course, deal: Deal) -> Result<Played, SimError> {
    let disk = subject.disk();
    let done_before = done_by_runs(&disk)?;
    let turns = Turns::new(deal);
    let first = subject.environment(0);
    let second = first.sibling().unwrap_or_else(|| subject.environment(1));
    if deal.frozen_at.is_some() {
        // By then the lease of who stands still is over.
        second
            .wall_clock
            .advance(subject.settings().lease + TimeDelta::seconds(1));
    }
    let run = |side, own: &Environment, other: &Environment| {
        let _gone = DropOut(&turns, side);
        let view = disk.shared_by(&turns, side);
        let attempt = subject.make_in(&view, subject.asked(), own, &|_| {});
        // From here on the other sees that the process is gone.
        turns.leave(side, || other.processes.mark_gone(&own.process));
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
    let (calls, order) = turns.told();
    let ends = [attempts[0].end, attempts[1].end];
    let mut wrong = Vec::new();
    fitting(subject, &attempts, course, deal, &mut wrong);
    let third = second.successor().unwrap_or_else(|| subject.environment(2));
    third
        .wall_clock
        .advance(subject.settings().lease + TimeDelta::seconds(1));
    let last = subject.make_in(&disk, subject.asked(), &third, &|_| {});
    let end = finish(subject, &disk, last.end, 3);
    if end != course.end {
        let error = last.error().unwrap_or_default();
        wrong.push(format!(
            "the run after them ends {end} and not {} ({error})",
            course.end
        ));
    }
    if let Some(difference) = contents(&disk)?.without_history().difference(&course.books) {
        wrong.push(format!("they leave other books: {difference}"));
    }
    nobody_at_work(&disk, &mut wrong)?;
    if subject.asked().force.is_none() {
        let done = done_by_runs(&disk)? - done_before;
        if done != course.done {
            wrong.push(format!(
                "{done} cells were committed, and {} were due",
                course.done
            ));
        }
    }
    Ok(Played {
        ends,
        calls,
        deal,
        wrong,
        order,
    })
}

/// Ends the turns of a side whose run panicked: the other would wait for ever.
struct DropOut<'t>(&'t Turns, Side);

impl Drop for DropOut<'_> {
    fn drop(&mut self) {
        self.0.drop_out(self.1);
    }
}

/// How two runs may end: one as it would alone, the other because that one was at work or with
/// nothing left to do. Who stood still may have lost its lease, and may have been in the way.
fn fitting(
    subject: &Subject,
    attempts: &[Attempt; 2],
    course: &Course,
    deal: Deal,
    wrong: &mut Vec<String>,
) {
    // One that does only a part may leave more or less to the other.
    let partial = subject.asked().request.limit != Limit::None;
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
