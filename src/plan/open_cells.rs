//! Which phases of a day's cells are not proven done: the subtraction planning is made of.

use std::ops::RangeInclusive;

use crate::domain::{Coverage, Day, IdSet, PhaseSet};

/// Which of some portfolios lack what on a day.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OpenCells {
    /// Those who lack any phase asked for, in disjoint groups by what they lack.
    pub(super) groups: Vec<OpenGroup>,
    /// Everybody in any of the groups.
    pub(super) needed: IdSet,
    /// The others, who lack nothing.
    pub(super) complete: IdSet,
}

/// Some cells of a day, and exactly which of the phases asked for each of them lacks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OpenGroup {
    /// What they lack; never empty.
    pub(super) phases: PhaseSet,
    /// Who they are; never empty.
    pub(super) cells: IdSet,
}

/// Who of `among` lacks which of the `asked` phases on `day`.
///
/// Phases with the same coverage are subtracted once. That is the usual case, since a cell is
/// committed whole, and makes four subtractions one.
pub(super) fn find_open_cells(
    among: &IdSet,
    coverage: &Coverage,
    day: Day,
    asked: PhaseSet,
) -> OpenCells {
    let mut alike: Vec<(PhaseSet, Option<&IdSet>)> = Vec::new();
    for phase in asked.iter() {
        let done = coverage.get(day, phase);
        match alike.iter_mut().find(|(_, other)| *other == done) {
            Some((phases, _)) => *phases = phases.with(phase),
            None => alike.push((PhaseSet::from_phase(phase), done)),
        }
    }
    let mut open = OpenCells {
        groups: Vec::new(),
        needed: IdSet::new(),
        complete: among.clone(),
    };
    for (phases, done) in alike {
        let (lacking, having) = partition(among, done);
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

/// Those of `among` who are not done, and those who are.
///
/// Where there are few of the first, they are found by walking along the ranges of both sets,
/// which is several times faster than subtracting long lists of ranges from one another; and
/// where nobody is done beyond `among`, the second are known without an intersection.
fn partition(among: &IdSet, done: Option<&IdSet>) -> (IdSet, IdSet) {
    /// What part of all must lack something for a subtraction to be the faster way.
    const FEW: u64 = 32;
    let Some(done) = done else {
        return (among.clone(), IdSet::new());
    };
    let (all, covered) = (among.len(), done.len());
    let lacking = match all.saturating_sub(covered) <= all / FEW {
        true => subtract_by_ranges(among, done),
        false => among - done,
    };
    let having = match all - lacking.len() == covered {
        true => done.clone(),
        false => among - &lacking,
    };
    (lacking, having)
}

/// `among − done`, listing what is left range by range.
fn subtract_by_ranges(among: &IdSet, done: &IdSet) -> IdSet {
    let mut left = IdSet::new();
    let mut covered = done.iter();
    let mut next = covered.next_range();
    let mut wanted = among.iter();
    while let Some(range) = wanted.next_range() {
        let (mut from, end) = (*range.start(), *range.end());
        loop {
            match &next {
                Some(cover) if *cover.end() < from => next = covered.next_range(),
                Some(cover) if *cover.start() <= end => {
                    if from < *cover.start() {
                        push_range(&mut left, from..=*cover.start() - 1);
                    }
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

/// Adds a range that lies after everything in the set. Most holes are a few cells wide, and
/// those are pushed, which looks for nothing.
fn push_range(set: &mut IdSet, range: RangeInclusive<u32>) {
    const NARROW: u32 = 8;
    if range.end() - range.start() > NARROW {
        set.insert_range(range);
        return;
    }
    for id in range {
        set.try_push(id).expect("the ranges of a set ascend");
    }
}

/// The groups, split by who lacks these phases too, and those who lack nothing else.
fn refine_groups(groups: Vec<OpenGroup>, phases: PhaseSet, mut lacking: IdSet) -> Vec<OpenGroup> {
    let mut finer = Vec::with_capacity(groups.len() + 1);
    let mut keep = |phases, cells: IdSet| {
        if !cells.is_empty() {
            finer.push(OpenGroup { phases, cells });
        }
    };
    for mut group in groups {
        let both = &group.cells & &lacking;
        group.cells -= &both;
        lacking -= &both;
        keep(group.phases.union(phases), both);
        keep(group.phases, group.cells);
    }
    keep(phases, lacking);
    finer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Phase;

    #[test]
    fn each_cell_is_grouped_by_exactly_its_open_phases() {
        // Portfolio `n` has done the phases whose bits are set in `n`: all sixteen ways.
        let mut coverage = Coverage::new();
        for n in 0..16_u32 {
            for (bit, phase) in Phase::CELL_PHASES.into_iter().enumerate() {
                if n & (1 << bit) != 0 {
                    coverage.insert(Day::MIN, phase, n);
                }
            }
        }
        let everybody: IdSet = (0..16).collect();
        let open = find_open_cells(&everybody, &coverage, Day::MIN, PhaseSet::CELL_PHASES);
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
        let everybody = IdSet::from([1, 2]);
        let open = find_open_cells(
            &everybody,
            &Coverage::new(),
            Day::MIN,
            PhaseSet::CELL_PHASES,
        );
        let all = OpenGroup {
            phases: PhaseSet::CELL_PHASES,
            cells: everybody,
        };
        assert_eq!(open.groups, [all]);
        assert!(open.complete.is_empty());
    }

    #[test]
    fn subtract_by_ranges_equals_set_difference() {
        // Both sets in every way over six neighbours, which lie across the edge of a container.
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
        let everybody: IdSet = (0..=u32::MAX).step_by(1 << 28).chain([u32::MAX]).collect();
        assert!(subtract_by_ranges(&everybody, &everybody).is_empty());
        assert_eq!(subtract_by_ranges(&everybody, &IdSet::new()), everybody);
    }
}
