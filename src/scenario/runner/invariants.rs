//! What must hold after every step, whatever a scenario expects: found out from the rows of the
//! database and by counting cells one by one, not by asking the planner again.

use super::harness::Harness;
use super::play::PlayError;
use super::result::{Finding, FindingKind};
use super::run::FinishedRun;
use crate::domain::{Cell, Coverage, Day, DayRange, Phase, PhaseSet, Portfolio, PortfolioId};
use crate::engine::Outcome;
use crate::plan::{DayPlan, StepKind};
use crate::query::{Claim, Sample, Verdict, verify};
use crate::scenario::script::{Run, RunEnd};

/// Whether a run may be said to be at work without a live lease: from a crash to the next run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DeadRuns {
    Allowed,
    Forbidden,
}

/// What does not hold after a step that is no run.
pub(super) fn after_change(stage: &Harness<'_>, number: &str) -> Result<Vec<Finding>, PlayError> {
    let wrong = verify_database(stage, DeadRuns::Allowed)?;
    Ok(to_findings(number, wrong))
}

/// What does not hold after a run.
pub(super) fn after_run(
    stage: &Harness<'_>,
    number: &str,
    asked: &Run,
    finished: &FinishedRun,
) -> Result<Vec<Finding>, PlayError> {
    let closed = matches!(
        finished.result.end,
        RunEnd::Complete | RunEnd::Incomplete | RunEnd::Cancelled
    );
    let dead = if closed {
        DeadRuns::Forbidden
    } else {
        DeadRuns::Allowed
    };
    let mut wrong = verify_database(stage, dead)?;
    if let Some(outcome) = &finished.outcome {
        check_account(outcome, &mut wrong);
        if asked.meanwhile.is_empty() {
            check_expected_cells(stage, outcome, &mut wrong)?;
            check_reasons(outcome, &finished.planned_on, &mut wrong);
            check_gains(stage, outcome, finished, &mut wrong)?;
        }
        if finished.result.end == RunEnd::Complete && asked.is_unrestricted() {
            check_nothing_open(stage, &mut wrong)?;
        }
    } else if matches!(finished.result.end, RunEnd::Busy | RunEnd::Refused)
        && asked.meanwhile.is_empty()
        && finished.before != finished.after
    {
        wrong.push(format!(
            "the run ended {}, and the ledger changed",
            finished.result.end
        ));
    }
    Ok(to_findings(number, wrong))
}

fn to_findings(number: &str, wrong: Vec<String>) -> Vec<Finding> {
    let finding = |says| Finding {
        step: Some(number.to_owned()),
        kind: FindingKind::Invariant,
        message: says,
    };
    wrong.into_iter().map(finding).collect()
}

/// The database proven from its rows: every cell computed anew, bit for bit.
fn verify_database(stage: &Harness<'_>, dead: DeadRuns) -> Result<Vec<String>, PlayError> {
    let (settings, environment) = (stage.applied_settings(), stage.environment());
    let proof = verify(
        &stage.store(),
        &settings,
        &environment,
        Sample::All,
        &|_| {},
    )?;
    let mut wrong = Vec::new();
    for check in &proof.checks {
        let Verdict::Broken { findings, .. } = &check.verdict else {
            continue;
        };
        if check.claim == Claim::Runs && dead == DeadRuns::Allowed {
            continue;
        }
        wrong.push(format!(
            "it does not hold that {}: {}",
            check.claim.sentence(),
            findings.join("; ")
        ));
    }
    Ok(wrong)
}

/// The run's own account: it adds up, and progress never says more than was planned.
fn check_account(outcome: &Outcome, wrong: &mut Vec<String>) {
    let (certificate, progress) = (&outcome.certificate, &outcome.progress);
    if !certificate.is_valid() {
        wrong.push(format!("the certificate does not hold: {certificate:?}"));
    }
    if progress.done + progress.failed > progress.planned {
        wrong.push(format!("progress is beyond what was planned: {progress:?}"));
    }
    let done: u64 = outcome.done.values().map(crate::domain::IdSet::len).sum();
    if done != progress.done {
        wrong.push(format!(
            "{} cells were counted as done, and {done} are",
            progress.done
        ));
    }
    if outcome.watermark_after.day() < outcome.watermark_before.day() {
        let (before, after) = (&outcome.watermark_before, &outcome.watermark_after);
        wrong.push(format!(
            "the watermark went down from {before} to {after} by a run"
        ));
    }
}

/// What is expected, counted cell by cell: every session of a life, up to the target.
fn check_expected_cells(
    stage: &Harness<'_>,
    outcome: &Outcome,
    wrong: &mut Vec<String>,
) -> Result<(), PlayError> {
    let settings = stage.settings();
    let portfolios = stage.store().read(|reading| reading.portfolios())?;
    let plan = &outcome.plan;
    let (Some(first), Some(last)) = (plan.days.first(), plan.days.last()) else {
        return Ok(());
    };
    let mut count = 0;
    for one in portfolios.iter().filter(|one| plan.scope.contains(one.id)) {
        let days = expected_days(one, first.day, last.day.min(plan.target.day));
        if let Some(days) = days {
            let sessions = settings.calendar.sessions(days);
            count += sessions.map_err(crate::engine::EngineError::from)?.len() as u64;
        }
    }
    count += planned_deleted_cells(outcome, &portfolios);
    let found = outcome.certificate.expected;
    if found != count {
        wrong.push(format!(
            "{count} cells are expected, and the run speaks of {found}"
        ));
    }
    Ok(())
}

/// How many cells of deleted portfolios a plan chose: none, but for a replayed policy that counts
/// them in.
fn planned_deleted_cells(outcome: &Outcome, portfolios: &[Portfolio]) -> u64 {
    let plan = &outcome.plan;
    if plan.policy.deleted == crate::plan::Deleted::Excluded {
        return 0;
    }
    let deleted = portfolios.iter().filter(|one| !one.lifecycle.is_active());
    let deleted: crate::domain::IdSet = deleted.map(|one| one.id.0).collect();
    let steps = plan.days.iter().flat_map(|day| &day.steps);
    steps.map(|steps| (&steps.cells & &deleted).len()).sum()
}

fn expected_days(one: &Portfolio, first: Day, last: Day) -> Option<DayRange> {
    let life = one.lifecycle;
    if !life.is_active() {
        return None;
    }
    let last = life.closing_day().map_or(last, |closed| closed.min(last));
    DayRange::new(first.max(life.inception()), last).ok()
}

/// The reason of each step, held against the ledger that it was planned on: what is missing was
/// not there, and what is partly there was.
fn check_reasons(outcome: &Outcome, before: &Coverage, wrong: &mut Vec<String>) {
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
            wrong.push(format!(
                "{cell} is planned as {kind}, and of it is done: {done}"
            ));
        }
        let again = !phases.intersection(done).is_empty();
        if again && outcome.plan.policy.filter == crate::plan::Filter::AllPhases {
            wrong.push(format!(
                "{cell} is planned for {phases}, and of it is done: {done}"
            ));
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

/// What the ledger gained is what the run was asked for: nobody out of scope, nobody deleted,
/// nothing beyond the plan.
fn check_gains(
    stage: &Harness<'_>,
    outcome: &Outcome,
    finished: &FinishedRun,
    wrong: &mut Vec<String>,
) -> Result<(), PlayError> {
    let portfolios = stage.store().read(|reading| reading.portfolios())?;
    let by_rule = outcome.plan.policy.deleted == crate::plan::Deleted::Included;
    for (day, phase, done) in finished.after.iter() {
        let before = finished
            .planned_on
            .get(day, phase)
            .cloned()
            .unwrap_or_default();
        for id in (done - before).iter().map(PortfolioId) {
            let cell = Cell::new(day, id);
            let one = portfolios.iter().find(|one| one.id == id);
            if !outcome.plan.scope.contains(id) {
                wrong.push(format!(
                    "{phase} of {cell} was done, and it is out of scope"
                ));
            }
            if !by_rule && one.is_none_or(|one| !one.lifecycle.is_active()) {
                wrong.push(format!(
                    "{phase} of {cell} was done, and its portfolio is deleted"
                ));
            }
            let planned = matches!(
                outcome.plan.decision(cell),
                crate::plan::Decision::Step { phases, .. } if phases.contains(phase)
            );
            if !planned {
                wrong.push(format!("{phase} of {cell} was done, and not planned"));
            }
        }
    }
    Ok(())
}

/// A run that says that everything is done leaves nothing for the next.
fn check_nothing_open(stage: &Harness<'_>, wrong: &mut Vec<String>) -> Result<(), PlayError> {
    let open = stage.inspect()?.end_state().open;
    if let Some((day, names)) = open.first_key_value() {
        wrong.push(format!(
            "the run was complete, and on {day} is open: {}",
            names.join(", ")
        ));
    }
    Ok(())
}

impl Run {
    /// Whether it speaks of everybody and every day, and nothing happens beside it.
    fn is_unrestricted(&self) -> bool {
        self.portfolios.is_none()
            && self.from.is_none()
            && self.to.is_none()
            && self.force.is_none()
            && self.target.is_none()
            && self.meanwhile.is_empty()
    }
}
