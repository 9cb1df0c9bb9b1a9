//! The grid: portfolios by sessions, one mark for each cell. What people look at first.
//!
//! Three things fill the same grid: a plan (what would be done), an outcome (what was done), and
//! the state of the books (what there is).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{Cell, Day, IdSet, PortfolioId};
use crate::engine::Outcome;
use crate::plan::{DayPlan, Decision, Plan, SkipReason, StepReason};

/// Portfolios by sessions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Grid {
    /// The sessions, ascending.
    pub days: Vec<Day>,
    /// One for each portfolio, by id.
    pub rows: Vec<GridRow>,
}

/// A portfolio's cells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GridRow {
    /// The portfolio's name.
    pub name: String,
    /// One for each day of the grid.
    pub marks: Vec<Mark>,
}

/// What is said of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Complete before.
    #[serde(rename = "had")]
    DoneBefore,
    /// Done by the run, or to be done by the plan.
    Processed,
    /// To be done by a replayed policy, though it is complete.
    Redundant,
    /// Some of its phases are done.
    #[serde(rename = "some")]
    Partial,
    /// Needed, and nothing of it is done.
    Open,
    /// Tried, and a phase failed.
    Failed,
    /// Needed, and the policy does not see it.
    LeftBehind,
    /// Waits for inputs.
    Blocked,
    /// Failed too often, and is left alone.
    Quarantined,
    /// Needed and left for later: over the limit, left to onboarding, or not reached.
    Deferred,
    /// Nothing is expected: before inception, after the close, deleted, beyond the target.
    NotDue,
}

impl Mark {
    /// All of them, in the order of a legend.
    pub const ALL: [Self; 11] = [
        Self::DoneBefore,
        Self::Processed,
        Self::Redundant,
        Self::Partial,
        Self::Open,
        Self::Failed,
        Self::LeftBehind,
        Self::Blocked,
        Self::Quarantined,
        Self::Deferred,
        Self::NotDue,
    ];

    /// The character that stands for it.
    pub const fn symbol(self) -> char {
        match self {
            Self::DoneBefore => '=',
            Self::Processed => '#',
            Self::Redundant => '+',
            Self::Partial => '~',
            Self::Open => '-',
            Self::Failed => '!',
            Self::LeftBehind => '?',
            Self::Blocked => 'b',
            Self::Quarantined => 'q',
            Self::Deferred => '>',
            Self::NotDue => '.',
        }
    }

    /// The words for it in a legend.
    pub const fn legend(self) -> &'static str {
        match self {
            Self::DoneBefore => "done before",
            Self::Processed => "processed",
            Self::Redundant => "redundant",
            Self::Partial => "partial",
            Self::Open => "open",
            Self::Failed => "failed",
            Self::LeftBehind => "left behind",
            Self::Blocked => "blocked",
            Self::Quarantined => "quarantined",
            Self::Deferred => "deferred",
            Self::NotDue => "not due",
        }
    }

    fn from_skip(reason: SkipReason) -> Self {
        match reason {
            SkipReason::Complete => Self::DoneBefore,
            SkipReason::Blocked => Self::Blocked,
            SkipReason::Quarantined => Self::Quarantined,
            SkipReason::HiddenByWatermark | SkipReason::HiddenBySnapshot => Self::LeftBehind,
            SkipReason::OverLimit | SkipReason::LeftToOnboarding => Self::Deferred,
            SkipReason::BeforeInception
            | SkipReason::AfterClose
            | SkipReason::Deleted
            | SkipReason::BeyondTarget => Self::NotDue,
        }
    }
}

impl Grid {
    /// What `plan` would do, on its last `sessions` sessions up to the target. The rows are the
    /// portfolios in `names`.
    pub fn from_plan(plan: &Plan, names: &BTreeMap<PortfolioId, String>, sessions: usize) -> Self {
        Self::up_to_target(plan, names, sessions, |_| Mark::Processed)
    }

    /// What a replayed policy would do: what it chooses though it is complete is in vain. The
    /// sessions are the last of those on which it does anything or leaves somebody behind, and
    /// the one before them.
    pub fn from_replay(
        plan: &Plan,
        names: &BTreeMap<PortfolioId, String>,
        sessions: usize,
    ) -> Self {
        let end = plan.days.partition_point(|day| day.day <= plan.target.day);
        let of_note = |day: &&DayPlan| day.step_count() + day.left_behind() > 0;
        let mut shown: Vec<_> = plan.days[..end].iter().filter(of_note).collect();
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

    /// What there is, seen through a plan that nobody carries out: a step is what is open.
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

    /// What a run did. A step that it did not reach is left for later.
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
        let failed = by_day(outcome.failures.iter().map(|failed| failed.cell));
        let waiting = outcome.blocked.iter();
        let waiting = by_day(waiting.flat_map(|(day, cells)| {
            cells
                .iter()
                .map(|blocked| Cell::new(*day, blocked.portfolio))
        }));
        for (row, id) in grid.rows.iter_mut().zip(names.keys()) {
            for (mark, day) in row.marks.iter_mut().zip(&grid.days) {
                let within = |cells: &BTreeMap<Day, IdSet>| {
                    cells.get(day).is_some_and(|who| who.contains(id.0))
                };
                if within(&failed) {
                    *mark = Mark::Failed;
                } else if within(&outcome.done) {
                    *mark = Mark::Processed;
                } else if within(&waiting) {
                    *mark = Mark::Blocked;
                }
            }
        }
        grid
    }

    /// The marks that occur, in the order of a legend.
    pub fn marks(&self) -> Vec<Mark> {
        let occurs = |mark: &Mark| self.rows.iter().any(|row| row.marks.contains(mark));
        Mark::ALL.into_iter().filter(occurs).collect()
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

fn by_day(cells: impl Iterator<Item = Cell>) -> BTreeMap<Day, IdSet> {
    let mut days: BTreeMap<Day, IdSet> = BTreeMap::new();
    for cell in cells {
        days.entry(cell.day).or_default().insert(cell.portfolio.0);
    }
    days
}
