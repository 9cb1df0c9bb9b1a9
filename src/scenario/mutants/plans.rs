//! Faults in the plan: days and cells that fall out of it, phases that are not asked for.

use super::mutant::{Change, Mutant};
use crate::domain::{Phase, PhaseSet};
use crate::plan::{DayPlan, Plan, StepKind};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "range-starts-late",
        "the first day with work is left out",
        |plan| {
            let first = plan.days.iter_mut().find(|day| !day.steps.is_empty());
            first.into_iter().for_each(clear_steps);
        },
    ),
    mutant(
        "range-ends-early",
        "the last day with work is left out",
        |plan| {
            let last = plan.days.iter_mut().rev().find(|day| !day.steps.is_empty());
            last.into_iter().for_each(clear_steps);
        },
    ),
    mutant(
        "last-portfolio-out",
        "the last portfolio of each day is left out",
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
        "first-portfolio-out",
        "the first portfolio of each day is left out",
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
        "partial-in-full",
        "what is done in part is done again in full",
        |plan| {
            change_phases(plan, StepKind::Partial, |phases| {
                *phases = PhaseSet::CELL_PHASES
            });
        },
    ),
    mutant(
        "stale-unheeded",
        "what became stale is not done again",
        |plan| {
            for day in &mut plan.days {
                day.steps
                    .retain(|steps| steps.reason.kind() != StepKind::Stale);
            }
        },
    ),
    mutant(
        "stale-books-alone",
        "of what became stale only the snapshot is done",
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
