//! One finding again, told in detail: what happened to the run, and what does not hold.

use serde::Serialize;

use super::course::Course;
use super::explore::{Crashes, ExploreTerms, explore_images};
use super::faults::{calls_of, struck};
use super::finding::{Finding, Place, Token};
use super::image::{Extent, Image};
use super::leftovers::Leftovers;
use super::memory::{allocations_of, run_short};
use super::pair::one_pair;
use super::subject::{SimError, Subject};
use crate::parallel::available_threads;
use crate::scenario::script::RunEnd;
use crate::store::disk::{
    Aftermath, Allocations, Call, FaultDuration, InjectedDiskFault, Operation,
};

/// What a token speaks of, told in detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Replayed {
    /// Which step of the scenario the run is.
    pub step: String,
    /// What is asked for.
    pub what: String,
    /// What happened to it.
    pub story: Story,
    /// What does not hold.
    pub findings: Vec<Finding>,
}

/// What happened to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Story {
    /// It crashed.
    #[serde(rename_all = "kebab-case")]
    Crash {
        /// How many operations the run makes in all.
        operations: usize,
        /// The last operation before the crash, if any came before it.
        last: Option<String>,
        /// The operations that a power cut could undo, in order.
        pending: Vec<Pending>,
    },
    /// A call went wrong.
    #[serde(rename_all = "kebab-case")]
    Fault {
        /// How many calls the undisturbed run makes.
        calls: usize,
        /// What was asked by the call.
        call: Call,
        /// How the run ended.
        end: RunEnd,
    },
    /// SQLite got no memory.
    #[serde(rename_all = "kebab-case")]
    Memory {
        /// How many allocations the undisturbed run makes.
        allocations: u64,
        /// How the run ended.
        end: RunEnd,
    },
    /// It met another.
    #[serde(rename_all = "kebab-case")]
    Pair {
        /// How many calls a turn has at most.
        longest_turn: u32,
        /// Before which of its calls the first one stood still.
        frozen_at: Option<u64>,
        /// How many calls each made.
        calls: [u64; 2],
        /// How they ended.
        ends: [RunEnd; 2],
    },
}

/// An operation that a power cut could undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pending {
    /// What was done.
    pub operation: String,
    /// Whether it was left.
    pub left: Left,
}

/// What was left of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Left {
    /// All of it.
    Whole,
    /// Some of its sectors.
    Torn,
    /// Nothing.
    Nothing,
}

/// Sees a finding again.
///
/// # Errors
///
/// Where the run has no such place, beside what simulations fail of.
pub fn replay(subject: &Subject, token: &Token) -> Result<Replayed, SimError> {
    let (story, wrong) = match token.place {
        Place::Crash {
            seed,
            point,
            image,
            again,
        } => {
            let crashes = again.map_or(Crashes::Once, |_| Crashes::Twice);
            crash(subject, token, (seed, point, image), crashes)
        }
        Place::Fault(strike) => fault(subject, strike),
        Place::Memory { at, lasting } => ran_short(subject, at, lasting),
        Place::Pair { seed } => met(subject, seed),
        Place::Tale { .. } => Err(SimError::NoStep(String::new())),
    }?;
    Ok(Replayed {
        step: subject.number().to_owned(),
        what: subject.what().to_owned(),
        story,
        findings: (wrong.into_iter())
            .map(|says| subject.finding(token.place, says))
            .collect(),
    })
}

/// What happened, and what does not hold.
type Told = (Story, Vec<String>);

fn fault(subject: &Subject, strike: InjectedDiskFault) -> Result<Told, SimError> {
    let calls = calls_of(subject);
    let call = calls.get(strike.at).copied().ok_or(SimError::NoPlace {
        asked: strike.at,
        of: calls.len(),
    })?;
    let course = Course::of(subject, 1)?;
    let (end, wrong) = struck(&Leftovers::of(subject, &course), strike)?;
    let story = Story::Fault {
        calls: calls.len(),
        call,
        end,
    };
    Ok((story, wrong))
}

fn ran_short(subject: &Subject, at: u64, lasting: FaultDuration) -> Result<Told, SimError> {
    let watched = Allocations::watched().ok_or(SimError::MemoryAtWork)?;
    let course = Course::of(subject, 1)?;
    let allocations = allocations_of(subject, watched);
    let leftovers = Leftovers::of(subject, &course);
    let (end, wrong) = run_short(&leftovers, watched, at, lasting)?;
    let story = Story::Memory { allocations, end };
    Ok((story, wrong))
}

fn met(subject: &Subject, seed: u64) -> Result<Told, SimError> {
    let course = Course::undrawn(subject)?;
    let calls = calls_of(subject).len();
    let played = one_pair(subject, &course, calls, seed)?;
    let story = Story::Pair {
        longest_turn: played.deal.longest,
        frozen_at: played.deal.frozen_at,
        calls: played.calls,
        ends: played.ends,
    };
    Ok((story, played.wrong))
}

fn crash(
    subject: &Subject,
    token: &Token,
    (seed, point, image): (u64, usize, Image),
    crashes: Crashes,
) -> Result<Told, SimError> {
    let course = Course::of(subject, seed)?;
    let operations = course.log.len();
    if point > operations {
        return Err(SimError::NoPlace {
            asked: point,
            of: operations,
        });
    }
    let terms = ExploreTerms {
        seed,
        extent: Extent {
            exhaustive: 0,
            samples: 0,
        },
        crashes,
        jobs: available_threads(),
    };
    let choose = |at: usize, _: &[Operation], _| {
        let asked = (at == point && image != Image::Killed).then_some(image);
        std::iter::once(Image::Killed).chain(asked).collect()
    };
    let explored = explore_images(subject, &course, &terms, &choose)?;
    let meant = explored
        .findings
        .into_iter()
        .filter(|one| one.token == *token);
    let wrong = meant.map(|one| one.says).collect();
    let story = Story::Crash {
        operations,
        last: point.checked_sub(1).map(|last| words(&course.log[last])),
        pending: pending(&course, seed, point, image),
    };
    Ok((story, wrong))
}

fn pending(course: &Course, seed: u64, point: usize, image: Image) -> Vec<Pending> {
    let mut aftermath = Aftermath::of(&course.before);
    let passed = course.log[..point].iter();
    passed.for_each(|operation| aftermath.pass(operation));
    let kept = image.kept(aftermath.pending(), point, seed);
    let pending = aftermath.pending().iter().enumerate();
    let told = pending.map(|(at, operation)| Pending {
        operation: words(operation),
        left: match kept.torn {
            Some((torn, _)) if torn == at => Left::Torn,
            _ if kept.whole.get(at) == Some(&true) => Left::Whole,
            _ => Left::Nothing,
        },
    });
    told.collect()
}

fn words(operation: &Operation) -> String {
    match operation {
        Operation::Create { file, name } => format!("make file {} as `{name}`", file.0),
        Operation::Write { file, at, bytes } => {
            format!("write {} bytes at {at} of file {}", bytes.len(), file.0)
        }
        Operation::Truncate { file, length } => format!("cut file {} to {length} bytes", file.0),
        Operation::Sync { file, .. } => format!("sync file {}", file.0),
        Operation::Delete { name, .. } => format!("delete `{name}`"),
        Operation::Rename { from, to } => format!("rename `{from}` to `{to}`"),
    }
}
