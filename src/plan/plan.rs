//! Defines the plan: every cell of a scope and range, each a step or a skip.
//!
//! A plan is a value. The planner decides it once; it is then printed, compared, hashed and
//! executed unchanged. Nothing here decides.

use std::collections::BTreeMap;

use crate::domain::{Cell, Day, IdSet, PhaseSet, PortfolioId, Scope};

use super::policy::Policy;
use super::range_start::RangeStart;
use super::reason::{SkipReason, StepKind, StepReason};
use super::survey::{BlockedCell, UnpricedSession};
use super::target::ResolvedTarget;

/// The decision for every cell of the rectangle scope × sessions of the range.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The last session whose cells are due.
    pub target: ResolvedTarget,
    /// The rules by which steps were chosen.
    pub policy: Policy,
    /// The scope planned. It is wider than the request's if a replayed rule widened it.
    pub scope: Scope,
    /// All portfolios in scope, deleted ones included. Each is in one group of every day.
    pub members: IdSet,
    /// Requested ids without a portfolio, if the policy does not refuse them.
    pub unknown_ids: Vec<PortfolioId>,
    /// The phases that were planned, always with the snapshot.
    pub phases: PhaseSet,
    /// The start of the range that the policy looked at.
    pub start: RangeStart,
    /// The sessions of the range, ascending.
    pub days: Vec<DayPlan>,
    /// Missing inputs of the cells that are skipped as blocked, by session.
    pub blocked: BTreeMap<Day, Vec<BlockedCell>>,
    /// The unpriced sessions on which a needed cell is skipped.
    pub unpriced: BTreeMap<Day, UnpricedSession>,
}

/// One session of a plan. The groups of steps and skips partition the members of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct DayPlan {
    /// The session, a trading day.
    pub day: Day,
    /// Cells to process, ordered by reason and then phases.
    pub steps: Vec<StepGroup>,
    /// Cells not to process, ordered by reason.
    pub skips: Vec<SkipGroup>,
}

/// Cells of a day with the same phases to process and the same reason.
#[derive(Debug, Clone, PartialEq)]
pub struct StepGroup {
    /// The phases to process; never empty.
    pub phases: PhaseSet,
    /// The reason for processing them.
    pub reason: StepReason,
    /// Ids of the portfolios; never empty.
    pub cells: IdSet,
}

/// Cells of a day that are skipped for the same reason.
#[derive(Debug, Clone, PartialEq)]
pub struct SkipGroup {
    /// The reason for skipping them.
    pub reason: SkipReason,
    /// Ids of the portfolios; never empty.
    pub cells: IdSet,
}

/// The decision of a plan for one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The cell is processed.
    Step {
        /// The phases to process; never empty.
        phases: PhaseSet,
        /// The reason for processing them.
        reason: StepReason,
    },
    /// The cell is skipped for this reason.
    Skip(SkipReason),
    /// The cell is outside the plan's scope or range.
    OutOfPlan,
}

impl Plan {
    /// Returns the number of cells to process.
    pub fn step_count(&self) -> u64 {
        self.days.iter().map(DayPlan::step_count).sum()
    }

    /// Returns whether the plan has no step.
    pub fn is_empty(&self) -> bool {
        self.days.iter().all(|day| day.steps.is_empty())
    }

    /// Iterates over the sessions with steps, ascending.
    pub fn days_with_work(&self) -> impl Iterator<Item = &DayPlan> {
        self.days.iter().filter(|day| !day.steps.is_empty())
    }

    /// Iterates over the sessions without steps that are due and within the policy's range,
    /// ascending.
    pub fn skipped_days(&self) -> impl Iterator<Item = &DayPlan> {
        self.days.iter().filter(|day| {
            day.steps.is_empty() && day.day <= self.target.day && self.start.contains(day.day)
        })
    }

    /// Returns the number of needed cells that the policy hides, by session. Sessions without such
    /// cells are absent.
    pub fn left_behind(&self) -> BTreeMap<Day, u64> {
        let counts = self.days.iter().map(|day| (day.day, day.left_behind()));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// Returns the number of cells to process, by kind of reason.
    pub fn steps_by_kind(&self) -> BTreeMap<StepKind, u64> {
        let mut counts = BTreeMap::new();
        for steps in self.days.iter().flat_map(|day| &day.steps) {
            *counts.entry(steps.reason.kind()).or_default() += steps.cells.len();
        }
        counts
    }

    /// Returns the number of skipped cells, by reason.
    pub fn skips_by_reason(&self) -> BTreeMap<SkipReason, u64> {
        let mut counts = BTreeMap::new();
        for skips in self.days.iter().flat_map(|day| &day.skips) {
            *counts.entry(skips.reason).or_default() += skips.cells.len();
        }
        counts
    }

    /// Returns the number of cells that wait for prices or a rate.
    pub fn waiting_count(&self) -> u64 {
        self.days.iter().map(DayPlan::waiting_count).sum()
    }

    /// Returns the plan of one session, or `None` if it is outside the range.
    pub fn day(&self, day: Day) -> Option<&DayPlan> {
        let at = self.days.binary_search_by_key(&day, |plan| plan.day).ok()?;
        self.days.get(at)
    }

    /// Returns the decision for one cell.
    pub fn decision(&self, cell: Cell) -> Decision {
        let day = self.day(cell.day);
        day.map_or(Decision::OutOfPlan, |day| day.decision(cell.portfolio))
    }

    /// Iterates over the steps of one session in order of portfolio id.
    pub fn steps_on(&self, day: Day) -> impl Iterator<Item = (PortfolioId, PhaseSet, &StepReason)> {
        self.day(day).into_iter().flat_map(DayPlan::steps_in_order)
    }
}

impl DayPlan {
    /// Returns the number of cells to process.
    pub fn step_count(&self) -> u64 {
        self.steps.iter().map(|steps| steps.cells.len()).sum()
    }

    /// Returns the number of cells skipped for `reason`.
    pub fn skip_count(&self, reason: SkipReason) -> u64 {
        let found = self.skips.iter().find(|skips| skips.reason == reason);
        found.map_or(0, |skips| skips.cells.len())
    }

    /// Returns the number of cells that wait for prices or a rate.
    pub fn waiting_count(&self) -> u64 {
        let waiting = self.skips.iter().filter(|s| s.reason.is_waiting());
        waiting.map(|skips| skips.cells.len()).sum()
    }

    /// Returns the number of needed cells that the policy hides.
    pub fn left_behind(&self) -> u64 {
        let behind = self.skips.iter().filter(|s| s.reason.is_left_behind());
        behind.map(|skips| skips.cells.len()).sum()
    }

    /// Returns the decision for one portfolio on this day.
    pub fn decision(&self, portfolio: PortfolioId) -> Decision {
        let step = self.steps.iter().find(|s| s.cells.contains(portfolio.0));
        if let Some(StepGroup { phases, reason, .. }) = step {
            return Decision::Step {
                phases: *phases,
                reason: *reason,
            };
        }
        let skip = self.skips.iter().find(|s| s.cells.contains(portfolio.0));
        skip.map_or(Decision::OutOfPlan, |skips| Decision::Skip(skips.reason))
    }

    /// Iterates over the steps in order of portfolio id.
    pub fn steps_in_order(&self) -> impl Iterator<Item = (PortfolioId, PhaseSet, &StepReason)> {
        // A merge of the groups, each of which is sorted; a day has a handful of groups.
        let groups = self.steps.iter();
        let mut cursors: Vec<_> = groups.map(|s| (s, s.cells.iter().peekable())).collect();
        std::iter::from_fn(move || {
            let heads = cursors.iter_mut().enumerate();
            let next = heads.filter_map(|(at, (_, ids))| ids.peek().map(|id| (*id, at)));
            let (_, at) = next.min()?;
            let (steps, ids) = &mut cursors[at];
            let id = ids.next()?;
            Some((PortfolioId(id), steps.phases, &steps.reason))
        })
    }
}
