//! Compares two plans, for the refusal of a run whose approved plan has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::domain::{Cell, Day, IdSet, PortfolioId, pluralize};

use super::identity::group_by_kind;
use super::plan::{Decision, Plan};

/// Largest number of cells that are named for each kind of change.
const MAX_EXAMPLES: usize = 3;

/// The cells whose steps differ between two plans. Empty exactly if the plan ids are equal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanDifference {
    /// Cells that are steps in the later plan only.
    pub added: StepChange,
    /// Cells that are steps in the earlier plan only.
    pub removed: StepChange,
    /// Cells that are steps in both, with other phases or another kind of reason.
    pub changed: StepChange,
}

/// Cells that changed in the same way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepChange {
    /// Number of such cells.
    pub count: u64,
    /// The first three in plan order, each with its earlier and its later decision.
    pub examples: Vec<(Cell, Decision, Decision)>,
}

impl Plan {
    /// Returns the changes from this plan to `later`.
    pub fn difference(&self, later: &Self) -> PlanDifference {
        let mut difference = PlanDifference::default();
        let days = self.days_with_work().chain(later.days_with_work());
        for day in days.map(|day| day.day).collect::<BTreeSet<_>>() {
            let steps_of = |plan: &Self| plan.day(day).map(group_by_kind).unwrap_or_default();
            let (before, after) = (steps_of(self), steps_of(later));
            let (all_before, all_after) = (union_of(&before), union_of(&after));
            // Steps with equal phases and kind of reason are equal, also if they name different
            // invalidations.
            let mut same = IdSet::new();
            for (kind, cells) in &before {
                if let Some(cells_after) = after.get(kind) {
                    same |= cells & cells_after;
                }
            }
            let both = &all_before & &all_after;
            let record = |change: &mut StepChange, cells: &IdSet| {
                change.record(self, later, day, cells);
            };
            record(&mut difference.added, &(&all_after - &all_before));
            record(&mut difference.removed, &(&all_before - &all_after));
            record(&mut difference.changed, &(both - same));
        }
        difference
    }
}

fn union_of<K>(groups: &BTreeMap<K, IdSet>) -> IdSet {
    groups
        .values()
        .fold(IdSet::new(), |union, cells| union | cells)
}

impl PlanDifference {
    /// Returns whether both plans have the same steps.
    pub fn is_empty(&self) -> bool {
        self.added.count + self.removed.count + self.changed.count == 0
    }
}

impl StepChange {
    fn record(&mut self, earlier: &Plan, later: &Plan, day: Day, cells: &IdSet) {
        self.count += cells.len();
        let missing = MAX_EXAMPLES.saturating_sub(self.examples.len());
        for id in cells.iter().take(missing) {
            let cell = Cell::new(day, PortfolioId(id));
            let example = (cell, earlier.decision(cell), later.decision(cell));
            self.examples.push(example);
        }
    }
}

impl fmt::Display for PlanDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no changes");
        }
        let changes = [
            (&self.added, "added"),
            (&self.removed, "removed"),
            (&self.changed, "changed"),
        ];
        let changes = changes.into_iter().filter(|(change, _)| change.count > 0);
        for (at, (change, verb)) in changes.enumerate() {
            if at > 0 {
                f.write_str("; ")?;
            }
            let noun = pluralize(change.count, "cell");
            write!(f, "{} {noun} {verb}", change.count)?;
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
