//! Every crash point of a run, and every disk that can be found after it.
//!
//! Each image is opened and recovered as the next process would. What comes of that is looked at
//! once for every disk that is byte for byte the same: many images recover to one.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use super::course::Course;
use super::finding::{Again, Finding, Place};
use super::image::{Extent, Image, images};
use super::judge::{Judged, judge};
use super::recovery::{Recovered, Recoveries, recover};
use super::states::States;
use super::subject::{SimError, Subject};
use crate::parallel::map;
use crate::store::SimulatedDisk;
use crate::store::disk::{Aftermath, Digest, Operation, Tear};

/// How many points a thread takes at a time.
const STRETCH: usize = 32;

/// How a run is explored.
#[derive(Debug, Clone, Copy)]
pub struct ExploreTerms {
    /// What samples are chosen by.
    pub seed: u64,
    /// How many images are made at a point.
    pub extent: Extent,
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
pub struct Explored {
    /// Which step of the scenario it is.
    pub step: String,
    /// What is asked for.
    pub what: String,
    /// The operations of its log, which are the points but one.
    pub operations: usize,
    /// What that log comes to, byte for byte.
    pub log: Digest,
    /// The images that were made.
    pub images: usize,
    /// How many of them were different disks.
    pub different: usize,
    /// How many different disks they recovered to.
    pub recovered: usize,
    /// The states that the run went through, one a transaction.
    pub states: usize,
    /// What does not hold, by point and image.
    pub findings: Vec<Finding>,
}

/// An image and what recovery made of it.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) point: usize,
    pub(super) image: Image,
    /// Where that recovery crashed too, if it did.
    pub(super) again: Option<Again>,
    pub(super) recovered: Result<Digest, String>,
}

/// Explores a run.
pub fn explore(subject: &Subject, terms: &ExploreTerms) -> Result<Explored, SimError> {
    let choose = |_: usize, pending: &[Operation], settled| images(pending, terms.extent, settled);
    explore_images(subject, &Course::of(subject, terms.seed)?, terms, &choose)
}

/// Which images are made at a point, with these operations pending; whether the last operation
/// of all is settled, and so not among them.
pub(super) type Choose<'c> = dyn Fn(usize, &[Operation], bool) -> Vec<Image> + Sync + 'c;

/// Explores some images. Without a killed process at every point it is not known which states
/// may be found.
pub(super) fn explore_images(
    subject: &Subject,
    course: &Course,
    terms: &ExploreTerms,
    choose: &Choose<'_>,
) -> Result<Explored, SimError> {
    let recoveries = Recoveries::default();
    let made = every_image(subject, course, terms, choose, &recoveries);
    let (different, disks) = recoveries.into_parts();
    let disks: Vec<Recovered> = disks.into_values().collect();
    let judged = map(terms.jobs, &disks, |disk| judge(subject, course, disk));
    let judged = (disks.iter().map(|disk| disk.digest))
        .zip(judged)
        .map(|(digest, judged)| Ok((digest, judged?)))
        .collect::<Result<BTreeMap<Digest, Judged>, SimError>>()?;
    let states = States::of(course, &made, &judged);
    let finding = |(made, says): (&Made, String)| {
        let place = Place::Crash {
            seed: terms.seed,
            point: made.point,
            image: made.image,
            again: made.again,
        };
        subject.finding(place, says)
    };
    Ok(Explored {
        step: subject.number().to_owned(),
        what: subject.what().to_owned(),
        operations: course.log.len(),
        log: Operation::digest_of(&course.log),
        images: made.len(),
        different,
        recovered: disks.len(),
        states: states.count(),
        findings: states.findings(&made).into_iter().map(finding).collect(),
    })
}

/// Makes and recovers every image of every point, in order.
fn every_image(
    subject: &Subject,
    course: &Course,
    terms: &ExploreTerms,
    choose: &Choose<'_>,
    recoveries: &Recoveries,
) -> Vec<Made> {
    let points = course.log.len() + 1;
    let stretches: Vec<_> = (0..points).step_by(STRETCH).collect();
    let done = AtomicUsize::new(0);
    let made = map(terms.jobs, &stretches, |first| {
        let mut aftermath = Aftermath::of(&course.before);
        let mut made = Vec::new();
        for point in 0..points.min(first + STRETCH) {
            let passed = point.checked_sub(1).map(|last| &course.log[last]);
            if let Some(operation) = passed {
                aftermath.pass(operation);
            }
            if point >= *first {
                let settled = !matches!(passed, Some(one) if is_pending(one, &aftermath));
                let pending = aftermath.pending();
                for image in choose(point, pending, settled) {
                    let left = aftermath.left(&image.kept(pending, point, terms.seed));
                    let twice = terms.crashes == Crashes::Twice && matters_twice(image);
                    if twice {
                        recovery_crashes(point, image, &left, recoveries, &mut made);
                    }
                    made.push(Made {
                        point,
                        image,
                        again: None,
                        recovered: recoveries.of(left),
                    });
                }
                subject.tell(done.fetch_add(1, Ordering::Relaxed) + 1, points);
            }
        }
        made
    });
    made.into_iter().flatten().collect()
}

/// Whether an operation that was just passed is among those that a power cut could undo.
fn is_pending(operation: &Operation, aftermath: &Aftermath) -> bool {
    aftermath.pending().last() == Some(operation) && !matches!(operation, Operation::Sync { .. })
}

/// Whether the recovery of an image is to crash too. Those of the others are much the same.
fn matters_twice(image: Image) -> bool {
    matches!(image, Image::Killed | Image::PowerCut)
}

/// Lets the recovery of an image crash at every point. What is found then is opened and recovered
/// once more.
fn recovery_crashes(
    point: usize,
    image: Image,
    left: &SimulatedDisk,
    recoveries: &Recoveries,
    made: &mut Vec<Made>,
) {
    if !recoveries.is_new(left) {
        return;
    }
    let disk = left.fork();
    disk.start_log();
    // What comes of a recovery that is not disturbed is looked at elsewhere.
    drop(recover(disk.clone()));
    let log = disk.end_log();
    let mut aftermath = Aftermath::of(left);
    for (again, operation) in (1..).zip(&log) {
        aftermath.pass(operation);
        let pending = aftermath.pending();
        for second in [Image::Killed, Image::PowerCut, Image::Torn(Tear::First)] {
            let found = aftermath.left(&second.kept(pending, again, 0));
            made.push(Made {
                point,
                image,
                again: Some(Again {
                    point: again,
                    image: second,
                }),
                recovered: recoveries.of(found),
            });
        }
    }
}
