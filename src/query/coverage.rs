//! What is proven done, session by session.

use serde::Serialize;

use super::QueryError;
use crate::domain::{Day, DayRange, IdSet, Phase};
use crate::engine::{Settings, survey_and_plan};
use crate::environment::Environment;
use crate::plan::{DayPlan, Request, SkipReason, Survey};
use crate::store::Store;

/// A session, counted in cells. `expected` is the sum of `complete`, `open`, `blocked` and
/// `quarantined`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionCoverage {
    /// Which.
    pub day: Day,
    /// Portfolio active, and the session in its life.
    pub expected: u64,
    /// All phases done and valid.
    pub complete: u64,
    /// To be done by the next run.
    pub open: u64,
    /// Waiting for inputs.
    pub blocked: u64,
    /// Failed too often.
    pub quarantined: u64,
    /// The expected cells of which each phase is done.
    pub done: PhaseCounts,
}

/// Cells by phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PhaseCounts {
    /// Phase 3.
    pub snapshot: u64,
    /// Phase 4.
    pub positions: u64,
    /// Phase 5.
    pub exposures: u64,
    /// Phase 6.
    pub risk: u64,
}

/// The last so many sessions of `range` that are due, newest first.
pub fn coverage(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    request: &Request,
    range: DayRange,
    most: usize,
) -> Result<Vec<SessionCoverage>, QueryError> {
    store.read(|reading| {
        let now = environment.clock.now();
        let (surveyed, plan) = survey_and_plan(reading, request, settings, now)?;
        let due = plan.days.iter().rev();
        let due = due.filter(|day| day.day <= plan.target.day && range.contains(day.day));
        let counted = due.take(most).map(|day| count(day, &surveyed.survey));
        Ok(counted.collect())
    })
}

fn count(day: &DayPlan, survey: &Survey) -> SessionCoverage {
    let skipped = |reason| day.skip_count(reason);
    let (complete, open) = (skipped(SkipReason::Complete), day.step_count());
    let blocked = skipped(SkipReason::Blocked);
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

fn expected(day: &DayPlan) -> IdSet {
    let steps = day.steps.iter().map(|steps| &steps.cells);
    let skips = day.skips.iter().filter(|skips| {
        matches!(
            skips.reason,
            SkipReason::Complete | SkipReason::Blocked | SkipReason::Quarantined
        )
    });
    let skips = skips.map(|skips| &skips.cells);
    steps
        .chain(skips)
        .fold(IdSet::new(), |all, cells| all | cells)
}
