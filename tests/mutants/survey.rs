//! Faults in the survey that a run plans from: lifecycles, coverage, blocked and quarantined cells.
//! Other readers of the survey, such as the checks of a scenario, see it without the fault.

use crate::execution::{edit, fault};
use crate::mutant::{Change, Detection, Edit, Mutant};

/// The place at which a run surveys and plans for the first time.
pub(crate) const SURVEY: &str = "survey_and_plan(writing, &run_request.request, settings, started)";

/// Plans anew after a change of `survey`.
macro_rules! survey_fault {
    ($name:literal, $fault:literal, $found_by:literal, $($change:tt)+) => {
        Mutant {
            name: $name,
            fault: $fault,
            change: Change::Source(&[Edit {
                file: "src/engine/active_run.rs",
                place: SURVEY,
                text: SURVEY,
                mutated: concat!(
                    "use crate::domain::{IdSet, Lifecycle, LifecycleIndex, Phase, PortfolioId};
                    use crate::plan::{BlockedCell, plan};
                    let request = &run_request.request;
                    let reading: &crate::store::ReadTransaction<'_> = writing;
                    let (mut surveyed, _) =
                        survey_and_plan(reading, request, settings, started)?;
                    let survey = &mut surveyed.survey;
                    ",
                    $($change)+,
                    "
                    let plan = plan(request, survey, surveyed.today)?;
                    Ok((surveyed, plan))"
                ),
            }]),
            found_by: &[Detection::Scenario($found_by)],
        }
    };
}

/// Reads all lifecycles with a change of `lifecycle`.
macro_rules! lifecycle_fault {
    ($name:literal, $fault:literal, $found_by:literal, $lifecycle:literal) => {
        survey_fault!(
            $name,
            $fault,
            $found_by,
            concat!(
                "let mut lifecycles = LifecycleIndex::default();
                for portfolio in reading.portfolios().all()? {
                    let lifecycle = portfolio.lifecycle;
                    lifecycles.add(portfolio.id, &",
                $lifecycle,
                ");
                }
                survey.lifecycles = lifecycles;"
            )
        )
    };
}

pub(crate) const MUTANTS: &[Mutant] = &[
    lifecycle_fault!(
        "deleted-read-as-active",
        "a deleted portfolio is read as active",
        "incident/a_deleted_portfolio_ahead_hides_missing_days",
        "lifecycle.with_deleted_at(None)"
    ),
    lifecycle_fault!(
        "closing-day-ignored",
        "a closing day is not read",
        "incident/skipped_days_do_not_count_as_progress",
        "Lifecycle::new(lifecycle.inception()).with_deleted_at(lifecycle.deleted_at())"
    ),
    lifecycle_fault!(
        "inception-a-day-late",
        "a lifecycle starts the day after its inception",
        "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        "{
            let later = Lifecycle::new(lifecycle.inception().next());
            let closing = later.with_closing_day(lifecycle.closing_day()).unwrap_or(later);
            closing.with_deleted_at(lifecycle.deleted_at())
        }"
    ),
    survey_fault!(
        "snapshot-read-as-all-phases",
        "a snapshot is read as all phases",
        "calendar/a_session_added_later_is_due_for_all_portfolios",
        "for day in survey.sessions.clone() {
            let done = survey.coverage.get(day, Phase::Snapshot).cloned().unwrap_or_default();
            for phase in Phase::CELL_PHASES {
                survey.coverage.set(day, phase, done.clone());
            }
        }"
    ),
    survey_fault!(
        "holes-read-as-done",
        "cells before a done one are read as done",
        "calendar/a_session_added_later_is_due_for_all_portfolios",
        "let mut below = IdSet::new();
        for day in survey.sessions.clone().into_iter().rev() {
            for phase in Phase::CELL_PHASES {
                let done = survey.coverage.get(day, phase).cloned().unwrap_or_default();
                below |= &done;
                survey.coverage.set(day, phase, done | &below);
            }
        }"
    ),
    survey_fault!(
        "risk-read-as-done",
        "the risk phase is read as done",
        "gaps_and_corrections/a_late_price_invalidates_a_day_filled_without_it",
        "for day in survey.sessions.clone() {
            let done = survey.coverage.get(day, Phase::Snapshot).cloned().unwrap_or_default();
            survey.coverage.set(day, Phase::Risk, done);
        }"
    ),
    survey_fault!(
        "invalidations-not-read",
        "the reasons of invalidations are not read",
        "calendar/a_removed_closure_makes_the_day_due_again",
        "survey.invalidations.clear();"
    ),
    survey_fault!(
        "blocked-not-read",
        "blocked cells are not read",
        "gaps_and_corrections/a_late_price_blocks_its_holders_until_it_arrives",
        "survey.blocked.clear();"
    ),
    survey_fault!(
        "one-blocked-blocks-all",
        "one blocked portfolio blocks its whole day",
        "gaps_and_corrections/a_late_price_blocks_its_holders_until_it_arrives",
        "let active = survey.lifecycles.active().clone();
        for blocked in survey.blocked.values_mut() {
            let Some(first) = blocked.first().cloned() else {
                continue;
            };
            for id in active.iter().map(PortfolioId) {
                if blocked.iter().all(|cell| cell.portfolio != id) {
                    let reason = first.reason.clone();
                    blocked.push(BlockedCell { portfolio: id, reason });
                }
            }
            blocked.sort_by_key(|cell| cell.portfolio);
        }"
    ),
    survey_fault!(
        "quarantine-not-read",
        "quarantined phases are not read",
        "portfolios/a_phase_that_keeps_failing_is_quarantined_until_retried",
        "survey.quarantined.clear();"
    ),
    fault(
        "configuration-not-surveyed",
        "a changed configuration is seen by the run alone",
        &[Detection::Scenario(
            "calendar/a_closed_session_opens_cells_before_the_run",
        )],
        &[edit(
            "src/engine/survey.rs",
            "survey.invalidate(new.clone());",
            "survey.invalidate(new.clone());",
            "let _ = new;",
        )],
    ),
    fault(
        "model-not-surveyed",
        "a changed risk model is seen by the run alone",
        &[Detection::Scenario(
            "invalidation/a_changed_benchmark_opens_risk_before_the_run",
        )],
        &[edit(
            "src/invalidation/pending.rs",
            "model.flatten().into_iter().chain(of_database)",
            "model.flatten()",
            "model.flatten().filter(|_| false)",
        )],
    ),
    survey_fault!(
        "previous-session-dropped",
        "the session before the last is not read",
        "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        "if survey.sessions.len() > 1 {
            let last = survey.sessions.len() - 2;
            survey.sessions.remove(last);
        }"
    ),
];
