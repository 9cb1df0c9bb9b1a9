//! How two plans differ: what a run says when the plan it was told to execute has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::domain::{Cell, Day, IdSet, PortfolioId};

use super::identity::group_by_kind;
use super::{Decision, Plan};

/// How many cells a difference names of each kind.
const MAX_EXAMPLES: usize = 3;

/// What one plan would do otherwise than another. Empty exactly when their ids are the same.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanDifference {
    /// Cells that are steps now and were not.
    pub added: StepChange,
    /// Cells that were steps and are not now.
    pub removed: StepChange,
    /// Cells that are steps in both, with other phases or another kind of reason.
    pub changed: StepChange,
}

/// Cells that differ in the same way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepChange {
    /// How many.
    pub count: u64,
    /// The first of them in plan order, each with what both plans say.
    pub examples: Vec<(Cell, Decision, Decision)>,
}

impl Plan {
    /// How `later` differs from this plan.
    pub fn difference(&self, later: &Self) -> PlanDifference {
        let mut difference = PlanDifference::default();
        let days = self.days_with_work().chain(later.days_with_work());
        for day in days.map(|day| day.day).collect::<BTreeSet<_>>() {
            let steps_of = |plan: &Self| plan.day(day).map(group_by_kind).unwrap_or_default();
            let (before, after) = (steps_of(self), steps_of(later));
            let (all_before, all_after) = (union_of(&before), union_of(&after));
            let mut same = IdSet::new();
            for (kind, cells) in &before {
                if let Some(still) = after.get(kind) {
                    same |= cells & still;
                }
            }
            let both = &all_before & &all_after;
            let note = |change: &mut StepChange, cells: &IdSet| {
                change.record(self, later, day, cells);
            };
            note(&mut difference.added, &(&all_after - &all_before));
            note(&mut difference.removed, &(&all_before - &all_after));
            note(&mut difference.changed, &(both - same));
        }
        difference
    }
}

fn union_of<K>(groups: &BTreeMap<K, IdSet>) -> IdSet {
    groups.values().fold(IdSet::new(), |all, cells| all | cells)
}

impl PlanDifference {
    /// Whether the plans do the same.
    pub fn is_empty(&self) -> bool {
        self.added.count + self.removed.count + self.changed.count == 0
    }
}

impl StepChange {
    fn record(&mut self, earlier: &Plan, later: &Plan, day: Day, cells: &IdSet) {
        self.count += cells.len();
        let wanted = MAX_EXAMPLES.saturating_sub(self.examples.len());
        for id in cells.iter().take(wanted) {
            let cell = Cell::new(day, PortfolioId(id));
            let said = (cell, earlier.decision(cell), later.decision(cell));
            self.examples.push(said);
        }
    }
}

impl fmt::Display for PlanDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing has changed");
        }
        let changes = [
            (&self.added, "to do now and not before"),
            (&self.removed, "to do before and not now"),
            (&self.changed, "to do otherwise"),
        ];
        let changes = changes.into_iter().filter(|(change, _)| change.count > 0);
        for (at, (change, how)) in changes.enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            let noun = if change.count == 1 { "cell" } else { "cells" };
            write!(f, "{} {noun} {how}", change.count)?;
            for (nth, (cell, before, after)) in change.examples.iter().enumerate() {
                let lead = if nth == 0 { ": " } else { ", " };
                write!(f, "{lead}{cell} ({before} → {after})")?;
            }
            if change.count > change.examples.len() as u64 {
                f.write_str(", …")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { phases, reason } => write!(f, "{reason}: {phases}"),
            Self::Skip(reason) => reason.fmt(f),
            Self::OutOfPlan => f.write_str("out of plan"),
        }
    }
}
