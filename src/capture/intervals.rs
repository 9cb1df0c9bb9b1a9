//! Folding sets of subjects, session by session, into stretches of sessions for each subject.
//!
//! Only who differs from the session before is looked at, so the cost and the memory grow with
//! changes and not with subjects × sessions.

use std::collections::BTreeMap;

use crate::domain::{IdSet, Phase, PhaseSet};

/// How many marks a cell may bear.
pub(super) const MARK_COUNT: usize = 5;

/// What is marked of one session: who has done each phase of a cell, in their order, and of whom
/// a row of books stands that nothing speaks for.
pub(super) type DayMarks = [IdSet; MARK_COUNT];

/// The marks of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Marks(u8);

impl Marks {
    /// The phases that are done.
    pub(super) fn phases(self) -> PhaseSet {
        let phases = Phase::CELL_PHASES.into_iter().enumerate();
        let done = phases.filter(|(bit, _)| self.0 & (1 << bit) != 0);
        done.map(|(_, phase)| phase).collect()
    }

    /// Whether a row of books stands that nothing speaks for.
    pub(super) const fn has_row(self) -> bool {
        self.0 & (1 << (MARK_COUNT - 1)) != 0
    }

    /// Whether there is nothing of the cell.
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Sessions in a row whose cells of one subject bear the same marks, by index, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Interval {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) marks: Marks,
}

/// Stretches in the making.
#[derive(Debug, Default)]
pub(super) struct IntervalAccumulator {
    /// The session after the last that was taken in.
    next: usize,
    open: DayMarks,
    changes: BTreeMap<u32, Vec<(usize, Marks)>>,
}

impl IntervalAccumulator {
    /// Takes in the session with the index `at`, which comes after those taken in before; the
    /// ones between bear no marks.
    pub(super) fn add_session(&mut self, at: usize, marks: DayMarks) {
        if at > self.next {
            self.record_changes(self.next, DayMarks::default());
        }
        self.record_changes(at, marks);
        self.next = at + 1;
    }

    /// The stretches of everybody who bears any mark, without those that bear none.
    pub(super) fn finish(mut self) -> BTreeMap<u32, Vec<Interval>> {
        self.record_changes(self.next, DayMarks::default());
        let stretches = self.changes.into_iter().map(|(subject, changes)| {
            let pairs = changes.windows(2);
            let stretches = pairs.map(|pair| Interval {
                first: pair[0].0,
                last: pair[1].0 - 1,
                marks: pair[0].1,
            });
            let marked = stretches.filter(|stretch| !stretch.marks.is_empty());
            (subject, marked.collect())
        });
        stretches.collect()
    }

    fn record_changes(&mut self, at: usize, marks: DayMarks) {
        let mut changed = IdSet::new();
        for (before, now) in self.open.iter().zip(&marks) {
            if before != now {
                changed |= before ^ now;
            }
        }
        for subject in changed {
            let bits = marks.iter().enumerate();
            let set = bits.filter(|(_, who)| who.contains(subject));
            let marks = Marks(set.fold(0, |bits, (bit, _)| bits | 1 << bit));
            self.changes.entry(subject).or_default().push((at, marks));
        }
        self.open = marks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(snapshot: &[u32], row: &[u32]) -> DayMarks {
        let set = |who: &[u32]| who.iter().copied().collect();
        let mut marks = DayMarks::default();
        marks[0] = set(snapshot);
        marks[4] = set(row);
        marks
    }

    #[test]
    fn equal_sessions_form_one_interval() {
        let mut fold = IntervalAccumulator::default();
        fold.add_session(2, day(&[1, 2], &[]));
        fold.add_session(3, day(&[1], &[2]));
        fold.add_session(5, day(&[1], &[]));
        let stretches = fold.finish();
        let of = |subject: u32| -> Vec<_> {
            let stretches = stretches[&subject].iter();
            stretches
                .map(|s| (s.first, s.last, s.marks.has_row()))
                .collect()
        };
        assert_eq!(of(1), [(2, 3, false), (5, 5, false)]);
        assert_eq!(of(2), [(2, 2, false), (3, 3, true)]);
        assert_eq!(stretches.len(), 2);
    }

    #[test]
    fn marks_list_done_phases() {
        let mut fold = IntervalAccumulator::default();
        let mut marks = DayMarks::default();
        marks[0].insert(7);
        marks[3].insert(7);
        fold.add_session(0, marks);
        let phases = fold.finish()[&7][0].marks.phases();
        let expected: PhaseSet = [Phase::Snapshot, Phase::Risk].into_iter().collect();
        assert_eq!(phases, expected);
    }
}
