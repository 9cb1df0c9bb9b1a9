//! Crashes a run at every point of its operation log, and checks the disks that a crash there can
//! leave.
//!
//! Each crash image is opened and recovered as the next process would do it. Many images recover to
//! the same bytes, so each distinct recovered disk is checked once.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use super::baseline::Baseline;
use super::crash_image::{CrashImage, Sampling, crash_images};
use super::finding::{Disturbance, Finding, SecondCrash};
use super::recovery::{RecoveredDisk, RecoveredImage, RecoveryCache, recover};
use super::recovery_checks::{CheckedDisk, check_recovered_disk};
use super::run_under_test::{RunUnderTest, SimError};
use super::states::RunStates;
use super::violation::Violation;
use crate::disk::SimulatedDisk;
use crate::disk::{CrashState, Digest, Operation, Tear};
use crate::parallel::map;

/// The number of points that a thread takes at a time. Each chunk must first replay the log up to
/// its first point.
const POINTS_PER_CHUNK: usize = 32;

/// The options of an exploration.
#[derive(Debug, Clone, Copy)]
pub struct ExploreOptions {
    /// The seed of sampled images.
    pub seed: u64,
    /// The number of images made at a point.
    pub extent: Sampling,
    /// The number of crashes in a row.
    pub crashes: Crashes,
    /// The number of threads; findings do not depend on it.
    pub jobs: NonZeroUsize,
}

/// The number of crashes in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crashes {
    /// Only the run crashes.
    Once,
    /// The recovery after a kill or a power cut crashes too, at each of its operations.
    Twice,
}

/// The result of exploring a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExploreReport {
    /// The number of the step in the scenario.
    pub step: String,
    /// The request of the run in a few words.
    #[serde(rename = "what")]
    pub description: String,
    /// The number of operations in the log. Points are one more: one before each operation, and one
    /// after the last.
    pub operations: usize,
    /// The digest of all operations of the log.
    pub log: Digest,
    /// The number of images that were made.
    pub images: usize,
    /// The number of distinct images, compared by their bytes.
    #[serde(rename = "different")]
    pub distinct_images: usize,
    /// The number of distinct disks after recovery.
    #[serde(rename = "recovered")]
    pub recovered_disks: usize,
    /// The number of states that the run went through, one per transaction.
    pub states: usize,
    /// The violations, in the order of points and images.
    pub findings: Vec<Finding>,
}

/// Crashes a run at every point and checks each disk that a crash can leave there.
///
/// # Errors
///
/// The store or a query fails in a part of the exploration that is not disturbed.
pub fn explore(
    run_under_test: &RunUnderTest,
    options: &ExploreOptions,
) -> Result<ExploreReport, SimError> {
    let choose =
        |_: usize, pending: &[Operation], settled| crash_images(pending, options.extent, settled);
    explore_images(
        run_under_test,
        &Baseline::record(run_under_test, options.seed)?,
        options,
        &choose,
    )
}

/// Chooses the images at a point from the pending operations. The flag is true if the operation
/// just before the point is not pending.
pub(super) type ChooseImages<'c> = dyn Fn(usize, &[Operation], bool) -> Vec<CrashImage> + Sync + 'c;

/// Explores the images that `choose` returns. They must include [`CrashImage::Killed`] at every
/// point: the allowed states are derived from these images.
pub(super) fn explore_images(
    run_under_test: &RunUnderTest,
    baseline: &Baseline,
    options: &ExploreOptions,
    choose: &ChooseImages<'_>,
) -> Result<ExploreReport, SimError> {
    let recoveries = RecoveryCache::default();
    let images = recover_images(run_under_test, baseline, options, choose, &recoveries);
    let (distinct_images, disks) = recoveries.into_parts();
    let disks: Vec<RecoveredDisk> = disks.into_values().collect();
    // A check repeats the run and costs far more than making an image, so each distinct disk is
    // checked once, in parallel.
    let checked = map(options.jobs, &disks, |disk| {
        check_recovered_disk(run_under_test, baseline, disk)
    });
    let checked = (disks.iter().map(|disk| disk.digest))
        .zip(checked)
        .map(|(digest, checked)| Ok((digest, checked?)))
        .collect::<Result<BTreeMap<Digest, CheckedDisk>, SimError>>()?;
    let states = RunStates::from_images(baseline, &images, &checked);
    let finding = |(image, violation): (&RecoveredImage, Violation)| {
        let disturbance = Disturbance::Crash {
            seed: options.seed,
            point: image.point,
            image: image.image,
            second_crash: image.second_crash,
        };
        run_under_test.finding(disturbance, violation)
    };
    Ok(ExploreReport {
        step: run_under_test.step().to_owned(),
        description: run_under_test.description().to_owned(),
        operations: baseline.log.len(),
        log: Operation::digest_of(&baseline.log),
        images: images.len(),
        distinct_images,
        recovered_disks: disks.len(),
        states: states.count(),
        findings: states.findings(&images).into_iter().map(finding).collect(),
    })
}

/// Makes and recovers the images of every point, in order.
fn recover_images(
    run_under_test: &RunUnderTest,
    baseline: &Baseline,
    options: &ExploreOptions,
    choose: &ChooseImages<'_>,
    recoveries: &RecoveryCache,
) -> Vec<RecoveredImage> {
    let points = baseline.log.len() + 1;
    let chunks: Vec<_> = (0..points).step_by(POINTS_PER_CHUNK).collect();
    let done = AtomicUsize::new(0);
    let images = map(options.jobs, &chunks, |first| {
        // Each chunk replays the log from the first operation, so that no chunk needs another.
        let mut crash_state = CrashState::from_disk(&baseline.before);
        let mut images = Vec::new();
        for point in 0..points.min(first + POINTS_PER_CHUNK) {
            let last = point.checked_sub(1).map(|index| &baseline.log[index]);
            if let Some(operation) = last {
                crash_state.apply(operation);
            }
            // Points before the chunk are only replayed.
            if point >= *first {
                let settled =
                    !matches!(last, Some(operation) if is_pending(operation, &crash_state));
                let pending = crash_state.pending();
                for image in choose(point, pending, settled) {
                    let left = crash_state.image(&image.surviving_operations(
                        pending,
                        point,
                        options.seed,
                    ));
                    let twice = options.crashes == Crashes::Twice && is_crashed_twice(image);
                    if twice {
                        crash_recovery(point, image, &left, recoveries, &mut images);
                    }
                    images.push(RecoveredImage {
                        point,
                        image,
                        second_crash: None,
                        recovered: recoveries.recover_once(left),
                    });
                }
                run_under_test.report_progress(done.fetch_add(1, Ordering::Relaxed) + 1, points);
            }
        }
        images
    });
    images.into_iter().flatten().collect()
}

/// Returns true if a power cut could undo `operation`, the one just applied.
fn is_pending(operation: &Operation, crash_state: &CrashState) -> bool {
    crash_state.pending().last() == Some(operation) && !matches!(operation, Operation::Sync { .. })
}

/// Returns true for images whose recovery is crashed too. Recovery of the other images resembles
/// recovery of these two.
fn is_crashed_twice(image: CrashImage) -> bool {
    matches!(image, CrashImage::Killed | CrashImage::PowerCut)
}

/// Crashes the recovery of an image after each of its operations, and recovers the disks that this
/// leaves. `left` is the disk of the image.
fn crash_recovery(
    point: usize,
    image: CrashImage,
    left: &SimulatedDisk,
    recoveries: &RecoveryCache,
    images: &mut Vec<RecoveredImage>,
) {
    // Equal disks recover by the same operations, so the recovery of each is crashed once.
    if !recoveries.insert_crashed(left) {
        return;
    }
    let disk = left.fork();
    disk.start_log();
    // Only the log is needed here. The caller checks the result of the undisturbed recovery.
    drop(recover(disk.clone()));
    let log = disk.end_log();
    let mut crash_state = CrashState::from_disk(left);
    for (second_point, operation) in (1..).zip(&log) {
        crash_state.apply(operation);
        let pending = crash_state.pending();
        // Three images per point: all pending operations, none, and all with the last write torn.
        for second in [
            CrashImage::Killed,
            CrashImage::PowerCut,
            CrashImage::Torn(Tear::First),
        ] {
            let disk_left =
                crash_state.image(&second.surviving_operations(pending, second_point, 0));
            images.push(RecoveredImage {
                point,
                image,
                second_crash: Some(SecondCrash {
                    point: second_point,
                    image: second,
                }),
                recovered: recoveries.recover_once(disk_left),
            });
        }
    }
}
