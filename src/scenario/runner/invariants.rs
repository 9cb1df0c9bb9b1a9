//! Checks what must hold after every step, whatever a scenario expects.
//!
//! The checks use the rows of the database and count cells one by one. They never ask the planner
//! again, so that a fault of the planner can't confirm itself.

use super::error::PlayError;
use super::finding::{BrokenClaim, Finding, Problem, Violation};
use super::harness::Harness;
use super::run::FinishedRun;
use super::step_number::StepNumber;
use crate::domain::{Cell, Coverage, Day, DayRange, Phase, PhaseSet, Portfolio, PortfolioId};
use crate::engine::Outcome;
use crate::plan::{DayPlan, StepKind};
use crate::query::{Claim, Sample, Verdict, verify};
use crate::scenario::script::{Run, RunEnd};

/// From a crash to the next run, a run may be marked as running without a live lease.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DeadRuns {
    Allowed,
    Forbidden,
}

/// Returns the violated invariants after a step that is not a run.
pub(super) fn after_change(
    harness: &Harness<'_>,
    number: &StepNumber,
) -> Result<Vec<Finding>, PlayError> {
    let violations = verify_database(harness, DeadRuns::Allowed)?;
    Ok(to_findings(number, violations))
}

/// Returns the violated invariants after a run.
pub(super) fn after_run(
    harness: &Harness<'_>,
    number: &StepNumber,
    run: &Run,
    finished: &FinishedRun,
) -> Result<Vec<Finding>, PlayError> {
    let closed = matches!(
        finished.result.end,
        RunEnd::Complete | RunEnd::Incomplete | RunEnd::Cancelled
    );
    let dead_runs = if closed {
        DeadRuns::Forbidden
    } else {
        DeadRuns::Allowed
    };
    let mut violations = verify_database(harness, dead_runs)?;
    if let Some(outcome) = &finished.outcome {
        check_account(outcome, &mut violations);
        // Steps inside the run change portfolios and the ledger, so these counts would compare two
        // states.
        if run.meanwhile.is_empty() {
            check_expected_cells(harness, outcome, &mut violations)?;
            check_reasons(outcome, &finished.planned_on, &mut violations);
            check_gains(harness, outcome, finished, &mut violations)?;
        }
        // A run that is complete within its scope or range may leave cells open outside of it.
        if finished.result.end == RunEnd::Complete && run.is_unrestricted() {
            check_nothing_open(harness, &mut violations)?;
        }
    } else if matches!(finished.result.end, RunEnd::Busy | RunEnd::Refused)
        && run.meanwhile.is_empty()
        && finished.before != finished.after
    {
        violations.push(Violation::LedgerChanged(finished.result.end));
    }
    Ok(to_findings(number, violations))
}

fn to_findings(number: &StepNumber, violations: Vec<Violation>) -> Vec<Finding> {
    let finding = |violation| Finding {
        step: Some(number.clone()),
        problem: Problem::Invariant(violation),
    };
    violations.into_iter().map(finding).collect()
}

/// Verifies the database from its rows: every cell is computed again and compared bit for bit.
fn verify_database(
    harness: &Harness<'_>,
    dead_runs: DeadRuns,
) -> Result<Vec<Violation>, PlayError> {
    let (settings, environment) = (harness.applied_settings(), harness.environment());
    let verification = verify(
        &harness.store(),
        &settings,
        &environment,
        Sample::All,
        &|_| {},
    )?;
    let mut violations = Vec::new();
    for check in &verification.checks {
        let Verdict::Broken { findings, .. } = &check.verdict else {
            continue;
        };
        // A crashed run stays marked as running until the next run closes it, and may have put its
        // configuration in force or not.
        let is_left = matches!(check.claim, Claim::Runs | Claim::Configuration);
        if is_left && dead_runs == DeadRuns::Allowed {
            continue;
        }
        violations.push(Violation::Claim(BrokenClaim {
            claim: check.claim,
            findings: findings.clone(),
        }));
    }
    Ok(violations)
}

/// Checks that the run's certificate and progress add up and that its watermark did not fall.
fn check_account(outcome: &Outcome, violations: &mut Vec<Violation>) {
    let (certificate, progress) = (&outcome.certificate, &outcome.progress);
    if !certificate.is_valid() {
        violations.push(Violation::Certificate(*certificate));
    }
    if progress.done + progress.failed > progress.planned {
        violations.push(Violation::Progress(*progress));
    }
    let done: u64 = outcome.done.values().map(crate::domain::IdSet::len).sum();
    if done != progress.done {
        violations.push(Violation::DoneCount {
            counted: progress.done,
            done,
        });
    }
    // `None` is less than every day, so losing the watermark counts too.
    if outcome.watermark_after.day() < outcome.watermark_before.day() {
        violations.push(Violation::WatermarkMovedDown {
            before: outcome.watermark_before,
            after: outcome.watermark_after,
        });
    }
}

/// Counts the expected cells one by one: every session of each lifecycle up to the target.
fn check_expected_cells(
    harness: &Harness<'_>,
    outcome: &Outcome,
    violations: &mut Vec<Violation>,
) -> Result<(), PlayError> {
    let settings = harness.settings();
    let (portfolios, calendars) = harness.store().read(|reading| {
        let calendars = reading.security_calendars();
        let calendars = calendars.of_portfolios(&settings.calendar)?;
        Ok::<_, crate::store::StoreError>((reading.portfolios().all()?, calendars))
    })?;
    let plan = &outcome.plan;
    // A plan without days covers no cell, and its certificate is checked by `check_account`.
    let (Some(first), Some(last)) = (plan.days.first(), plan.days.last()) else {
        return Ok(());
    };
    let mut count = 0;
    for portfolio in portfolios
        .iter()
        .filter(|portfolio| plan.scope.contains(portfolio.id))
    {
        let days = expected_days(portfolio, first.day, last.day.min(plan.target.day));
        if let Some(days) = days {
            let sessions = settings.calendar.sessions(days);
            let sessions = sessions.map_err(crate::engine::EngineError::from)?.iter();
            let own = sessions.filter(|day| calendars.has_session(portfolio.id, **day));
            count += own.count() as u64;
        }
    }
    count += planned_deleted_cells(outcome, &portfolios);
    let certified = outcome.certificate.expected;
    if certified != count {
        violations.push(Violation::ExpectedCells {
            counted: count,
            certified,
        });
    }
    Ok(())
}

/// Counts the planned cells of deleted portfolios: 0 unless a replayed policy includes them.
fn planned_deleted_cells(outcome: &Outcome, portfolios: &[Portfolio]) -> u64 {
    let plan = &outcome.plan;
    if plan.policy.deleted == crate::plan::Deleted::Excluded {
        return 0;
    }
    let deleted = portfolios
        .iter()
        .filter(|portfolio| !portfolio.lifecycle.is_active());
    let deleted: crate::domain::IdSet = deleted.map(|portfolio| portfolio.id.0).collect();
    let steps = plan.days.iter().flat_map(|day| &day.steps);
    steps.map(|steps| (&steps.cells & &deleted).len()).sum()
}

fn expected_days(portfolio: &Portfolio, first: Day, last: Day) -> Option<DayRange> {
    let lifecycle = portfolio.lifecycle;
    if !lifecycle.is_active() {
        return None;
    }
    let last = lifecycle
        .closing_day()
        .map_or(last, |closed| closed.min(last));
    DayRange::new(first.max(lifecycle.inception()), last).ok()
}

/// Compares the reason of each step with the ledger that the run planned on.
fn check_reasons(outcome: &Outcome, before: &Coverage, violations: &mut Vec<Violation>) {
    let days = outcome.plan.days_with_work();
    for (day, id, phases, kind) in days.flat_map(day_steps) {
        let cell = Cell::new(day, id);
        let done = done_phases(before, cell);
        let fits = match kind {
            StepKind::Missing => done.is_empty(),
            StepKind::Partial => !done.is_empty() && done != PhaseSet::CELL_PHASES,
            StepKind::Stale | StepKind::Forced => done != PhaseSet::CELL_PHASES,
            StepKind::ByRule => true,
        };
        if !fits {
            violations.push(Violation::PlannedAs { cell, kind, done });
        }
        // Only the filter that looks at all phases promises not to redo a phase.
        let again = !phases.intersection(done).is_empty();
        if again && outcome.plan.policy.filter == crate::plan::Filter::AllPhases {
            violations.push(Violation::PlannedAgain { cell, phases, done });
        }
    }
}

fn day_steps(day: &DayPlan) -> impl Iterator<Item = (Day, PortfolioId, PhaseSet, StepKind)> {
    let steps = day.steps_in_order();
    steps.map(|(id, phases, reason)| (day.day, id, phases, reason.kind()))
}

fn done_phases(coverage: &Coverage, cell: Cell) -> PhaseSet {
    let phases = Phase::CELL_PHASES.into_iter();
    phases
        .filter(|phase| coverage.contains(cell.day, *phase, cell.portfolio))
        .collect()
}

/// Checks that each phase that entered the ledger was planned, in scope, and of an active
/// portfolio.
fn check_gains(
    harness: &Harness<'_>,
    outcome: &Outcome,
    finished: &FinishedRun,
    violations: &mut Vec<Violation>,
) -> Result<(), PlayError> {
    let portfolios = harness.store().read(|reading| reading.portfolios().all())?;
    let includes_deleted = outcome.plan.policy.deleted == crate::plan::Deleted::Included;
    for (day, phase, done) in finished.after.iter() {
        let before = finished
            .planned_on
            .get(day, phase)
            .cloned()
            .unwrap_or_default();
        for id in (done - before).iter().map(PortfolioId) {
            let cell = Cell::new(day, id);
            let portfolio = portfolios.iter().find(|portfolio| portfolio.id == id);
            if !outcome.plan.scope.contains(id) {
                violations.push(Violation::OutOfScope(phase, cell));
            }
            if !includes_deleted
                && portfolio.is_none_or(|portfolio| !portfolio.lifecycle.is_active())
            {
                violations.push(Violation::Deleted(phase, cell));
            }
            // The phase counts as well: doing more phases of a planned cell than planned is a
            // fault.
            let planned = matches!(
                outcome.plan.decision(cell),
                crate::plan::Decision::Step { phases, .. } if phases.contains(phase)
            );
            if !planned {
                violations.push(Violation::NotPlanned(phase, cell));
            }
        }
    }
    Ok(())
}

/// Checks that a complete run left no open cell.
fn check_nothing_open(
    harness: &Harness<'_>,
    violations: &mut Vec<Violation>,
) -> Result<(), PlayError> {
    let open = harness.inspect()?.end_state().open;
    violations.extend(
        open.into_iter()
            .next()
            .map(|(day, names)| Violation::OpenAfterComplete { day, names }),
    );
    Ok(())
}

impl Run {
    /// Returns true if the run covers all portfolios and days, and no step happens inside it.
    fn is_unrestricted(&self) -> bool {
        self.portfolios.is_none()
            && self.from.is_none()
            && self.to.is_none()
            && self.force.is_none()
            && self.target.is_none()
            && self.meanwhile.is_empty()
    }
}
