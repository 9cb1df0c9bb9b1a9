//! Joins the id sets of consecutive sessions into intervals of sessions for each id.
//!
//! Only ids whose marks differ from the previous session are visited, so that time and memory grow
//! with the changes and not with ids × sessions.

use std::collections::BTreeMap;

use crate::domain::{IdSet, Phase, PhaseSet};

/// Number of marks of a cell: its phases and the orphan row.
pub(super) const MARK_COUNT: usize = Phase::CELL_PHASES.len() + 1;

/// Marks of one session: for each cell phase, in order, the portfolios whose phase is done, and last
/// the portfolios with an orphan row: a snapshot row that the ledger does not cover.
pub(super) type DayMarks = [IdSet; MARK_COUNT];

/// The marks of one cell, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Marks(u8);

impl Marks {
    /// Returns the phases that are done.
    pub(super) fn phases(self) -> PhaseSet {
        let phases = Phase::CELL_PHASES.into_iter().enumerate();
        let done = phases.filter(|(bit, _)| self.0 & (1 << bit) != 0);
        done.map(|(_, phase)| phase).collect()
    }

    /// Returns true if the cell has an orphan row.
    pub(super) const fn has_row(self) -> bool {
        self.0 & (1 << (MARK_COUNT - 1)) != 0
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Consecutive sessions on which the cells of one id have the same marks. Both ends are indices of
/// sessions and inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Interval {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) marks: Marks,
}

/// Collects the marks of sessions in ascending order.
#[derive(Debug, Default)]
pub(super) struct IntervalAccumulator {
    /// The index after the last added session.
    next: usize,
    /// The marks of the last added session.
    open: DayMarks,
    /// For each id, the sessions on which its marks changed, with the new marks.
    changes: BTreeMap<u32, Vec<(usize, Marks)>>,
}

impl IntervalAccumulator {
    /// Adds the session with the index `at`, which must be after those added before. Sessions in
    /// between have no marks.
    pub(super) fn add_session(&mut self, at: usize, marks: DayMarks) {
        if at > self.next {
            self.record_changes(self.next, DayMarks::default());
        }
        self.record_changes(at, marks);
        self.next = at + 1;
    }

    /// Returns the intervals with at least one mark, by id.
    pub(super) fn finish(mut self) -> BTreeMap<u32, Vec<Interval>> {
        // Closes all open intervals, so that `changes` holds both ends of each.
        self.record_changes(self.next, DayMarks::default());
        let intervals = self.changes.into_iter().map(|(id, changes)| {
            let pairs = changes.windows(2);
            let intervals = pairs.map(|pair| Interval {
                first: pair[0].0,
                last: pair[1].0 - 1,
                marks: pair[0].1,
            });
            let marked = intervals.filter(|interval| !interval.marks.is_empty());
            (id, marked.collect())
        });
        intervals.collect()
    }

    fn record_changes(&mut self, at: usize, marks: DayMarks) {
        let mut changed = IdSet::new();
        for (before, now) in self.open.iter().zip(&marks) {
            if before != now {
                changed |= before ^ now;
            }
        }
        for id in changed {
            let bits = marks.iter().enumerate();
            let set = bits.filter(|(_, ids)| ids.contains(id));
            let marks = Marks(set.fold(0, |bits, (bit, _)| bits | 1 << bit));
            self.changes.entry(id).or_default().push((at, marks));
        }
        self.open = marks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(snapshot: &[u32], row: &[u32]) -> DayMarks {
        let set = |ids: &[u32]| ids.iter().copied().collect();
        let mut marks = DayMarks::default();
        marks[0] = set(snapshot);
        marks[4] = set(row);
        marks
    }

    #[test]
    fn equal_sessions_form_one_interval() {
        let mut accumulator = IntervalAccumulator::default();
        accumulator.add_session(2, day(&[1, 2], &[]));
        accumulator.add_session(3, day(&[1], &[2]));
        accumulator.add_session(5, day(&[1], &[]));
        let intervals = accumulator.finish();
        let of = |id: u32| -> Vec<_> {
            let intervals = intervals[&id].iter();
            intervals
                .map(|interval| (interval.first, interval.last, interval.marks.has_row()))
                .collect()
        };
        assert_eq!(of(1), [(2, 3, false), (5, 5, false)]);
        assert_eq!(of(2), [(2, 2, false), (3, 3, true)]);
        assert_eq!(intervals.len(), 2);
    }

    #[test]
    fn marks_list_done_phases() {
        let mut accumulator = IntervalAccumulator::default();
        let mut marks = DayMarks::default();
        marks[0].insert(7);
        marks[3].insert(7);
        accumulator.add_session(0, marks);
        let phases = accumulator.finish()[&7][0].marks.phases();
        let expected: PhaseSet = [Phase::Snapshot, Phase::Risk].into_iter().collect();
        assert_eq!(phases, expected);
    }
}
