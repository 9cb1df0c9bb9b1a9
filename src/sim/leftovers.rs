//! What a fault left of a disk, judged. Many faults leave the same: what was found of a disk is
//! remembered by what the disk comes to.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::course::{Course, contents};
use super::judge::judge;
use super::recovery::recover;
use super::subject::{SimError, Subject};
use crate::domain::{Coverage, DayRange, IdSet, PhaseSet};
use crate::engine::RunEvent;
use crate::scenario::script::RunEnd;
use crate::store::disk::Digest;
use crate::store::{Contents, SimulatedDisk, Store, StoreError};

/// The leftovers of a run's disk.
pub(super) struct Leftovers<'s> {
    pub(super) subject: &'s Subject,
    course: &'s Course,
    judged: Remembered<Digest, Vec<String>>,
    recovered: Remembered<Digest, Vec<String>>,
    books: Remembered<Digest, Contents>,
    coverages: Remembered<Digest, Option<Coverage>>,
    again: Remembered<[Digest; 3], Vec<String>>,
}

/// The disk when a run last told of a commit, and what a power cut would have left of it then.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Option<[SimulatedDisk; 2]>>);

impl Told {
    /// Hears a moment of a run on a disk.
    pub(super) fn hear(&self, moment: &RunEvent<'_>, disk: &SimulatedDisk) {
        if let RunEvent::Committed { .. } = moment {
            let now = [disk.fork(), disk.after_power_cut()];
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
    }

    /// Both, if it told of one.
    pub(super) fn last(self) -> Option<[SimulatedDisk; 2]> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers to questions that were asked before.
struct Remembered<K, V>(Mutex<BTreeMap<K, V>>);

impl<K: Ord, V: Clone> Remembered<K, V> {
    const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// The answer. Two who ask at once may both find it out, and find the same.
    fn ask(&self, key: K, find: impl FnOnce() -> Result<V, SimError>) -> Result<V, SimError> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&key) {
            return Ok(known.clone());
        }
        let found = find()?;
        known().insert(key, found.clone());
        Ok(found)
    }
}

impl<'s> Leftovers<'s> {
    pub(super) const fn of(subject: &'s Subject, course: &'s Course) -> Self {
        Self {
            subject,
            course,
            judged: Remembered::new(),
            recovered: Remembered::new(),
            books: Remembered::new(),
            coverages: Remembered::new(),
            again: Remembered::new(),
        }
    }

    /// What does not hold of the disk of a run that ended so, with and without the power.
    /// `acknowledged` is what was heard of it.
    pub(super) fn of_run(
        &self,
        disk: &SimulatedDisk,
        end: RunEnd,
        acknowledged: Option<&[SimulatedDisk; 2]>,
    ) -> Result<Vec<String>, SimError> {
        let mut wrong = Vec::new();
        if end == RunEnd::Complete {
            wrong.extend(self.not_complete(disk)?);
        }
        for left in [disk.fork(), disk.after_power_cut()] {
            if let Some([before, _]) = acknowledged {
                wrong.extend(self.lost(before, &left)?);
            }
            wrong.extend(self.judged(left)?);
        }
        Ok(wrong)
    }

    /// What is missing where a run said that all is done.
    fn not_complete(&self, disk: &SimulatedDisk) -> Result<Option<String>, SimError> {
        if self.course.end != RunEnd::Complete {
            return Ok(None);
        }
        let difference = self.books(disk)?.difference(&self.course.books);
        Ok(difference.map(|difference| format!("the run says that it is complete: {difference}")))
    }

    /// What was acknowledged before and is not there any more.
    pub(super) fn lost(
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
    pub(super) fn judged(&self, left: SimulatedDisk) -> Result<Vec<String>, SimError> {
        self.recovered.ask(left.digest(), || match recover(left) {
            Err(error) => Ok(vec![cannot_open(&error)]),
            Ok(recovered) => self.judged.ask(recovered.digest, || {
                Ok(judge(self.subject, self.course, &recovered)?.wrong)
            }),
        })
    }

    /// Where a failed sync dropped something that no later sync will keep: the run is made again
    /// on the very disk, then the power goes. What was acknowledged in between must be there.
    pub(super) fn made_again_then_power_cut(
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
        self.again.ask(state, || {
            let told = Told::default();
            let asked = self.subject.asked();
            let attempt = self
                .subject
                .make(disk, asked, 1, &|moment| told.hear(moment, disk));
            let mut wrong = Vec::new();
            if let Some([before, left]) = told.last() {
                wrong.extend(self.lost(&before, &left)?);
            }
            if attempt.end != self.course.end {
                return Ok(wrong);
            }
            let made = self.books(disk)?;
            let left = disk.after_power_cut();
            let says = match recover(left) {
                Err(error) => Some(cannot_open(&error)),
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
        let find = || Ok(contents(&disk.fork())?.without_history());
        self.books.ask(disk.digest(), find)
    }

    /// What is proven done; nothing where the disk can't be opened.
    fn coverage(&self, disk: &SimulatedDisk) -> Result<Option<Coverage>, SimError> {
        let read = || -> Result<Coverage, StoreError> {
            let store = Store::open(&disk.fork())?;
            store.read(|reading| reading.coverage(DayRange::ALL, PhaseSet::CELL_PHASES))
        };
        self.coverages.ask(disk.digest(), || Ok(read().ok()))
    }
}

fn cannot_open(error: &StoreError) -> String {
    format!("the database can't be opened again: {error}")
}
