//! Faults in the plan of a run: days and cells that are dropped, phases that are added or missing.

use crate::mutant::{Change, Detection, Edit, Mutant};
use crate::survey::SURVEY;

/// Changes the `plan` of a run.
macro_rules! plan_fault {
    ($name:literal, $fault:literal, $found_by:literal, $change:literal) => {
        Mutant {
            name: $name,
            fault: $fault,
            change: Change::Source(&[Edit {
                file: "src/engine/active_run.rs",
                place: SURVEY,
                text: SURVEY,
                mutated: concat!(
                    "use crate::domain::{Phase, PhaseSet};
                    use crate::plan::StepKind;
                    let request = &run_request.request;
                    let (surveyed, mut plan) =
                        survey_and_plan(writing, request, settings, started)?;
                    ",
                    $change,
                    "
                    Ok((surveyed, plan))"
                ),
            }]),
            found_by: &[Detection::Scenario($found_by)],
        }
    };
}

pub(crate) const MUTANTS: &[Mutant] = &[
    plan_fault!(
        "first-day-dropped",
        "the first day with work is dropped",
        "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        "let first = plan.days.iter_mut().find(|day| !day.steps.is_empty());
        first.into_iter().for_each(|day| day.steps.clear());"
    ),
    plan_fault!(
        "last-day-dropped",
        "the last day with work is dropped",
        "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        "let last = plan.days.iter_mut().rev().find(|day| !day.steps.is_empty());
        last.into_iter().for_each(|day| day.steps.clear());"
    ),
    plan_fault!(
        "last-portfolio-dropped",
        "the last portfolio of each day is dropped",
        "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        "for day in &mut plan.days {
            if let Some(last) = day.steps.iter().filter_map(|steps| steps.cells.max()).max() {
                for steps in &mut day.steps {
                    steps.cells.remove(last);
                }
                day.steps.retain(|steps| !steps.cells.is_empty());
            }
        }"
    ),
    plan_fault!(
        "first-portfolio-dropped",
        "the first portfolio of each day is dropped",
        "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        "for day in &mut plan.days {
            if let Some(first) = day.steps.iter().filter_map(|steps| steps.cells.min()).min() {
                for steps in &mut day.steps {
                    steps.cells.remove(first);
                }
                day.steps.retain(|steps| !steps.cells.is_empty());
            }
        }"
    ),
    plan_fault!(
        "partial-recomputed-in-full",
        "all phases of a partial cell are computed",
        "gaps_and_corrections/a_snapshot_left_by_a_crashed_run_is_taken_as_done_by_the_fix",
        "for steps in plan.days.iter_mut().flat_map(|day| &mut day.steps) {
            if steps.reason.kind() == StepKind::Partial {
                steps.phases = PhaseSet::CELL_PHASES;
            }
        }"
    ),
    plan_fault!(
        "stale-not-recomputed",
        "stale cells are not computed again",
        "calendar/a_removed_closure_makes_the_day_due_again",
        "for day in &mut plan.days {
            day.steps.retain(|steps| steps.reason.kind() != StepKind::Stale);
        }"
    ),
    plan_fault!(
        "stale-snapshot-only",
        "only the snapshot of a stale cell is computed",
        "calendar/a_removed_closure_makes_the_day_due_again",
        "for steps in plan.days.iter_mut().flat_map(|day| &mut day.steps) {
            if steps.reason.kind() == StepKind::Stale && steps.phases.contains(Phase::Snapshot) {
                steps.phases = PhaseSet::from_phase(Phase::Snapshot);
            }
        }"
    ),
];
