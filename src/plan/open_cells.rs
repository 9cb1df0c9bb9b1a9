//! Subtracts coverage from expected cells: finds the phases that each cell of a day lacks.

use std::ops::RangeInclusive;

use crate::domain::{Coverage, Day, IdSet, PhaseSet};

/// The cells of a day, grouped by the phases that they lack.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OpenCells {
    /// Portfolios that lack a requested phase, in disjoint groups by the phases they lack.
    pub(super) groups: Vec<OpenGroup>,
    /// The portfolios of all groups.
    pub(super) needed: IdSet,
    /// The other portfolios, which lack no requested phase.
    pub(super) complete: IdSet,
}

/// Cells of a day that lack exactly the same requested phases.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OpenGroup {
    /// The phases that the cells lack; never empty.
    pub(super) phases: PhaseSet,
    /// The ids of the portfolios; never empty.
    pub(super) cells: IdSet,
}

/// Groups the portfolios in `among` by the `requested` phases that they lack on `day`.
pub(super) fn find_open_cells(
    among: &IdSet,
    coverage: &Coverage,
    day: Day,
    requested: PhaseSet,
) -> OpenCells {
    // Phases with equal coverage are subtracted once. All phases of a cell are usually committed
    // together, so this usually saves three subtractions of four.
    let mut by_coverage: Vec<(PhaseSet, Option<&IdSet>)> = Vec::new();
    for phase in requested.iter() {
        let done = coverage.get(day, phase);
        match by_coverage.iter_mut().find(|(_, other)| *other == done) {
            Some((phases, _)) => *phases = phases.with(phase),
            None => by_coverage.push((PhaseSet::from_phase(phase), done)),
        }
    }
    let mut open = OpenCells {
        groups: Vec::new(),
        needed: IdSet::new(),
        complete: among.clone(),
    };
    for (phases, done) in by_coverage {
        let (lacking, having) = partition(among, done);
        // While `needed` is empty, `complete` equals `among`, so `having` is already the difference
        // `complete − lacking`.
        if open.needed.is_empty() {
            open.complete = having;
        } else {
            open.complete -= &lacking;
        }
        open.needed |= &lacking;
        open.groups = refine_groups(open.groups, phases, lacking);
    }
    open
}

/// Divides `among` into ids that are not done and ids that are.
fn partition(among: &IdSet, done: Option<&IdSet>) -> (IdSet, IdSet) {
    /// Sets are subtracted range by range if at most one id in this many is missing.
    const FEW: u64 = 32;
    let Some(done) = done else {
        return (among.clone(), IdSet::new());
    };
    let (all, covered) = (among.len(), done.len());
    // If few ids are missing, `subtract_by_ranges` is several times faster than the operator, which
    // is slow for sets of many ranges.
    let lacking = match all.saturating_sub(covered) <= all / FEW {
        true => subtract_by_ranges(among, done),
        false => among - done,
    };
    // Equal counts mean that no id outside `among` is done, so no intersection is needed.
    let having = match all - lacking.len() == covered {
        true => done.clone(),
        false => among - &lacking,
    };
    (lacking, having)
}

/// Returns `among − done`, built range by range.
fn subtract_by_ranges(among: &IdSet, done: &IdSet) -> IdSet {
    let mut left = IdSet::new();
    let mut covered = done.iter();
    let mut next = covered.next_range();
    let mut ranges = among.iter();
    while let Some(range) = ranges.next_range() {
        let (mut from, end) = (*range.start(), *range.end());
        loop {
            match &next {
                Some(cover) if *cover.end() < from => next = covered.next_range(),
                Some(cover) if *cover.start() <= end => {
                    if from < *cover.start() {
                        push_range(&mut left, from..=*cover.start() - 1);
                    }
                    // `cover` may reach into the next range of `among`, so it stays in `next`.
                    if *cover.end() >= end {
                        break;
                    }
                    from = *cover.end() + 1;
                }
                Some(_) | None => {
                    push_range(&mut left, from..=end);
                    break;
                }
            }
        }
    }
    left
}

/// Appends a range.
///
/// # Panics
///
/// The range is narrow and does not lie after all ids of the set.
fn push_range(set: &mut IdSet, range: RangeInclusive<u32>) {
    // Most gaps are a few ids wide. Pushing these one by one is faster, because it skips the search
    // for the bitmap container that `insert_range` does.
    const NARROW: u32 = 8;
    if range.end() - range.start() > NARROW {
        set.insert_range(range);
        return;
    }
    for id in range {
        set.try_push(id).expect("the ranges of a set ascend");
    }
}

/// Splits each group by whether its cells also lack `phases`, and adds a group of the cells that
/// lack only `phases`.
fn refine_groups(groups: Vec<OpenGroup>, phases: PhaseSet, mut lacking: IdSet) -> Vec<OpenGroup> {
    let mut refined = Vec::with_capacity(groups.len() + 1);
    let mut push = |phases, cells: IdSet| {
        if !cells.is_empty() {
            refined.push(OpenGroup { phases, cells });
        }
    };
    for mut group in groups {
        let both = &group.cells & &lacking;
        group.cells -= &both;
        lacking -= &both;
        push(group.phases.union(phases), both);
        push(group.phases, group.cells);
    }
    push(phases, lacking);
    refined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Phase;

    #[test]
    fn each_cell_is_grouped_by_exactly_its_open_phases() {
        // A phase of portfolio `n` is done if the phase's bit is set in `n`: all sixteen patterns.
        let mut coverage = Coverage::new();
        for n in 0..16_u32 {
            for (bit, phase) in Phase::CELL_PHASES.into_iter().enumerate() {
                if n & (1 << bit) != 0 {
                    coverage.insert(Day::MIN, phase, n);
                }
            }
        }
        let every_id: IdSet = (0..16).collect();
        let open = find_open_cells(&every_id, &coverage, Day::MIN, PhaseSet::CELL_PHASES);
        assert_eq!(open.groups.len(), 15);
        for group in &open.groups {
            assert_eq!(group.cells.len(), 1);
            let done = group.cells.min().unwrap();
            let phases = Phase::CELL_PHASES.into_iter().enumerate();
            let lacks = phases.filter(|(bit, _)| done & (1 << bit) == 0);
            assert_eq!(group.phases, lacks.map(|(_, phase)| phase).collect());
        }
        assert_eq!(open.needed, (0..15).collect());
        assert_eq!(open.complete, IdSet::from([15]));
    }

    #[test]
    fn cells_without_coverage_form_one_group() {
        let every_id = IdSet::from([1, 2]);
        let open = find_open_cells(&every_id, &Coverage::new(), Day::MIN, PhaseSet::CELL_PHASES);
        let all = OpenGroup {
            phases: PhaseSet::CELL_PHASES,
            cells: every_id,
        };
        assert_eq!(open.groups, [all]);
        assert!(open.complete.is_empty());
    }

    #[test]
    fn subtract_by_ranges_equals_set_difference() {
        // All pairs of sets over six neighbouring ids, across the edge of a bitmap container.
        let spread = |bits: u32| -> IdSet {
            let at = (0..6).filter(|at| bits & (1 << at) != 0);
            at.map(|at| 65_533 + at).collect()
        };
        for bits in 0..1_u32 << 12 {
            let (among, mut done) = (spread(bits >> 6), spread(bits & 63));
            done.optimize();
            let lacking = &among - &done;
            assert_eq!(subtract_by_ranges(&among, &done), lacking, "{bits:b}");
            let having = &among & &done;
            assert_eq!(
                partition(&among, Some(&done)),
                (lacking, having),
                "{bits:b}"
            );
        }
        let every_id: IdSet = (0..=u32::MAX).step_by(1 << 28).chain([u32::MAX]).collect();
        assert!(subtract_by_ranges(&every_id, &every_id).is_empty());
        assert_eq!(subtract_by_ranges(&every_id, &IdSet::new()), every_id);
    }
}
