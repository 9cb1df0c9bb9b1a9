//! Every crash point of a run, and every disk that can be found after it.
//!
//! Each image is opened and recovered as the next process would. What comes of that is looked at
//! once for every disk that is byte for byte the same: many images recover to one.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::course::Course;
use super::finding::{Finding, Place, Token};
use super::image::{Extent, Image, images};
use super::judge::{Judged, judge};
use super::recovery::{Recovered, recover};
use super::subject::{SimError, Subject};
use crate::abreast::each;
use crate::store::Contents;
use crate::store::disk::{Aftermath, Digest, Operation};

/// How many points a thread takes at a time.
const STRETCH: usize = 32;

/// How a run is explored.
#[derive(Debug, Clone, Copy)]
pub struct ExploreTerms {
    /// What samples are chosen by.
    pub seed: u64,
    /// How many images are made at a point.
    pub extent: Extent,
    /// On how many threads. What is found does not depend on it.
    pub jobs: NonZeroUsize,
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
type Made = (usize, Image, Result<Digest, String>);

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
    let made = every_image(course, terms, choose, &recoveries);
    let (different, disks) = recoveries.into_parts();
    let disks: Vec<Recovered> = disks.into_values().collect();
    let judged = each(terms.jobs, &disks, |disk| judge(subject, course, disk));
    let judged = (disks.iter().map(|disk| disk.digest))
        .zip(judged)
        .map(|(digest, judged)| Ok((digest, judged?)))
        .collect::<Result<BTreeMap<Digest, Judged>, SimError>>()?;
    let states = States::of(course, &made, &judged);
    let finding = |(point, image, says)| Finding {
        token: Token {
            step: subject.number().to_owned(),
            place: Place::Crash {
                seed: terms.seed,
                point,
                image,
            },
            scenario: subject.scenario().to_owned(),
        },
        says,
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

/// What every image recovered to, by the image's own digest, so that none is recovered twice.
#[derive(Debug, Default)]
struct Recoveries {
    known: Mutex<BTreeMap<Digest, Result<Digest, String>>>,
    disks: Mutex<BTreeMap<Digest, Recovered>>,
}

impl Recoveries {
    fn of(&self, left: crate::store::SimulatedDisk) -> Result<Digest, String> {
        let digest = left.digest();
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&digest) {
            return known.clone();
        }
        let result = match recover(left) {
            Ok(recovered) => {
                let digest = recovered.digest;
                let mut disks = self.disks.lock().unwrap_or_else(PoisonError::into_inner);
                disks.entry(digest).or_insert(recovered);
                Ok(digest)
            }
            Err(error) => Err(error.to_string()),
        };
        known().insert(digest, result.clone());
        result
    }

    /// How many different images there were, and the disks that they recovered to.
    fn into_parts(self) -> (usize, BTreeMap<Digest, Recovered>) {
        let known = self.known.into_inner();
        let disks = self.disks.into_inner();
        (
            known.unwrap_or_else(PoisonError::into_inner).len(),
            disks.unwrap_or_else(PoisonError::into_inner),
        )
    }
}

/// Makes and recovers every image of every point, in order.
fn every_image(
    course: &Course,
    terms: &ExploreTerms,
    choose: &Choose<'_>,
    recoveries: &Recoveries,
) -> Vec<Made> {
    let points = course.log.len() + 1;
    let stretches: Vec<_> = (0..points).step_by(STRETCH).collect();
    let made = each(terms.jobs, &stretches, |first| {
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
                    made.push((point, image, recoveries.of(left)));
                }
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

/// The states that a run goes through, one a transaction, and which of them it may be found in
/// after a crash at each point.
struct States<'j> {
    judged: &'j BTreeMap<Digest, Judged>,
    /// In the order of the run.
    states: Vec<&'j Contents>,
    /// Which state each recovered disk is in; nothing where it is in none of them.
    state_of: BTreeMap<Digest, Option<usize>>,
    /// The oldest and the newest state that may be found at each point.
    bounds: Vec<(usize, usize)>,
    /// Points at which more was acknowledged than was written.
    told_too_early: BTreeSet<usize>,
}

impl<'j> States<'j> {
    /// A killed process leaves all that was written: so these images tell the states in order.
    fn of(course: &Course, made: &[Made], judged: &'j BTreeMap<Digest, Judged>) -> Self {
        let mut states: Vec<&Contents> = Vec::new();
        let mut state_of = BTreeMap::new();
        let mut newest = Vec::new();
        let killed = made.iter().filter(|(_, image, _)| *image == Image::Killed);
        for (_, _, recovered) in killed {
            if let Ok(digest) = recovered {
                let found = state_of.entry(*digest).or_insert_with(|| {
                    let contents = &judged[digest].contents;
                    let known = states.iter().position(|state| *state == contents);
                    known.or_else(|| {
                        states.push(contents);
                        Some(states.len() - 1)
                    })
                });
                newest.push(*found);
            } else {
                newest.push(newest.last().copied().flatten());
            }
        }
        for (digest, one) in judged {
            let place = || states.iter().position(|state| **state == one.contents);
            state_of.entry(*digest).or_insert_with(place);
        }
        let mut oldest = 0;
        let mut told_too_early = BTreeSet::new();
        let bounds = newest.iter().enumerate().map(|(point, here)| {
            let here = here.unwrap_or_default();
            let acknowledged = course.acknowledged.iter().filter(|one| one.after == point);
            if let Some(batches) = acknowledged.map(|one| one.batches).max() {
                oldest = here;
                let state = judged
                    .values()
                    .find(|one| Some(&&one.contents) == states.get(here));
                if state.is_some_and(|state| state.batches < batches) {
                    told_too_early.insert(point);
                }
            }
            (oldest, here)
        });
        Self {
            judged,
            bounds: bounds.collect(),
            told_too_early,
            states,
            state_of,
        }
    }

    fn count(&self) -> usize {
        self.states.len()
    }

    /// What does not hold, by point and image. What is wrong with a disk itself is told once.
    fn findings(&self, made: &[Made]) -> Vec<(usize, Image, String)> {
        let mut told = BTreeSet::new();
        let mut findings = Vec::new();
        for (point, image, recovered) in made {
            let mut found = |says| findings.push((*point, *image, says));
            if *image == Image::Killed && self.told_too_early.contains(point) {
                found("a batch was told of as committed, and is not written".to_owned());
            }
            match recovered {
                Ok(digest) => {
                    self.misplaced(*point, digest)
                        .into_iter()
                        .for_each(&mut found);
                    if told.insert(*digest) {
                        self.judged[digest].wrong.iter().cloned().for_each(found);
                    }
                }
                Err(error) => found(format!("the database can't be opened again: {error}")),
            }
        }
        findings
    }

    /// Why a state may not be found at a point, if it may not.
    fn misplaced(&self, point: usize, digest: &Digest) -> Option<String> {
        let (oldest, newest) = self.bounds[point];
        let differs_from = |state: usize| {
            let difference = self.judged[digest].contents.difference(self.states[state]);
            difference.map_or(String::new(), |difference| format!(": {difference}"))
        };
        match self.state_of[digest] {
            None => Some(format!(
                "this is no state that the run went through{}",
                differs_from(newest)
            )),
            Some(state) if state < oldest => Some(format!(
                "what was acknowledged is gone{}",
                differs_from(oldest)
            )),
            Some(state) if state > newest => {
                Some("a state is found that was not being committed".to_owned())
            }
            Some(_) => None,
        }
    }
}
