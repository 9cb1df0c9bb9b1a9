//! Reproduces one finding in detail: the disturbance of the run, and the violations.

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
use super::violation::Violation;
use crate::disk::{Allocations, Call, CrashState, FaultDuration, InjectedDiskFault, Operation};
use crate::parallel::available_threads;
use crate::scenario::script::RunEnd;

/// A reproduced finding in detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReplayReport {
    /// The number of the step in the scenario.
    pub step: String,
    /// The request of the run in a few words.
    #[serde(rename = "what")]
    pub description: String,
    /// The disturbance of the run, in detail.
    #[serde(rename = "story")]
    pub detail: ReplayDetail,
    /// The violations that the token reproduces.
    pub findings: Vec<Finding>,
}

/// The disturbance of a run, in detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplayDetail {
    /// The run crashed at a point.
    #[serde(rename_all = "kebab-case")]
    Crash {
        /// The number of operations of the undisturbed run.
        operations: usize,
        /// The last operation before the crash; none at point 0.
        last: Option<String>,
        /// The operations that a power cut could undo, in order.
        pending: Vec<PendingOperation>,
    },
    /// A call of the disk failed.
    #[serde(rename_all = "kebab-case")]
    Fault {
        /// The number of calls of the undisturbed run.
        calls: usize,
        /// The kind of call that failed.
        call: Call,
        /// The end of the disturbed run.
        end: RunEnd,
    },
    /// An allocation of SQLite failed.
    #[serde(rename_all = "kebab-case")]
    Memory {
        /// The number of allocations of the undisturbed run.
        allocations: u64,
        /// The end of the disturbed run.
        end: RunEnd,
    },
    /// A second run was made at the same time.
    #[serde(rename_all = "kebab-case")]
    Pair {
        /// The longest turn of either run, in calls.
        longest_turn: u32,
        /// The call before which the first run stood still, if it did.
        frozen_at: Option<u64>,
        /// The number of calls of each run.
        calls: [u64; 2],
        /// The end of each run.
        ends: [RunEnd; 2],
    },
}

/// An operation that a power cut could undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PendingOperation {
    /// The operation in a few words.
    pub operation: String,
    /// The part of the operation that survived.
    #[serde(rename = "left")]
    pub survival: Survival,
}

/// The part of an operation that survived a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Survival {
    /// The whole operation reached the medium.
    #[serde(rename = "whole")]
    Full,
    /// Some sectors of the write reached the medium.
    Torn,
    /// Nothing of it reached the medium.
    #[serde(rename = "nothing")]
    Lost,
}

/// Reproduces the finding of a token.
///
/// # Errors
///
/// The run has no such place, the token is of a generated scenario, memory can't be watched any
/// more, or the simulation itself fails.
pub fn replay(
    run_under_test: &RunUnderTest,
    token: &ReplayToken,
) -> Result<ReplayReport, SimError> {
    let (detail, violations) = match token.disturbance {
        Disturbance::Crash {
            seed,
            point,
            image,
            second_crash: again,
        } => {
            let crashes = again.map_or(Crashes::Once, |_| Crashes::Twice);
            replay_crash(run_under_test, token, (seed, point, image), crashes)
        }
        Disturbance::Fault(injected) => replay_fault(run_under_test, injected),
        Disturbance::Memory {
            allocation: at,
            lasting,
        } => replay_memory(run_under_test, at, lasting),
        Disturbance::Pair { seed } => replay_pair(run_under_test, seed),
        Disturbance::Fuzz { .. } | Disturbance::History { .. } => {
            Err(SimError::NoStep(String::new()))
        }
    }?;
    Ok(ReplayReport {
        step: run_under_test.step().to_owned(),
        description: run_under_test.description().to_owned(),
        detail,
        findings: (violations.into_iter())
            .map(|violation| run_under_test.finding(token.disturbance, violation))
            .collect(),
    })
}

/// A disturbance in detail, with the violations after it.
type DetailAndViolations = (ReplayDetail, Vec<Violation>);

fn replay_fault(
    run_under_test: &RunUnderTest,
    injected: InjectedDiskFault,
) -> Result<DetailAndViolations, SimError> {
    let calls = record_calls(run_under_test);
    let call = calls
        .get(injected.at)
        .copied()
        .ok_or(SimError::OutOfRange {
            requested: injected.at,
            available: calls.len(),
        })?;
    let baseline = Baseline::record(run_under_test, 1)?;
    let (end, violations) = run_with_fault(&DiskChecker::new(run_under_test, &baseline), injected)?;
    let detail = ReplayDetail::Fault {
        calls: calls.len(),
        call,
        end,
    };
    Ok((detail, violations))
}

fn replay_memory(
    run_under_test: &RunUnderTest,
    at: u64,
    lasting: FaultDuration,
) -> Result<DetailAndViolations, SimError> {
    // First of all: SQLite must not have allocated before.
    let watched_allocations = Allocations::install().ok_or(SimError::MemoryInUse)?;
    let baseline = Baseline::record(run_under_test, 1)?;
    let allocations = count_allocations(run_under_test, watched_allocations);
    let checker = DiskChecker::new(run_under_test, &baseline);
    let (end, violations) = run_out_of_memory(&checker, watched_allocations, at, lasting)?;
    let detail = ReplayDetail::Memory { allocations, end };
    Ok((detail, violations))
}

fn replay_pair(run_under_test: &RunUnderTest, seed: u64) -> Result<DetailAndViolations, SimError> {
    let baseline = Baseline::record_unseeded(run_under_test)?;
    let calls = record_calls(run_under_test).len();
    let outcome = run_pair(run_under_test, &baseline, calls, seed)?;
    let detail = ReplayDetail::Pair {
        longest_turn: outcome.schedule.max_calls,
        frozen_at: outcome.schedule.frozen_at,
        calls: outcome.calls,
        ends: outcome.ends,
    };
    Ok((detail, outcome.violations))
}

fn replay_crash(
    run_under_test: &RunUnderTest,
    token: &ReplayToken,
    (seed, point, image): (u64, usize, CrashImage),
    crashes: Crashes,
) -> Result<DetailAndViolations, SimError> {
    let baseline = Baseline::record(run_under_test, seed)?;
    let operations = baseline.log.len();
    if point > operations {
        return Err(SimError::OutOfRange {
            requested: point,
            available: operations,
        });
    }
    let options = ExploreOptions {
        seed,
        extent: Sampling {
            // `choose` names the images, so nothing is sampled.
            exhaustive: 0,
            samples: 0,
        },
        crashes,
        jobs: available_threads(),
    };
    // Killed processes at every point are needed to know which states may be found.
    let choose = |at: usize, _: &[Operation], _| {
        let requested = (at == point && image != CrashImage::Killed).then_some(image);
        std::iter::once(CrashImage::Killed)
            .chain(requested)
            .collect()
    };
    let report = explore_images(run_under_test, &baseline, &options, &choose)?;
    // A replay makes other images too; only the findings of the token are asked for.
    let matching = report
        .findings
        .into_iter()
        .filter(|finding| finding.token == *token);
    let violations = matching.map(|finding| finding.violation).collect();
    let detail = ReplayDetail::Crash {
        operations,
        last: point
            .checked_sub(1)
            .map(|last| operation_text(&baseline.log[last])),
        pending: pending_operations(&baseline, seed, point, image),
    };
    Ok((detail, violations))
}

fn pending_operations(
    baseline: &Baseline,
    seed: u64,
    point: usize,
    image: CrashImage,
) -> Vec<PendingOperation> {
    let mut crash_state = CrashState::from_disk(&baseline.before);
    let applied = baseline.log[..point].iter();
    applied.for_each(|operation| crash_state.apply(operation));
    let kept = image.surviving_operations(crash_state.pending(), point, seed);
    let pending = crash_state.pending().iter().enumerate();
    let operations = pending.map(|(at, operation)| PendingOperation {
        operation: operation_text(operation),
        survival: match kept.torn {
            Some((torn, _)) if torn == at => Survival::Torn,
            _ if kept.complete.get(at) == Some(&true) => Survival::Full,
            _ => Survival::Lost,
        },
    });
    operations.collect()
}

fn operation_text(operation: &Operation) -> String {
    match operation {
        Operation::Create { file, name } => format!("make file {} as `{name}`", file.0),
        Operation::Write { file, at, bytes } => {
            format!("write {} bytes at {at} of file {}", bytes.len(), file.0)
        }
        Operation::Truncate { file, length } => format!("cut file {} to {length} bytes", file.0),
        Operation::Sync { file, .. } => format!("sync file {}", file.0),
        Operation::Link { file, name } => format!("link file {} to `{name}`", file.0),
        Operation::SyncNames => "sync names".to_owned(),
        Operation::Delete { name, .. } => format!("delete `{name}`"),
        Operation::Rename { from, to } => format!("rename `{from}` to `{to}`"),
    }
}
