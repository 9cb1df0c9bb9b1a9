//! A scenario as it is meant: a world, by which policies, what happens, and what must come of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::values::{Point, Power, ProcessStatus, RunEnd};
use crate::domain::{
    Calendar, Cell, Day, DayRange, Phase, PhaseSet, PortfolioId, Split, Transaction,
};
use crate::engine::Settings;
use crate::plan::Policy;
use crate::scenario::world::{Correction, World, WorldPortfolio};

/// A scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its claim: the name of its file.
    pub name: String,
    /// The world that it starts from.
    pub world: World,
    /// By which policies it is played, each on a database of its own.
    pub policies: Vec<NamedPolicy>,
    /// How the engine is set.
    pub settings: Settings,
    /// Phases that are made to fail.
    pub faults: Vec<Fault>,
    /// What happens, one after the other.
    pub steps: Vec<Step>,
    /// What must have come of it under every policy.
    pub expected: Expectation,
    /// What must have come of it under some.
    pub expected_by_policy: BTreeMap<String, Expectation>,
}

/// A policy by the name that the scenario uses for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPolicy {
    /// The name.
    pub name: String,
    /// The rules.
    pub policy: Policy,
}

/// A phase that is made to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which phase.
    pub phase: Phase,
    /// Of whom.
    pub portfolios: Vec<PortfolioId>,
    /// On which days, those after the world's last session included.
    pub days: Vec<DayRange>,
    /// How often each fails; `None` is always.
    pub times: Option<u32>,
}

/// Something that happens, and what must come of it.
#[derive(Debug, Clone)]
pub struct Step {
    /// What happens.
    pub action: Action,
    /// What must come of it.
    pub expected: Option<Expectation>,
}

/// Something that happens.
#[derive(Debug, Clone)]
pub enum Action {
    /// A run.
    Run(Box<Run>),
    /// One portfolio is filled from its inception.
    Onboard(String),
    /// Cells are taken out of the ledger.
    Invalidate(Invalidation),
    /// What failed too often gets another chance.
    Retry {
        /// Whose; of all where nobody is named.
        portfolio: Option<PortfolioId>,
        /// On which days.
        days: DayRange,
    },
    /// Portfolios are deleted.
    Delete(Vec<String>),
    /// Portfolios are restored.
    Restore(Vec<String>),
    /// Portfolios are closed after their last day.
    Close(Vec<(String, Day)>),
    /// Portfolios are added.
    Add(Vec<WorldPortfolio>),
    /// Closes arrive or are corrected.
    Prices(Vec<Correction>),
    /// Transactions are recorded.
    Transactions(Vec<Transaction>),
    /// A split is recorded.
    Split(Split),
    /// The clock is moved.
    Advance(TimeDelta),
    /// The clock is set.
    Clock(DateTime<Utc>),
    /// The calendar is amended; it is as it is from now on.
    Calendar {
        /// The calendar.
        calendar: Calendar,
        /// What was amended, in words.
        summary: String,
    },
    /// The engine is set otherwise; its settings are as they are from now on, but for the
    /// calendar.
    Configure(Settings),
}

/// What is taken out of the ledger because somebody says that it is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidation {
    /// Whose; `None` is all active portfolios.
    pub portfolios: Option<Vec<PortfolioId>>,
    /// On which days.
    pub days: DayRange,
    /// Which phases.
    pub phases: PhaseSet,
    /// Why.
    pub reason: String,
}

/// A run.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Who, as they were named; `None` is all active portfolios.
    pub portfolios: Option<Vec<String>>,
    /// The first day of the range.
    pub from: Option<Day>,
    /// The last day of the range.
    pub to: Option<Day>,
    /// Up to which session cells are due.
    pub target: Option<Day>,
    /// Days that are done again.
    pub force: Option<DayRange>,
    /// Do at most so many cells.
    pub limit: Option<u64>,
    /// Refuse a plan of more cells.
    pub max_cells: Option<u64>,
    /// Another policy than the one that the scenario is played by.
    pub policy: Option<NamedPolicy>,
    /// Where it is cut off.
    pub crash: Option<Crash>,
    /// Where a person stops it.
    pub cancel: Option<Point>,
    /// What happens while it is at work, in the order of the file.
    pub meanwhile: Vec<(Point, Step)>,
}

/// Where a run is cut off, and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    /// Where.
    pub at: Point,
    /// Whether the power went too.
    pub power: Power,
    /// How the others see the process.
    pub process: ProcessStatus,
}

/// What must come of a step, or of a whole scenario. What is not said is not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    /// Exactly these cells, on each of these days.
    pub cells: BTreeMap<CellStatus, BTreeMap<Day, BTreeSet<String>>>,
    /// So many cells, over all days.
    pub counts: BTreeMap<CellStatus, u64>,
    /// The watermark of everybody; the inner `None` is none.
    pub watermark: Option<Option<Day>>,
    /// Watermarks of single portfolios.
    pub watermarks: BTreeMap<String, Option<Day>>,
    /// How the run ended.
    pub end: Option<RunEnd>,
    /// With which code the command would end.
    pub exit: Option<u8>,
    /// Words that an error or a warning must hold.
    pub messages: Vec<String>,
    /// How many phases of cells were taken out of the ledger.
    pub invalidated_phases: Option<u64>,
}

/// What is expected of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CellStatus {
    /// Processed by a run.
    Processed,
    /// Needed, and not seen by the policy.
    LeftBehind,
    /// Tried, and a phase failed.
    Failed,
    /// Waiting for inputs.
    Blocked,
    /// Failed too often.
    Quarantined,
    /// Open in the end.
    Open,
}

impl CellStatus {
    /// The words for it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::LeftBehind => "left behind",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Quarantined => "quarantined",
            Self::Open => "open",
        }
    }
}

impl Scenario {
    /// Every portfolio that it speaks of, those that are added later on included.
    pub fn portfolios(&self) -> impl Iterator<Item = &WorldPortfolio> {
        self.world.portfolios.iter().chain(&self.world.added_later)
    }
}

impl Fault {
    /// Whether it strikes a phase of a cell that has failed so often already.
    pub fn applies_to(&self, cell: Cell, failed: u32) -> bool {
        self.portfolios.contains(&cell.portfolio)
            && self.days.iter().any(|days| days.contains(cell.day))
            && self.times.is_none_or(|times| failed < times)
    }
}
