//! The grid: portfolios by sessions, with one mark for each cell.
//!
//! The same grid is made from a plan (the cells that would be done), from an outcome (those that
//! were done) and from the status (those that are done or open).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{Cell, Day, IdSet, PortfolioId};
use crate::engine::Outcome;
use crate::plan::{DayPlan, Decision, Plan, SkipReason, StepReason};

/// Marks of cells, by portfolio and session.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Grid {
    /// The sessions of the columns, ascending.
    pub days: Vec<Day>,
    /// One row for each portfolio, by id.
    pub rows: Vec<GridRow>,
}

/// The cells of one portfolio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GridRow {
    /// The name of the portfolio.
    pub name: String,
    /// One mark for each of the grid's `days`, in the same order.
    pub marks: Vec<Mark>,
}

/// The state of a cell in a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Complete before the run or plan.
    #[serde(rename = "had")]
    DoneBefore,
    /// Complete, with prices or rates that are older than allowed.
    OldInputs,
    /// Done by the ledger, and an output is missing.
    Damaged,
    /// Done by the run, or planned to be done.
    Processed,
    /// Chosen by a replayed policy though the cell is complete.
    Redundant,
    /// Some of the cell's phases are done.
    #[serde(rename = "some")]
    Partial,
    /// Needed, and no phase is done.
    Open,
    /// A phase of the cell failed.
    Failed,
    /// Needed, but not seen by the policy.
    LeftBehind,
    /// Inputs of the cell are missing.
    Blocked,
    /// The session is unpriced, so all its cells wait.
    Unpriced,
    /// Failed too often, and skipped until `plimsoll retry`.
    Quarantined,
    /// Needed, but deferred: over the limit, left to onboarding, or not reached by the run.
    Deferred,
    /// Not expected: before inception, after the close, deleted, not a session of the portfolio, or
    /// beyond the target.
    NotDue,
}

impl Mark {
    /// All marks, in the order of a legend.
    pub const ALL: [Self; 14] = [
        Self::DoneBefore,
        Self::OldInputs,
        Self::Damaged,
        Self::Processed,
        Self::Redundant,
        Self::Partial,
        Self::Open,
        Self::Failed,
        Self::LeftBehind,
        Self::Blocked,
        Self::Unpriced,
        Self::Quarantined,
        Self::Deferred,
        Self::NotDue,
    ];

    /// The character of the mark in a printed grid.
    pub const fn symbol(self) -> char {
        match self {
            Self::DoneBefore => '=',
            Self::OldInputs => 'o',
            Self::Damaged => 'x',
            Self::Processed => '#',
            Self::Redundant => '+',
            Self::Partial => '~',
            Self::Open => '-',
            Self::Failed => '!',
            Self::LeftBehind => '?',
            Self::Blocked => 'b',
            Self::Unpriced => 'u',
            Self::Quarantined => 'q',
            Self::Deferred => '>',
            Self::NotDue => '.',
        }
    }

    /// The description of the mark in a legend.
    pub const fn legend(self) -> &'static str {
        match self {
            Self::DoneBefore => "done before",
            Self::OldInputs => "old prices or rates",
            Self::Damaged => "damaged",
            Self::Processed => "processed",
            Self::Redundant => "redundant",
            Self::Partial => "partial",
            Self::Open => "open",
            Self::Failed => "failed",
            Self::LeftBehind => "left behind",
            Self::Blocked => "blocked",
            Self::Unpriced => "unpriced session",
            Self::Quarantined => "quarantined",
            Self::Deferred => "deferred",
            Self::NotDue => "not due",
        }
    }

    fn from_skip(reason: SkipReason) -> Self {
        match reason {
            SkipReason::Complete => Self::DoneBefore,
            SkipReason::Blocked => Self::Blocked,
            SkipReason::Unpriced => Self::Unpriced,
            SkipReason::Quarantined => Self::Quarantined,
            SkipReason::HiddenByWatermark | SkipReason::HiddenBySnapshot => Self::LeftBehind,
            SkipReason::OverLimit | SkipReason::LeftToOnboarding => Self::Deferred,
            SkipReason::BeforeInception
            | SkipReason::AfterClose
            | SkipReason::Deleted
            | SkipReason::NoSession
            | SkipReason::BeyondTarget => Self::NotDue,
        }
    }
}

impl Grid {
    /// Returns the grid of the cells that `plan` would do, on its last `sessions` sessions up to
    /// the target. The rows are the portfolios in `names`.
    pub fn from_plan(plan: &Plan, names: &BTreeMap<PortfolioId, String>, sessions: usize) -> Self {
        Self::up_to_target(plan, names, sessions, |_| Mark::Processed)
    }

    /// Returns the grid of the cells that a replayed policy would do. Complete cells that it
    /// chooses are redundant. The columns are the last sessions on which it does a cell or leaves one
    /// behind, and the session before them: at most `sessions` in all.
    pub fn from_replay(
        plan: &Plan,
        names: &BTreeMap<PortfolioId, String>,
        sessions: usize,
    ) -> Self {
        let end = plan.days.partition_point(|day| day.day <= plan.target.day);
        let is_notable = |day: &&DayPlan| day.step_count() + day.left_behind() > 0;
        let mut shown: Vec<_> = plan.days[..end].iter().filter(is_notable).collect();
        shown.drain(..shown.len().saturating_sub(sessions.saturating_sub(1)));
        let first = shown.first().map_or(end, |first| {
            plan.days.partition_point(|day| day.day < first.day)
        });
        if let Some(before) = first.checked_sub(1) {
            shown.insert(0, &plan.days[before]);
        }
        Self::on_days(shown, names, |decision| match decision {
            Decision::Step {
                reason: StepReason::ByRule,
                ..
            } => Mark::Redundant,
            _ => Mark::Processed,
        })
    }

    /// Returns the grid of the current state. The steps of `plan` are the open and partial cells.
    pub fn from_status(
        plan: &Plan,
        names: &BTreeMap<PortfolioId, String>,
        sessions: usize,
    ) -> Self {
        Self::up_to_target(plan, names, sessions, |decision| match decision {
            Decision::Step { phases, .. } if phases.len() < plan.phases.len() => Mark::Partial,
            _ => Mark::Open,
        })
    }

    /// Returns the grid of the cells that a run did. A step that it did not reach is partial if
    /// some phases of the cell were done before, else deferred.
    pub fn from_outcome(
        outcome: &Outcome,
        names: &BTreeMap<PortfolioId, String>,
        sessions: usize,
    ) -> Self {
        let mut grid =
            Self::up_to_target(&outcome.plan, names, sessions, |decision| match decision {
                Decision::Step {
                    reason: StepReason::Partial,
                    ..
                } => Mark::Partial,
                _ => Mark::Deferred,
            });
        let failed = Cell::by_day(outcome.failures.iter().map(|failed| failed.cell));
        let blocked = outcome.blocked.iter();
        let blocked = Cell::by_day(blocked.flat_map(|(day, cells)| {
            cells
                .iter()
                .map(|blocked| Cell::new(*day, blocked.portfolio))
        }));
        for (row, id) in grid.rows.iter_mut().zip(names.keys()) {
            for (mark, day) in row.marks.iter_mut().zip(&grid.days) {
                let is_in = |cells: &BTreeMap<Day, IdSet>| {
                    cells.get(day).is_some_and(|ids| ids.contains(id.0))
                };
                if is_in(&failed) {
                    *mark = Mark::Failed;
                } else if is_in(&outcome.done) {
                    *mark = Mark::Processed;
                } else if is_in(&blocked) {
                    *mark = Mark::Blocked;
                }
            }
        }
        grid
    }

    /// Returns the marks that occur, in the order of a legend.
    pub fn marks(&self) -> Vec<Mark> {
        let occurs = |mark: &Mark| self.rows.iter().any(|row| row.marks.contains(mark));
        Mark::ALL.into_iter().filter(occurs).collect()
    }

    /// Returns the portfolios with one of `marks`, by day. `names` are those of the rows.
    pub fn cells_with(
        &self,
        names: &BTreeMap<PortfolioId, String>,
        marks: &[Mark],
    ) -> BTreeMap<Day, IdSet> {
        let mut cells: BTreeMap<Day, IdSet> = BTreeMap::new();
        for (row, id) in self.rows.iter().zip(names.keys()) {
            for (mark, day) in row.marks.iter().zip(&self.days) {
                if marks.contains(mark) {
                    cells.entry(*day).or_default().insert(id.0);
                }
            }
        }
        cells
    }

    /// Gives `mark` to those of `cells`, portfolios by day, that were complete before. `names` are
    /// those of the rows.
    #[must_use]
    pub fn with_mark(
        mut self,
        names: &BTreeMap<PortfolioId, String>,
        mark: Mark,
        cells: &BTreeMap<Day, IdSet>,
    ) -> Self {
        for (row, id) in self.rows.iter_mut().zip(names.keys()) {
            for (before, day) in row.marks.iter_mut().zip(&self.days) {
                let is_named = cells.get(day).is_some_and(|ids| ids.contains(id.0));
                if is_named && *before == Mark::DoneBefore {
                    *before = mark;
                }
            }
        }
        self
    }

    fn up_to_target(
        plan: &Plan,
        names: &BTreeMap<PortfolioId, String>,
        sessions: usize,
        step: impl Fn(Decision) -> Mark,
    ) -> Self {
        let due = plan.days.partition_point(|day| day.day <= plan.target.day);
        let shown = plan.days[due.saturating_sub(sessions)..due]
            .iter()
            .collect();
        Self::on_days(shown, names, step)
    }

    fn on_days(
        shown: Vec<&DayPlan>,
        names: &BTreeMap<PortfolioId, String>,
        step: impl Fn(Decision) -> Mark,
    ) -> Self {
        let rows = names.iter().map(|(id, name)| GridRow {
            name: name.clone(),
            marks: (shown.iter())
                .map(|day| match day.decision(*id) {
                    Decision::Skip(reason) => Mark::from_skip(reason),
                    Decision::OutOfPlan => Mark::NotDue,
                    decision => step(decision),
                })
                .collect(),
        });
        Self {
            days: shown.iter().map(|day| day.day).collect(),
            rows: rows.collect(),
        }
    }
}
