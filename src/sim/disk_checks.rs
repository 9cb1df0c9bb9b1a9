//! What a fault left of a disk, judged. Many faults leave the same: what was found of a disk is
//! remembered by what the disk comes to.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::baseline::{Baseline, read_contents};
use super::recovery::recover;
use super::recovery_checks::check_recovered_disk;
use super::run_under_test::{RunUnderTest, SimError};
use crate::domain::{Coverage, DayRange, IdSet, PhaseSet};
use crate::engine::RunEvent;
use crate::scenario::script::RunEnd;
use crate::store::disk::Digest;
use crate::store::{Contents, SimulatedDisk, Store, StoreError};

/// The leftovers of a run's disk.
pub(super) struct DiskChecker<'s> {
    pub(super) subject: &'s RunUnderTest,
    course: &'s Baseline,
    violations: Memo<Digest, Vec<String>>,
    violations_by_image: Memo<Digest, Vec<String>>,
    books: Memo<Digest, Contents>,
    coverages: Memo<Digest, Option<Coverage>>,
    rerun_violations: Memo<[Digest; 3], Vec<String>>,
}

/// The disk when a run last told of a commit, and what a power cut would have left of it then.
#[derive(Debug, Default)]
pub(super) struct CommitRecorder(Mutex<Option<[SimulatedDisk; 2]>>);

impl CommitRecorder {
    /// Hears a moment of a run on a disk.
    pub(super) fn record(&self, moment: &RunEvent<'_>, disk: &SimulatedDisk) {
        if let RunEvent::Committed { .. } = moment {
            let now = [disk.fork(), disk.after_power_cut()];
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
    }

    /// Both, if it told of one.
    pub(super) fn into_last(self) -> Option<[SimulatedDisk; 2]> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers to questions that were asked before.
struct Memo<K, V>(Mutex<BTreeMap<K, V>>);

impl<K: Ord, V: Clone> Memo<K, V> {
    const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// The answer. Two who ask at once may both find it out, and find the same.
    fn get_or_compute(
        &self,
        key: K,
        find: impl FnOnce() -> Result<V, SimError>,
    ) -> Result<V, SimError> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&key) {
            return Ok(known.clone());
        }
        let found = find()?;
        known().insert(key, found.clone());
        Ok(found)
    }
}

impl<'s> DiskChecker<'s> {
    pub(super) const fn new(subject: &'s RunUnderTest, course: &'s Baseline) -> Self {
        Self {
            subject,
            course,
            violations: Memo::new(),
            violations_by_image: Memo::new(),
            books: Memo::new(),
            coverages: Memo::new(),
            rerun_violations: Memo::new(),
        }
    }

    /// What does not hold of the disk of a run that ended so, with and without the power.
    /// `acknowledged` is what was heard of it.
    pub(super) fn check_run(
        &self,
        disk: &SimulatedDisk,
        end: RunEnd,
        acknowledged: Option<&[SimulatedDisk; 2]>,
    ) -> Result<Vec<String>, SimError> {
        let mut wrong = Vec::new();
        if end == RunEnd::Complete {
            wrong.extend(self.check_complete(disk)?);
        }
        for left in [disk.fork(), disk.after_power_cut()] {
            if let Some([before, _]) = acknowledged {
                wrong.extend(self.check_acknowledged(before, &left)?);
            }
            wrong.extend(self.check_disk(left)?);
        }
        Ok(wrong)
    }

    /// What is missing where a run said that all is done.
    fn check_complete(&self, disk: &SimulatedDisk) -> Result<Option<String>, SimError> {
        if self.course.end != RunEnd::Complete {
            return Ok(None);
        }
        let difference = self.books(disk)?.difference(&self.course.books);
        Ok(difference.map(|difference| format!("the run says that it is complete: {difference}")))
    }

    /// What was acknowledged before and is not there any more.
    pub(super) fn check_acknowledged(
        &self,
        before: &SimulatedDisk,
        left: &SimulatedDisk,
    ) -> Result<Vec<String>, SimError> {
        let (Some(before), Some(left)) = (self.coverage(before)?, self.coverage(left)?) else {
            // That it can't be opened is found by whoever judges it.
            return Ok(Vec::new());
        };
        let lost = before.iter().filter_map(|(day, phase, who)| {
            let lost = who - left.get(day, phase).unwrap_or(&IdSet::new());
            let count = lost.len();
            (count > 0)
                .then(|| format!("{phase} of {count} on {day} was acknowledged, and is gone"))
        });
        Ok(lost.collect())
    }

    /// What does not hold of a disk once the next process has recovered it.
    pub(super) fn check_disk(&self, left: SimulatedDisk) -> Result<Vec<String>, SimError> {
        self.violations_by_image
            .get_or_compute(left.digest(), || match recover(left) {
                Err(error) => Ok(vec![cannot_open_text(&error)]),
                Ok(recovered) => self.violations.get_or_compute(recovered.digest, || {
                    Ok(check_recovered_disk(self.subject, self.course, &recovered)?.violations)
                }),
            })
    }

    /// Where a failed sync dropped something that no later sync will keep: the run is made again
    /// on the very disk, then the power goes. What was acknowledged in between must be there.
    pub(super) fn check_rerun_then_power_cut(
        &self,
        disk: &SimulatedDisk,
    ) -> Result<Vec<String>, SimError> {
        // What is seen, what is durable, and what could become so.
        let seen = disk.digest();
        let could_be = disk.synced().after_power_cut().digest();
        if could_be == seen {
            return Ok(Vec::new());
        }
        let state = [seen, disk.after_power_cut().digest(), could_be];
        self.rerun_violations.get_or_compute(state, || {
            let told = CommitRecorder::default();
            let asked = self.subject.request();
            let attempt = self
                .subject
                .run(disk, asked, 1, &|moment| told.record(moment, disk));
            let mut wrong = Vec::new();
            if let Some([before, left]) = told.into_last() {
                wrong.extend(self.check_acknowledged(&before, &left)?);
            }
            if attempt.end != self.course.end {
                return Ok(wrong);
            }
            let made = self.books(disk)?;
            let left = disk.after_power_cut();
            let says = match recover(left) {
                Err(error) => Some(cannot_open_text(&error)),
                Ok(recovered) => {
                    let difference = self.books(&recovered.disk)?.difference(&made);
                    difference.map(|difference| difference.to_string())
                }
            };
            wrong.extend(says);
            let said = wrong.into_iter();
            let said = said.map(|says| format!("made again, and the power goes: {says}"));
            Ok(said.collect())
        })
    }

    fn books(&self, disk: &SimulatedDisk) -> Result<Contents, SimError> {
        let find = || Ok(read_contents(&disk.fork())?.without_history());
        self.books.get_or_compute(disk.digest(), find)
    }

    /// What is proven done; nothing where the disk can't be opened.
    fn coverage(&self, disk: &SimulatedDisk) -> Result<Option<Coverage>, SimError> {
        let read = || -> Result<Coverage, StoreError> {
            let store = Store::open(&disk.fork())?;
            store.read(|reading| reading.coverage(DayRange::ALL, PhaseSet::CELL_PHASES))
        };
        self.coverages
            .get_or_compute(disk.digest(), || Ok(read().ok()))
    }
}

fn cannot_open_text(error: &StoreError) -> String {
    format!("the database can't be opened again: {error}")
}
