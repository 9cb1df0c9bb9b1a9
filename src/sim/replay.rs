//! One finding again, told in detail: what happened to the run, and what does not hold.

use serde::Serialize;

use super::baseline::Baseline;
use super::crash_image::{CrashImage, Sampling};
use super::disk_checks::DiskChecker;
use super::explore::{Crashes, ExploreOptions, explore_images};
use super::faults::{record_calls, run_with_fault};
use super::finding::{Disturbance, Finding, ReplayToken};
use super::memory::{count_allocations, run_out_of_memory};
use super::pair::run_pair;
use super::run_under_test::{RunUnderTest, SimError};
use crate::parallel::available_threads;
use crate::scenario::script::RunEnd;
use crate::store::disk::{
    Allocations, Call, CrashState, FaultDuration, InjectedDiskFault, Operation,
};

/// What a token speaks of, told in detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReplayReport {
    /// Which step of the scenario the run is.
    pub step: String,
    /// What is asked for.
    #[serde(rename = "what")]
    pub description: String,
    /// What happened to it.
    #[serde(rename = "story")]
    pub detail: ReplayDetail,
    /// What does not hold.
    pub findings: Vec<Finding>,
}

/// What happened to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplayDetail {
    /// It crashed.
    #[serde(rename_all = "kebab-case")]
    Crash {
        /// How many operations the run makes in all.
        operations: usize,
        /// The last operation before the crash, if any came before it.
        last: Option<String>,
        /// The operations that a power cut could undo, in order.
        pending: Vec<PendingOperation>,
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
pub struct PendingOperation {
    /// What was done.
    pub operation: String,
    /// Whether it was left.
    #[serde(rename = "left")]
    pub survival: Survival,
}

/// What was left of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Survival {
    /// All of it.
    #[serde(rename = "whole")]
    Full,
    /// Some of its sectors.
    Torn,
    /// Nothing.
    #[serde(rename = "nothing")]
    Lost,
}

/// Sees a finding again.
///
/// # Errors
///
/// Where the run has no such place, beside what simulations fail of.
pub fn replay(subject: &RunUnderTest, token: &ReplayToken) -> Result<ReplayReport, SimError> {
    let (story, wrong) = match token.disturbance {
        Disturbance::Crash {
            seed,
            point,
            image,
            second_crash: again,
        } => {
            let crashes = again.map_or(Crashes::Once, |_| Crashes::Twice);
            replay_crash(subject, token, (seed, point, image), crashes)
        }
        Disturbance::Fault(strike) => replay_fault(subject, strike),
        Disturbance::Memory {
            allocation: at,
            lasting,
        } => replay_memory(subject, at, lasting),
        Disturbance::Pair { seed } => replay_pair(subject, seed),
        Disturbance::Fuzz { .. } => Err(SimError::NoStep(String::new())),
    }?;
    Ok(ReplayReport {
        step: subject.step().to_owned(),
        description: subject.description().to_owned(),
        detail: story,
        findings: (wrong.into_iter())
            .map(|says| subject.finding(token.disturbance, says))
            .collect(),
    })
}

/// What happened, and what does not hold.
type DetailAndViolations = (ReplayDetail, Vec<String>);

fn replay_fault(
    subject: &RunUnderTest,
    strike: InjectedDiskFault,
) -> Result<DetailAndViolations, SimError> {
    let calls = record_calls(subject);
    let call = calls.get(strike.at).copied().ok_or(SimError::OutOfRange {
        requested: strike.at,
        available: calls.len(),
    })?;
    let course = Baseline::record(subject, 1)?;
    let (end, wrong) = run_with_fault(&DiskChecker::new(subject, &course), strike)?;
    let story = ReplayDetail::Fault {
        calls: calls.len(),
        call,
        end,
    };
    Ok((story, wrong))
}

fn replay_memory(
    subject: &RunUnderTest,
    at: u64,
    lasting: FaultDuration,
) -> Result<DetailAndViolations, SimError> {
    let watched = Allocations::install().ok_or(SimError::MemoryInUse)?;
    let course = Baseline::record(subject, 1)?;
    let allocations = count_allocations(subject, watched);
    let leftovers = DiskChecker::new(subject, &course);
    let (end, wrong) = run_out_of_memory(&leftovers, watched, at, lasting)?;
    let story = ReplayDetail::Memory { allocations, end };
    Ok((story, wrong))
}

fn replay_pair(subject: &RunUnderTest, seed: u64) -> Result<DetailAndViolations, SimError> {
    let course = Baseline::record_unseeded(subject)?;
    let calls = record_calls(subject).len();
    let played = run_pair(subject, &course, calls, seed)?;
    let story = ReplayDetail::Pair {
        longest_turn: played.schedule.max_calls,
        frozen_at: played.schedule.frozen_at,
        calls: played.calls,
        ends: played.ends,
    };
    Ok((story, played.violations))
}

fn replay_crash(
    subject: &RunUnderTest,
    token: &ReplayToken,
    (seed, point, image): (u64, usize, CrashImage),
    crashes: Crashes,
) -> Result<DetailAndViolations, SimError> {
    let course = Baseline::record(subject, seed)?;
    let operations = course.log.len();
    if point > operations {
        return Err(SimError::OutOfRange {
            requested: point,
            available: operations,
        });
    }
    let terms = ExploreOptions {
        seed,
        extent: Sampling {
            exhaustive: 0,
            samples: 0,
        },
        crashes,
        jobs: available_threads(),
    };
    let choose = |at: usize, _: &[Operation], _| {
        let asked = (at == point && image != CrashImage::Killed).then_some(image);
        std::iter::once(CrashImage::Killed).chain(asked).collect()
    };
    let explored = explore_images(subject, &course, &terms, &choose)?;
    let meant = explored
        .findings
        .into_iter()
        .filter(|one| one.token == *token);
    let wrong = meant.map(|one| one.message).collect();
    let story = ReplayDetail::Crash {
        operations,
        last: point
            .checked_sub(1)
            .map(|last| operation_text(&course.log[last])),
        pending: pending_operations(&course, seed, point, image),
    };
    Ok((story, wrong))
}

fn pending_operations(
    course: &Baseline,
    seed: u64,
    point: usize,
    image: CrashImage,
) -> Vec<PendingOperation> {
    let mut aftermath = CrashState::from_disk(&course.before);
    let passed = course.log[..point].iter();
    passed.for_each(|operation| aftermath.apply(operation));
    let kept = image.surviving_operations(aftermath.pending(), point, seed);
    let pending = aftermath.pending().iter().enumerate();
    let told = pending.map(|(at, operation)| PendingOperation {
        operation: operation_text(operation),
        survival: match kept.torn {
            Some((torn, _)) if torn == at => Survival::Torn,
            _ if kept.complete.get(at) == Some(&true) => Survival::Full,
            _ => Survival::Lost,
        },
    });
    told.collect()
}

fn operation_text(operation: &Operation) -> String {
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
