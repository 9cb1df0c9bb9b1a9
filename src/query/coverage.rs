//! Counts the expected cells of each session by state, and the done ones by phase.

use serde::Serialize;

use super::error::QueryError;
use crate::domain::{Day, DayRange, IdSet, Phase};
use crate::engine::{Settings, survey_and_plan};
use crate::environment::Environment;
use crate::plan::{DayPlan, Request, SkipReason, Survey};
use crate::store::Store;

/// Cell counts of one session. `expected` is the sum of `complete`, `open`, `blocked` and
/// `quarantined`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionCoverage {
    /// The session of the cells.
    pub day: Day,
    /// Cells of active portfolios whose lifecycle includes the session.
    pub expected: u64,
    /// Cells with all phases done and valid.
    pub complete: u64,
    /// Cells that the next run would process.
    pub open: u64,
    /// Cells that wait for a price or rate.
    pub blocked: u64,
    /// Cells that are skipped until `retry`, because they failed too often.
    pub quarantined: u64,
    /// Expected cells with a phase done, for each phase.
    pub done: PhaseCounts,
}

/// Numbers of cells, by phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PhaseCounts {
    /// Cells whose snapshot is done.
    pub snapshot: u64,
    /// Cells whose positions are done.
    pub positions: u64,
    /// Cells whose exposures are done.
    pub exposures: u64,
    /// Cells whose risk is done.
    pub risk: u64,
}

/// Counts the cells of the last `max_sessions` due sessions in `range`, newest first.
///
/// # Errors
///
/// The store cannot be read, or no plan can be made.
pub fn coverage(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    request: &Request,
    range: DayRange,
    max_sessions: usize,
) -> Result<Vec<SessionCoverage>, QueryError> {
    store.read(|reading| {
        let now = environment.clock.now();
        let (surveyed, plan) = survey_and_plan(reading, request, settings, now)?;
        let due = plan.days.iter().rev();
        let due = due.filter(|day| day.day <= plan.target.day && range.contains(day.day));
        let counted = due
            .take(max_sessions)
            .map(|day| count(day, &surveyed.survey));
        Ok(counted.collect())
    })
}

fn count(day: &DayPlan, survey: &Survey) -> SessionCoverage {
    let skipped = |reason| day.skip_count(reason);
    let (complete, open) = (skipped(SkipReason::Complete), day.step_count());
    let blocked = skipped(SkipReason::Blocked) + skipped(SkipReason::Unpriced);
    let quarantined = skipped(SkipReason::Quarantined);
    let expected = expected(day);
    let done = |phase| {
        let covered = survey.coverage.get(day.day, phase);
        covered.map_or(0, |covered| covered.intersection_len(&expected))
    };
    SessionCoverage {
        day: day.day,
        expected: complete + open + blocked + quarantined,
        complete,
        open,
        blocked,
        quarantined,
        done: PhaseCounts {
            snapshot: done(Phase::Snapshot),
            positions: done(Phase::Positions),
            exposures: done(Phase::Exposures),
            risk: done(Phase::Risk),
        },
    }
}

/// Returns the cells that [`SessionCoverage::expected`] counts.
fn expected(day: &DayPlan) -> IdSet {
    let steps = day.steps.iter().map(|steps| &steps.cells);
    let skips = day.skips.iter().filter(|skips| {
        matches!(
            skips.reason,
            SkipReason::Complete
                | SkipReason::Blocked
                | SkipReason::Unpriced
                | SkipReason::Quarantined
        )
    });
    let skips = skips.map(|skips| &skips.cells);
    steps
        .chain(skips)
        .fold(IdSet::new(), |all, cells| all | cells)
}
