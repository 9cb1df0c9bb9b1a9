//! A plan: every cell of a scope and range, each a step or a skip, and what can be asked of it.
//!
//! A plan is a value. It was decided once, and is printed, compared, hashed and executed as it
//! stands; nothing here decides.

use std::collections::BTreeMap;

use crate::domain::{Cell, Day, IdSet, PhaseSet, PortfolioId, Scope};

use super::{BlockedCell, Policy, RangeStart, ResolvedTarget, SkipReason, StepKind, StepReason};

/// Every cell of the rectangle scope × sessions of the range, with what is to become of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Up to which session cells are due.
    pub target: ResolvedTarget,
    /// By which rules work was chosen.
    pub policy: Policy,
    /// Whom it was made for. Not what was asked for where a replayed rule widened it.
    pub scope: Scope,
    /// Everybody in scope, deleted ones too: each is in one group of every day.
    pub members: IdSet,
    /// The ids in the scope asked for that nobody bears, where the rule is not to refuse them.
    pub unknown_ids: Vec<PortfolioId>,
    /// The phases that were asked for.
    pub phases: PhaseSet,
    /// After which day the policy looked.
    pub start: RangeStart,
    /// The sessions of the range, ascending.
    pub days: Vec<DayPlan>,
    /// What the cells wait for that are skipped as blocked.
    pub blocked: BTreeMap<Day, Vec<BlockedCell>>,
}

/// One session of a plan. The groups of steps and skips are disjoint, and together they are
/// everybody in scope.
#[derive(Debug, Clone, PartialEq)]
pub struct DayPlan {
    /// The session.
    pub day: Day,
    /// What is to be done, by ascending reason and then phases.
    pub steps: Vec<StepGroup>,
    /// What is not, by ascending reason.
    pub skips: Vec<SkipGroup>,
}

/// Cells of a day that are to be done alike.
#[derive(Debug, Clone, PartialEq)]
pub struct StepGroup {
    /// The phases to do; never empty.
    pub phases: PhaseSet,
    /// Why.
    pub reason: StepReason,
    /// Whose; never empty.
    pub cells: IdSet,
}

/// Cells of a day that are not to be done, for the same reason.
#[derive(Debug, Clone, PartialEq)]
pub struct SkipGroup {
    /// Why not.
    pub reason: SkipReason,
    /// Whose; never empty.
    pub cells: IdSet,
}

/// What a plan says of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is to be done.
    Step {
        /// The phases to do.
        phases: PhaseSet,
        /// Why.
        reason: StepReason,
    },
    /// It is not to be done.
    Skip(SkipReason),
    /// The plan does not speak of it.
    OutOfPlan,
}

impl Plan {
    /// How many cells are to be done.
    pub fn step_count(&self) -> u64 {
        self.days.iter().map(DayPlan::step_count).sum()
    }

    /// How many phases of cells are to be done.
    pub fn phase_count(&self) -> u64 {
        let steps = self.days.iter().flat_map(|day| &day.steps);
        steps.map(|s| s.cells.len() * s.phases.len() as u64).sum()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.days.iter().all(|day| day.steps.is_empty())
    }

    /// The sessions on which there is something to do, ascending.
    pub fn days_with_work(&self) -> impl Iterator<Item = &DayPlan> {
        self.days.iter().filter(|day| !day.steps.is_empty())
    }

    /// The sessions that are due and looked at, and on which there is nothing to do, ascending.
    pub fn skipped_days(&self) -> impl Iterator<Item = &DayPlan> {
        self.days.iter().filter(|day| {
            day.steps.is_empty() && day.day <= self.target.day && self.start.contains(day.day)
        })
    }

    /// How many cells of each session are needed and not seen by the policy; sessions without
    /// any are left out.
    pub fn left_behind(&self) -> BTreeMap<Day, u64> {
        let counts = self.days.iter().map(|day| (day.day, day.left_behind()));
        counts.filter(|(_, count)| *count > 0).collect()
    }

    /// How many cells are to be done for each kind of reason.
    pub fn steps_by_kind(&self) -> BTreeMap<StepKind, u64> {
        let mut counts = BTreeMap::new();
        for steps in self.days.iter().flat_map(|day| &day.steps) {
            *counts.entry(steps.reason.kind()).or_default() += steps.cells.len();
        }
        counts
    }

    /// How many cells are not to be done for each reason.
    pub fn skips_by_reason(&self) -> BTreeMap<SkipReason, u64> {
        let mut counts = BTreeMap::new();
        for skips in self.days.iter().flat_map(|day| &day.skips) {
            *counts.entry(skips.reason).or_default() += skips.cells.len();
        }
        counts
    }

    /// The plan of one session, if it is in the range.
    pub fn day(&self, day: Day) -> Option<&DayPlan> {
        let at = self.days.binary_search_by_key(&day, |plan| plan.day).ok()?;
        self.days.get(at)
    }

    /// What it says of one cell.
    pub fn decision(&self, cell: Cell) -> Decision {
        let day = self.day(cell.day);
        day.map_or(Decision::OutOfPlan, |day| day.decision(cell.portfolio))
    }

    /// The steps of one session in order of portfolio.
    pub fn steps_on(&self, day: Day) -> impl Iterator<Item = (PortfolioId, PhaseSet, &StepReason)> {
        self.day(day).into_iter().flat_map(DayPlan::steps_in_order)
    }
}

impl DayPlan {
    /// How many cells are to be done.
    pub fn step_count(&self) -> u64 {
        self.steps.iter().map(|steps| steps.cells.len()).sum()
    }

    /// How many cells are not to be done for `reason`.
    pub fn skip_count(&self, reason: SkipReason) -> u64 {
        let found = self.skips.iter().find(|skips| skips.reason == reason);
        found.map_or(0, |skips| skips.cells.len())
    }

    /// How many cells are needed and not seen by the policy.
    pub fn left_behind(&self) -> u64 {
        let behind = self.skips.iter().filter(|s| s.reason.is_left_behind());
        behind.map(|skips| skips.cells.len()).sum()
    }

    /// What is said of one portfolio on this day.
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

    /// Its steps in order of portfolio.
    pub fn steps_in_order(&self) -> impl Iterator<Item = (PortfolioId, PhaseSet, &StepReason)> {
        let groups = self.steps.iter();
        let mut ahead: Vec<_> = groups.map(|s| (s, s.cells.iter().peekable())).collect();
        std::iter::from_fn(move || {
            let heads = ahead.iter_mut().enumerate();
            let next = heads.filter_map(|(at, (_, ids))| ids.peek().map(|id| (*id, at)));
            let (_, at) = next.min()?;
            let (steps, ids) = &mut ahead[at];
            let id = ids.next()?;
            Some((PortfolioId(id), steps.phases, &steps.reason))
        })
    }
}
