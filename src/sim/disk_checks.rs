//! Checks the disk that a fault left.
//!
//! Many faults leave the same disk, so the violations of a disk are remembered by its digest.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::baseline::{Baseline, open_copy, read_contents};
use super::recovery::recover;
use super::recovery_checks::check_recovered_disk;
use super::run_under_test::{RunUnderTest, SimError};
use super::violation::Violation;
use crate::disk::{Digest, SimulatedDisk};
use crate::domain::{Coverage, Day, DayRange, IdSet, Phase, PhaseSet};
use crate::engine::RunEvent;
use crate::scenario::script::RunEnd;
use crate::store::{Contents, StoreError};

/// Checks disks that disturbed runs left, with a memo for each question.
pub(super) struct DiskChecker<'s> {
    pub(super) run_under_test: &'s RunUnderTest,
    baseline: &'s Baseline,
    violations: Memo<Digest, Vec<Violation>>,
    // Two levels: equal images need no recovery, and different images may recover to the same disk.
    violations_by_image: Memo<Digest, Vec<Violation>>,
    books: Memo<Digest, Contents>,
    coverages: Memo<Digest, Option<Coverage>>,
    rerun_violations: Memo<[Digest; 3], Vec<Violation>>,
}

/// The disk at the last reported commit, and what a power cut would have left of it then.
#[derive(Debug, Default)]
pub(super) struct CommitRecorder(Mutex<Option<[SimulatedDisk; 2]>>);

impl CommitRecorder {
    /// Copies the disk if the event is a commit.
    pub(super) fn record(&self, event: &RunEvent<'_>, disk: &SimulatedDisk) {
        if let RunEvent::Committed { .. } = event {
            // Copied at the event, since the disk changes as soon as the run continues.
            let now = [disk.fork(), disk.after_power_cut()];
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
    }

    /// Returns both disks of the last commit, if any was reported.
    pub(super) fn into_last(self) -> Option<[SimulatedDisk; 2]> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers that were computed before, by key.
struct Memo<K, V>(Mutex<BTreeMap<K, V>>);

impl<K: Ord, V: Clone> Memo<K, V> {
    const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Returns the answer for a key. The lock is not held while it is computed: two threads may
    /// compute the same answer, which costs less than waiting.
    fn get_or_compute(
        &self,
        key: K,
        compute: impl FnOnce() -> Result<V, SimError>,
    ) -> Result<V, SimError> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&key) {
            return Ok(known.clone());
        }
        let found = compute()?;
        known().insert(key, found.clone());
        Ok(found)
    }
}

impl<'s> DiskChecker<'s> {
    pub(super) const fn new(run_under_test: &'s RunUnderTest, baseline: &'s Baseline) -> Self {
        Self {
            run_under_test,
            baseline,
            violations: Memo::new(),
            violations_by_image: Memo::new(),
            books: Memo::new(),
            coverages: Memo::new(),
            rerun_violations: Memo::new(),
        }
    }

    /// Returns the violations of the disk after a run that ended with `end`, as it is and after a
    /// power cut. `acknowledged` are the disks of its last commit.
    pub(super) fn check_run(
        &self,
        disk: &SimulatedDisk,
        end: RunEnd,
        acknowledged: Option<&[SimulatedDisk; 2]>,
    ) -> Result<Vec<Violation>, SimError> {
        let mut violations = Vec::new();
        if end == RunEnd::Complete {
            violations.extend(self.check_complete(disk)?);
        }
        // Either the process ends here, or the power fails.
        for left in [disk.fork(), disk.after_power_cut()] {
            if let Some([before, _]) = acknowledged {
                violations.extend(self.check_acknowledged(before, &left)?);
            }
            violations.extend(self.check_disk(left)?);
        }
        Ok(violations)
    }

    /// Returns the difference between the books of a complete run and those of the baseline.
    fn check_complete(&self, disk: &SimulatedDisk) -> Result<Option<Violation>, SimError> {
        // A scenario whose undisturbed run is incomplete has no complete books to compare with.
        if self.baseline.end != RunEnd::Complete {
            return Ok(None);
        }
        let difference = self.books(disk)?.difference(&self.baseline.books);
        Ok(difference.map(Violation::CompleteDiffers))
    }

    /// Returns the ledger entries that were acknowledged before and are missing now.
    pub(super) fn check_acknowledged(
        &self,
        before: &SimulatedDisk,
        left: &SimulatedDisk,
    ) -> Result<Vec<Violation>, SimError> {
        let lost = self.entries_missing(before, left)?;
        let violation = |(day, phase, portfolios)| Violation::AcknowledgedLost {
            phase,
            portfolios,
            day,
        };
        Ok(lost.into_iter().map(violation).collect())
    }

    /// Returns the ledger entries of the disk that the run never acknowledged. `acknowledged` are the
    /// disks of its last commit.
    pub(super) fn check_taken_for_lost(
        &self,
        disk: &SimulatedDisk,
        acknowledged: Option<&[SimulatedDisk; 2]>,
    ) -> Result<Vec<Violation>, SimError> {
        let initial = self.run_under_test.disk();
        let known = acknowledged.map_or(&initial, |[last, _]| last);
        let stored = self.entries_missing(disk, known)?;
        let violation = |(day, phase, portfolios)| Violation::StoredTakenForLost {
            phase,
            portfolios,
            day,
        };
        Ok(stored.into_iter().map(violation).collect())
    }

    /// Returns the ledger entries of one disk that another lacks, and the number of their portfolios.
    fn entries_missing(
        &self,
        of: &SimulatedDisk,
        lacking: &SimulatedDisk,
    ) -> Result<Vec<(Day, Phase, u64)>, SimError> {
        let (Some(entries), Some(found)) = (self.coverage(of)?, self.coverage(lacking)?) else {
            // `check_disk` reports a disk that can't be opened.
            return Ok(Vec::new());
        };
        let missing = entries.iter().filter_map(|(day, phase, portfolios)| {
            let missing = portfolios - found.get(day, phase).unwrap_or(&IdSet::new());
            (!missing.is_empty()).then(|| (day, phase, missing.len()))
        });
        Ok(missing.collect())
    }

    /// Returns the violations of a disk after recovery by the next process.
    pub(super) fn check_disk(&self, left: SimulatedDisk) -> Result<Vec<Violation>, SimError> {
        self.violations_by_image
            .get_or_compute(left.digest(), || match recover(left) {
                Err(error) => Ok(vec![Violation::CannotReopen(error.to_string())]),
                Ok(recovered) => self.violations.get_or_compute(recovered.digest, || {
                    Ok(
                        check_recovered_disk(self.run_under_test, self.baseline, &recovered)?
                            .violations,
                    )
                }),
            })
    }

    /// Repeats the run on a disk where a failed sync dropped pages that no later sync writes, then
    /// cuts the power. What the second run acknowledged must be there.
    pub(super) fn check_rerun_then_power_cut(
        &self,
        disk: &SimulatedDisk,
    ) -> Result<Vec<Violation>, SimError> {
        // If a sync could still make everything visible durable, nothing was dropped.
        let visible = disk.digest();
        let could_be = disk.synced().after_power_cut().digest();
        if could_be == visible {
            return Ok(Vec::new());
        }
        let state = [visible, disk.after_power_cut().digest(), could_be];
        self.rerun_violations.get_or_compute(state, || {
            let recorder = CommitRecorder::default();
            let request = self.run_under_test.request();
            let attempt = self
                .run_under_test
                .run(disk, request, 1, &|event| recorder.record(event, disk));
            let mut violations = Vec::new();
            if let Some([before, left]) = recorder.into_last() {
                violations.extend(self.check_acknowledged(&before, &left)?);
            }
            // A second run with another end guarantees only what it acknowledged.
            if attempt.end != self.baseline.end {
                return Ok(violations);
            }
            let books = self.books(disk)?;
            let left = disk.after_power_cut();
            let violation = match recover(left) {
                Err(error) => Some(Violation::CannotReopen(error.to_string())),
                Ok(recovered) => {
                    let difference = self.books(&recovered.disk)?.difference(&books);
                    difference.map(Violation::Books)
                }
            };
            violations.extend(violation);
            let violations = violations.into_iter();
            let after_rerun =
                violations.map(|violation| Violation::RerunThenPowerCut(Box::new(violation)));
            Ok(after_rerun.collect())
        })
    }

    fn books(&self, disk: &SimulatedDisk) -> Result<Contents, SimError> {
        let find = || Ok(read_contents(disk)?.without_history());
        self.books.get_or_compute(disk.digest(), find)
    }

    /// Reads the ledger; none if the disk can't be opened.
    fn coverage(&self, disk: &SimulatedDisk) -> Result<Option<Coverage>, SimError> {
        let read = || -> Result<Coverage, StoreError> {
            let store = open_copy(disk)?;
            store.read(|reading| {
                reading
                    .ledger()
                    .coverage(DayRange::ALL, PhaseSet::CELL_PHASES)
            })
        };
        self.coverages
            .get_or_compute(disk.digest(), || Ok(read().ok()))
    }
}
