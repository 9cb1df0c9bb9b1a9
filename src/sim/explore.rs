//! Every crash point of a run, and every disk that can be found after it.
//!
//! Each image is opened and recovered as the next process would. What comes of that is looked at
//! once for every disk that is byte for byte the same: many images recover to one.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use super::baseline::Baseline;
use super::crash_image::{CrashImage, Sampling, crash_images};
use super::finding::{Disturbance, Finding, SecondCrash};
use super::recovery::{RecoveredDisk, RecoveryCache, recover};
use super::recovery_checks::{CheckedDisk, check_recovered_disk};
use super::run_under_test::{RunUnderTest, SimError};
use super::states::RunStates;
use crate::parallel::map;
use crate::store::SimulatedDisk;
use crate::store::disk::{CrashState, Digest, Operation, Tear};

/// How many points a thread takes at a time.
const POINTS_PER_CHUNK: usize = 32;

/// How a run is explored.
#[derive(Debug, Clone, Copy)]
pub struct ExploreOptions {
    /// What samples are chosen by.
    pub seed: u64,
    /// How many images are made at a point.
    pub extent: Sampling,
    /// Whether recoveries crash too.
    pub crashes: Crashes,
    /// On how many threads. What is found does not depend on it.
    pub jobs: NonZeroUsize,
}

/// Whether recoveries crash too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crashes {
    /// Only the run does.
    Once,
    /// So does each recovery of a process that was killed and of a power cut, at every point.
    Twice,
}

/// What came of exploring a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExploreReport {
    /// Which step of the scenario it is.
    pub step: String,
    /// What is asked for.
    #[serde(rename = "what")]
    pub description: String,
    /// The operations of its log, which are the points but one.
    pub operations: usize,
    /// What that log comes to, byte for byte.
    pub log: Digest,
    /// The images that were made.
    pub images: usize,
    /// How many of them were different disks.
    #[serde(rename = "different")]
    pub distinct_images: usize,
    /// How many different disks they recovered to.
    #[serde(rename = "recovered")]
    pub recovered_disks: usize,
    /// The states that the run went through, one a transaction.
    pub states: usize,
    /// What does not hold, by point and image.
    pub findings: Vec<Finding>,
}

/// An image and what recovery made of it.
#[derive(Debug)]
pub(super) struct RecoveredImage {
    pub(super) point: usize,
    pub(super) image: CrashImage,
    /// Where that recovery crashed too, if it did.
    pub(super) second_crash: Option<SecondCrash>,
    pub(super) recovered: Result<Digest, String>,
}

/// Explores a run.
pub fn explore(subject: &RunUnderTest, terms: &ExploreOptions) -> Result<ExploreReport, SimError> {
    let choose =
        |_: usize, pending: &[Operation], settled| crash_images(pending, terms.extent, settled);
    explore_images(
        subject,
        &Baseline::record(subject, terms.seed)?,
        terms,
        &choose,
    )
}

/// Which images are made at a point, with these operations pending; whether the last operation
/// of all is settled, and so not among them.
pub(super) type ChooseImages<'c> = dyn Fn(usize, &[Operation], bool) -> Vec<CrashImage> + Sync + 'c;

/// Explores some images. Without a killed process at every point it is not known which states
/// may be found.
pub(super) fn explore_images(
    subject: &RunUnderTest,
    course: &Baseline,
    terms: &ExploreOptions,
    choose: &ChooseImages<'_>,
) -> Result<ExploreReport, SimError> {
    let recoveries = RecoveryCache::default();
    let made = recover_images(subject, course, terms, choose, &recoveries);
    let (different, disks) = recoveries.into_parts();
    let disks: Vec<RecoveredDisk> = disks.into_values().collect();
    let judged = map(terms.jobs, &disks, |disk| {
        check_recovered_disk(subject, course, disk)
    });
    let judged = (disks.iter().map(|disk| disk.digest))
        .zip(judged)
        .map(|(digest, judged)| Ok((digest, judged?)))
        .collect::<Result<BTreeMap<Digest, CheckedDisk>, SimError>>()?;
    let states = RunStates::from_images(course, &made, &judged);
    let finding = |(made, says): (&RecoveredImage, String)| {
        let place = Disturbance::Crash {
            seed: terms.seed,
            point: made.point,
            image: made.image,
            second_crash: made.second_crash,
        };
        subject.finding(place, says)
    };
    Ok(ExploreReport {
        step: subject.step().to_owned(),
        description: subject.description().to_owned(),
        operations: course.log.len(),
        log: Operation::digest_of(&course.log),
        images: made.len(),
        distinct_images: different,
        recovered_disks: disks.len(),
        states: states.count(),
        findings: states.findings(&made).into_iter().map(finding).collect(),
    })
}

/// Makes and recovers every image of every point, in order.
fn recover_images(
    subject: &RunUnderTest,
    course: &Baseline,
    terms: &ExploreOptions,
    choose: &ChooseImages<'_>,
    recoveries: &RecoveryCache,
) -> Vec<RecoveredImage> {
    let points = course.log.len() + 1;
    let stretches: Vec<_> = (0..points).step_by(POINTS_PER_CHUNK).collect();
    let done = AtomicUsize::new(0);
    let made = map(terms.jobs, &stretches, |first| {
        let mut aftermath = CrashState::from_disk(&course.before);
        let mut made = Vec::new();
        for point in 0..points.min(first + POINTS_PER_CHUNK) {
            let passed = point.checked_sub(1).map(|last| &course.log[last]);
            if let Some(operation) = passed {
                aftermath.apply(operation);
            }
            if point >= *first {
                let settled = !matches!(passed, Some(one) if is_pending(one, &aftermath));
                let pending = aftermath.pending();
                for image in choose(point, pending, settled) {
                    let left =
                        aftermath.image(&image.surviving_operations(pending, point, terms.seed));
                    let twice = terms.crashes == Crashes::Twice && is_crashed_twice(image);
                    if twice {
                        crash_recovery(point, image, &left, recoveries, &mut made);
                    }
                    made.push(RecoveredImage {
                        point,
                        image,
                        second_crash: None,
                        recovered: recoveries.recover_once(left),
                    });
                }
                subject.report_progress(done.fetch_add(1, Ordering::Relaxed) + 1, points);
            }
        }
        made
    });
    made.into_iter().flatten().collect()
}

/// Whether an operation that was just passed is among those that a power cut could undo.
fn is_pending(operation: &Operation, aftermath: &CrashState) -> bool {
    aftermath.pending().last() == Some(operation) && !matches!(operation, Operation::Sync { .. })
}

/// Whether the recovery of an image is to crash too. Those of the others are much the same.
fn is_crashed_twice(image: CrashImage) -> bool {
    matches!(image, CrashImage::Killed | CrashImage::PowerCut)
}

/// Lets the recovery of an image crash at every point. What is found then is opened and recovered
/// once more.
fn crash_recovery(
    point: usize,
    image: CrashImage,
    left: &SimulatedDisk,
    recoveries: &RecoveryCache,
    made: &mut Vec<RecoveredImage>,
) {
    if !recoveries.insert_crashed(left) {
        return;
    }
    let disk = left.fork();
    disk.start_log();
    // What comes of a recovery that is not disturbed is looked at elsewhere.
    drop(recover(disk.clone()));
    let log = disk.end_log();
    let mut aftermath = CrashState::from_disk(left);
    for (again, operation) in (1..).zip(&log) {
        aftermath.apply(operation);
        let pending = aftermath.pending();
        for second in [
            CrashImage::Killed,
            CrashImage::PowerCut,
            CrashImage::Torn(Tear::First),
        ] {
            let found = aftermath.image(&second.surviving_operations(pending, again, 0));
            made.push(RecoveredImage {
                point,
                image,
                second_crash: Some(SecondCrash {
                    point: again,
                    image: second,
                }),
                recovered: recoveries.recover_once(found),
            });
        }
    }
}
