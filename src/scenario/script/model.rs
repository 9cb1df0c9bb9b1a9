//! The scenario that was read: a world, policies, steps and expectations, with all names resolved.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cell_status::CellStatus;
use super::expected_values::{Amount, ExpectedQuality, ReasonKind};
use super::values::{Point, Power, ProcessStatus, RunEnd};
use crate::domain::calendar::Definition;
use crate::domain::{
    Attribution, Calendar, Cell, Day, DayRange, Money, Phase, PhaseSet, PortfolioId,
    PriceAcceptance, Split, Transaction,
};
use crate::engine::Settings;
use crate::import::ImportOptions;
use crate::import::apply::{ActionToDelete, FileKind};
use crate::plan::Policy;
use crate::scenario::world::{Correction, World, WorldPortfolio};

/// A scenario that was read from a file.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The claim that it tests: the name of its file without `.toml`.
    pub name: String,
    /// The world that it starts from.
    pub world: World,
    /// The policies to run the steps with, each on its own database; at least one.
    pub policies: Vec<NamedPolicy>,
    /// The settings of the engine before the first step.
    pub settings: Settings,
    /// Phases that fail on purpose.
    pub faults: Vec<Fault>,
    /// The steps, in the order of the file.
    pub steps: Vec<Step>,
    /// Expectations at the end that hold under every policy.
    pub expected: Expectation,
    /// Further expectations at the end, by the name of the policy that they apply to.
    pub expected_by_policy: BTreeMap<String, Expectation>,
}

/// A policy, with the name that the scenario uses for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPolicy {
    /// The name of a preset, or of a policy that the scenario defines.
    pub name: String,
    /// The rules that the planner applies.
    pub policy: Policy,
}

/// A phase that fails on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The phase of a cell that fails.
    pub phase: Phase,
    /// The portfolios in which it fails.
    pub portfolios: Vec<PortfolioId>,
    /// The days on which it fails; they may lie after the last session of the world.
    pub days: Vec<DayRange>,
    /// The number of failures of each cell; `None` means that it always fails.
    pub times: Option<u32>,
}

/// An action, and the results that are expected of it.
#[derive(Debug, Clone)]
pub struct Step {
    /// The action of the step.
    pub action: Action,
    /// The expected results; `None` if the step has no `expect`.
    pub expected: Option<Expectation>,
    /// Further expected results, by the name of the policy that they apply to.
    pub expected_by_policy: BTreeMap<String, Expectation>,
}

/// An action of a step.
#[derive(Debug, Clone)]
pub enum Action {
    /// Plans and executes a run.
    Run(Box<Run>),
    /// Plans a run, and does not execute it.
    Plan(Box<Run>),
    /// Fills the portfolio of this name from its inception.
    Onboard(String),
    /// Invalidates cells by hand.
    Invalidate(Invalidation),
    /// Clears the failures of quarantined phases, so that they are tried again.
    Retry {
        /// The portfolio; `None` means all.
        portfolio: Option<PortfolioId>,
        /// The days, both ends included.
        days: DayRange,
    },
    /// Deletes the portfolios of these names.
    Delete(Vec<String>),
    /// Restores the deleted portfolios of these names.
    Restore(Vec<String>),
    /// Closes portfolios: name and last day of each.
    Close(Vec<(String, Day)>),
    /// Adds portfolios without completed days.
    Add(Vec<WorldPortfolio>),
    /// Adds or corrects closes.
    Prices(Vec<Correction>),
    /// Records transactions, back-dated ones included.
    Transactions(Vec<Transaction>),
    /// Records a split of a security.
    Split(Split),
    /// Ends the wait of unpriced sessions.
    AcceptPrices(PriceAcceptance),
    /// Imports a file by the rules that files of users have.
    Import(FileImport),
    /// Voids the transactions with these external ids.
    Void(Vec<String>, Attribution),
    /// Deletes the closes of a security.
    DeletePrices {
        /// The symbol of the security.
        symbol: String,
        /// The days, both ends included.
        days: DayRange,
        /// Who deletes them, and why.
        attribution: Attribution,
    },
    /// Deletes a corporate action.
    DeleteAction(ActionToDelete, Attribution),
    /// Moves the clock, back if negative.
    Advance(TimeDelta),
    /// Sets the clock to an instant.
    Clock(DateTime<Utc>),
    /// Replaces the calendar by an amended one.
    Calendar {
        /// The calendar from this step on.
        calendar: Calendar,
        /// The amendments as text: `2026-01-09 is closed`.
        summary: String,
    },
    /// Registers a calendar under its name, or replaces the one of this name.
    OwnCalendar(Box<Definition>),
    /// Replaces the settings of the engine, except for the calendar.
    Configure(Settings),
}

/// A file to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileImport {
    /// The kind of the file.
    pub kind: FileKind,
    /// The name of the file.
    pub file: String,
    /// The text of the file.
    pub text: String,
    /// The options of the import.
    pub options: ImportOptions,
}

/// An invalidation by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidation {
    /// The portfolios; `None` means all active ones.
    pub portfolios: Option<Vec<PortfolioId>>,
    /// The days, both ends included.
    pub days: DayRange,
    /// The phases to invalidate on each of the days.
    pub phases: PhaseSet,
    /// The reason that is stored with the invalidation.
    pub reason: String,
}

/// A run of a step, with the request and the disturbances.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Names of the portfolios in scope, unknown ones included; `None` means all active ones.
    pub portfolios: Option<Vec<String>>,
    /// The first day of the range.
    pub from: Option<Day>,
    /// The last day of the range.
    pub to: Option<Day>,
    /// The last session that is due; `None` follows the clock.
    pub target: Option<Day>,
    /// Days to process again even if they are done.
    pub force: Option<DayRange>,
    /// The most cells to process.
    pub limit: Option<u64>,
    /// The most cells that a plan may have before it is refused.
    pub max_cells: Option<u64>,
    /// The policy of this run; `None` is the policy that the scenario is run with.
    pub policy: Option<NamedPolicy>,
    /// The crash that ends the run, if any.
    pub crash: Option<Crash>,
    /// The point at which the run is cancelled, if any.
    pub cancel: Option<Point>,
    /// Steps during the run, each at its point, in the order of the file.
    pub meanwhile: Vec<(Point, Step)>,
}

/// A crash of a run: its point, and the state of disk and process after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Crash {
    /// The point at which the run ends.
    pub at: Point,
    /// The power at the crash: it decides whether the disk keeps unsynced writes.
    #[serde(default)]
    pub power: Power,
    /// The view that other processes have of the one that crashed.
    #[serde(default)]
    pub process: ProcessStatus,
}

impl Crash {
    /// Returns the crash of a process that is killed at a point.
    pub(crate) fn new(at: Point) -> Self {
        Self {
            at,
            power: Power::default(),
            process: ProcessStatus::default(),
        }
    }
}

/// Expected results of a step or of a whole scenario. Keys that are left out are not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    /// The exact set of portfolio names with a status, on each of these days.
    pub cells: BTreeMap<CellStatus, BTreeMap<Day, BTreeSet<String>>>,
    /// The exact set of portfolio names that the last plan did or skipped for a reason, on each of
    /// these days.
    pub reasons: BTreeMap<ReasonKind, BTreeMap<Day, BTreeSet<String>>>,
    /// Amounts of the books of a portfolio on a day; `None` expects that there are no valid books.
    pub amounts: BTreeMap<(Amount, String, Day), Option<Money>>,
    /// Numbers of holdings by kind of price, of the books of a portfolio on a day.
    pub quality: BTreeMap<(String, Day), ExpectedQuality>,
    /// The exact set of done phases, of a portfolio on a day.
    pub phases: BTreeMap<(String, Day), PhaseSet>,
    /// The number of cells with a status, over all days.
    pub counts: BTreeMap<CellStatus, u64>,
    /// The watermark of all active portfolios; the inner `None` expects that there is none.
    pub watermark: Option<Option<Day>>,
    /// Watermarks of single portfolios, by name; `None` expects that there is none.
    pub watermarks: BTreeMap<String, Option<Day>>,
    /// The way in which the run ended.
    pub end: Option<RunEnd>,
    /// The exit code that the command would return.
    pub exit: Option<u8>,
    /// Text that an error, a warning or the log must contain.
    pub messages: Vec<String>,
    /// The number of phases of cells that were invalidated.
    pub invalidated_phases: Option<u64>,
}

impl Step {
    /// Returns the expectations under a policy: the common ones, and those of the policy.
    pub fn expected_under(&self, policy: &str) -> impl Iterator<Item = &Expectation> {
        let own = self.expected_by_policy.get(policy);
        self.expected.iter().chain(own)
    }

    /// Returns whether the step is a run, and not a change.
    pub const fn is_run(&self) -> bool {
        matches!(self.action, Action::Run(_) | Action::Onboard(_))
    }
}

impl Expectation {
    /// Returns whether it is about the state of the database after a step, not its outcome alone.
    pub fn is_about_state(&self) -> bool {
        self.watermark.is_some()
            || !self.watermarks.is_empty()
            || self.statuses().any(CellStatus::is_of_state)
            || self.is_about_outputs()
    }

    /// Returns whether it is about the books or done phases that the database has after a step or at
    /// the end.
    pub fn is_about_outputs(&self) -> bool {
        !self.amounts.is_empty()
            || !self.quality.is_empty()
            || !self.phases.is_empty()
            || self.statuses().any(CellStatus::is_of_books)
    }

    fn statuses(&self) -> impl Iterator<Item = CellStatus> {
        self.cells.keys().chain(self.counts.keys()).copied()
    }
}

impl Scenario {
    /// Iterates over all portfolios, those that steps add included.
    pub fn portfolios(&self) -> impl Iterator<Item = &WorldPortfolio> {
        self.world.portfolios.iter().chain(&self.world.added_later)
    }
}

impl Fault {
    /// Returns whether a cell that has failed `failed` times fails once more.
    pub fn applies_to(&self, cell: Cell, failed: u32) -> bool {
        self.portfolios.contains(&cell.portfolio)
            && self.days.iter().any(|days| days.contains(cell.day))
            && self.times.is_none_or(|times| failed < times)
    }
}
