//! Faults in the plan: days and cells that are dropped, phases that are added or missing.

use super::mutant::{Change, Mutant};
use crate::domain::{Phase, PhaseSet};
use crate::plan::{DayPlan, Plan, StepKind};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "first-day-dropped",
        "the first day with work is dropped",
        |plan| {
            let first = plan.days.iter_mut().find(|day| !day.steps.is_empty());
            first.into_iter().for_each(clear_steps);
        },
    ),
    mutant(
        "last-day-dropped",
        "the last day with work is dropped",
        |plan| {
            let last = plan.days.iter_mut().rev().find(|day| !day.steps.is_empty());
            last.into_iter().for_each(clear_steps);
        },
    ),
    mutant(
        "last-portfolio-dropped",
        "the last portfolio of each day is dropped",
        |plan| {
            for day in &mut plan.days {
                if let Some(last) = day.steps.iter().filter_map(|steps| steps.cells.max()).max() {
                    for steps in &mut day.steps {
                        steps.cells.remove(last);
                    }
                    day.steps.retain(|steps| !steps.cells.is_empty());
                }
            }
        },
    ),
    mutant(
        "first-portfolio-dropped",
        "the first portfolio of each day is dropped",
        |plan| {
            for day in &mut plan.days {
                if let Some(first) = day.steps.iter().filter_map(|steps| steps.cells.min()).min() {
                    for steps in &mut day.steps {
                        steps.cells.remove(first);
                    }
                    day.steps.retain(|steps| !steps.cells.is_empty());
                }
            }
        },
    ),
    mutant(
        "partial-recomputed-in-full",
        "all phases of a partial cell are computed",
        |plan| {
            change_phases(plan, StepKind::Partial, |phases| {
                *phases = PhaseSet::CELL_PHASES
            });
        },
    ),
    mutant(
        "stale-not-recomputed",
        "stale cells are not computed again",
        |plan| {
            for day in &mut plan.days {
                day.steps
                    .retain(|steps| steps.reason.kind() != StepKind::Stale);
            }
        },
    ),
    mutant(
        "stale-snapshot-only",
        "only the snapshot of a stale cell is computed",
        |plan| {
            change_phases(plan, StepKind::Stale, |phases| {
                if phases.contains(Phase::Snapshot) {
                    *phases = PhaseSet::from_phase(Phase::Snapshot);
                }
            });
        },
    ),
];

const fn mutant(name: &'static str, fault: &'static str, change: fn(&mut Plan)) -> Mutant {
    Mutant {
        name,
        fault,
        change: Change::Plan(change),
    }
}

fn clear_steps(day: &mut DayPlan) {
    day.steps.clear();
}

fn change_phases(plan: &mut Plan, kind: StepKind, change: fn(&mut PhaseSet)) {
    for steps in plan.days.iter_mut().flat_map(|day| &mut day.steps) {
        if steps.reason.kind() == kind {
            change(&mut steps.phases);
        }
    }
}
