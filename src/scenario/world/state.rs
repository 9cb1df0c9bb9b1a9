//! A world as it is meant: every name resolved, every default filled in, every day checked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::spec::Lease;
use crate::domain::{
    Calendar, Cell, Coverage, Day, DayRange, Money, Phase, PhaseSet, Portfolio, Price, Quantity,
    RiskModel, SecurityId, Split, Transaction,
};
use crate::scenario::market::{Listing, Style};
use crate::store::{NewInvalidation, Progress, RunState};

/// A state of the database and clock.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// What it is about, in prose.
    pub description: String,
    /// What the clock says.
    pub now: DateTime<Utc>,
    /// The trading days, amended as the world says.
    pub calendar: Calendar,
    /// What chance starts from.
    pub seed: u64,
    /// The portfolios, in the order of the file; ids are dense from 1.
    pub portfolios: Vec<WorldPortfolio>,
    /// What is listed.
    pub listing: Listing,
    /// Against what risk is measured.
    pub model: RiskModel,
    /// Portfolios that are added later on, numbered after the others.
    pub added_later: Vec<WorldPortfolio>,
    /// The days that have closes.
    pub priced_days: DayRange,
    /// Whether there will be closes after those.
    pub market_ends: MarketEnd,
    /// Closes that are given, and days on which there is none.
    pub closes: Vec<Close>,
    /// Splits that are given.
    pub splits: Vec<Split>,
    /// Transactions that are given.
    pub transactions: Vec<Transaction>,
    /// Closes that were corrected after the days that are done were done.
    pub corrections: Vec<Correction>,
    /// What was taken out of the ledger again after it was done, one after the other.
    pub invalidations: Vec<NewInvalidation>,
    /// How runs ended, the oldest first.
    pub runs: Vec<PastRun>,
    /// A run that was left running.
    pub run_left_running: Option<RunLeftRunning>,
}

/// Whether a market goes on after the last day that has closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarketEnd {
    /// It does, session after session, as the clock goes on.
    FollowsClock,
    /// The world says its last day, and no close comes by itself after that.
    Fixed,
}

/// A portfolio, what it holds, and what is done of its days.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldPortfolio {
    /// The portfolio.
    pub portfolio: Portfolio,
    /// What it holds.
    pub contents: Contents,
    /// The phases done, by session; a session without any is not held.
    pub done: BTreeMap<Day, PhaseSet>,
    /// The phases that failed, by session.
    pub failed: BTreeMap<(Day, Phase), FailureState>,
    /// Days of which a row of books stands though nothing speaks for it.
    pub rows: BTreeSet<Day>,
    /// Sessions on which what it holds has no price yet.
    pub blocked: BTreeSet<Day>,
}

/// Where the transactions of a portfolio come from. Those that the world lists come on top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// From the seed.
    MadeUp {
        /// What kind of portfolio it is.
        style: Style,
        /// What it starts with; from the seed where it is not said.
        capital: Option<Money>,
    },
    /// Only cash and holdings of its first session, and nothing after.
    Given {
        /// Cash deposited.
        cash: Money,
        /// Quantities put in; what is negative is sold short at the day's price.
        holdings: BTreeMap<SecurityId, Quantity>,
    },
}

/// How it stands with a phase that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureState {
    /// It failed so many times, and will be tried again.
    Failed(u32),
    /// It failed too often, and is left alone.
    Quarantined,
}

/// A phase of a cell that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// The cell.
    pub cell: Cell,
    /// The phase.
    pub phase: Phase,
    /// How it stands with it.
    pub state: FailureState,
}

/// A close that is given, or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    /// Of what.
    pub security: SecurityId,
    /// When.
    pub day: Day,
    /// The raw close; `None` where there is none on that day.
    pub close: Option<Price>,
}

/// A close that was corrected after the fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    /// Of what.
    pub security: SecurityId,
    /// When.
    pub day: Day,
    /// The close that is right.
    pub close: Price,
}

/// A run that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    /// When it started.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: DateTime<Utc>,
    /// How.
    pub state: RunState,
    /// The policy's name.
    pub policy: String,
    /// The scope, in words.
    pub scope: String,
    /// Its target.
    pub target: Day,
    /// What was done of what was planned.
    pub progress: Progress,
}

/// A run that was left running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLeftRunning {
    /// When it started.
    pub started: DateTime<Utc>,
    /// Its target.
    pub target: Day,
    /// Whether it still holds its lease.
    pub lease: Lease,
    /// When its lease expires or expired.
    pub lease_expires: DateTime<Utc>,
}

impl World {
    /// Which phases of which cells are done, for the phases that are done portfolio by portfolio.
    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::new();
        for one in &self.portfolios {
            for (day, phases) in &one.done {
                for phase in phases.iter() {
                    coverage.insert(*day, phase, one.portfolio.id.0);
                }
            }
        }
        coverage
    }

    /// The phases that failed, by portfolio, day and phase.
    pub fn failures(&self) -> Vec<Failure> {
        let failures = self.portfolios.iter().flat_map(|one| {
            one.failed.iter().map(|((day, phase), state)| Failure {
                cell: Cell::new(*day, one.portfolio.id),
                phase: *phase,
                state: *state,
            })
        });
        failures.collect()
    }

    /// The portfolio of this name.
    pub fn portfolio(&self, name: &str) -> Option<&WorldPortfolio> {
        self.portfolios
            .iter()
            .find(|one| one.portfolio.name == name)
    }
}
