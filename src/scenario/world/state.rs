//! The world that was read: names resolved, defaults filled in, days checked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::error::WorldError;
use super::spec::Lease;
use crate::domain::{
    Calendar, Cell, CorporateAction, Coverage, Day, DayRange, Money, Nearest, NewInvalidation,
    OwnCalendars, Phase, PhaseSet, Portfolio, PortfolioKey, Price, PriceAcceptance, Quantity,
    RiskModel, SecurityId, Split, Transaction,
};
use crate::scenario::limits::LimitsSpec;
use crate::scenario::market::{Listing, Style};
use crate::scenario::names::expand;
use crate::store::{Progress, RunState};

/// A state of the database and clock.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// A summary in prose; empty if the file has none.
    pub description: String,
    /// The time at the start, as an instant in UTC.
    pub now: DateTime<Utc>,
    /// The calendar, with the amendments of the file.
    pub calendar: Calendar,
    /// The other calendars that securities and portfolios can name.
    pub own_calendars: OwnCalendars,
    /// The seed of all random choices.
    pub seed: u64,
    /// Bounds of the counts in the world.
    pub(crate) limits: LimitsSpec,
    /// Portfolios at the start, in the order of the file; ids are dense from 1.
    pub portfolios: Vec<WorldPortfolio>,
    /// The listed securities, with the parameters of generated ones.
    pub listing: Listing,
    /// The risk model: benchmark, factors and shocks.
    pub model: RiskModel,
    /// Portfolios that steps add, numbered after the others.
    pub added_later: Vec<WorldPortfolio>,
    /// The range of days with closes.
    pub priced_days: DayRange,
    /// The behaviour of the market after those days.
    pub market_ends: MarketEnd,
    /// Closes of the file, and days on which it removes one.
    pub closes: Vec<Close>,
    /// Splits of the file, in its order.
    pub splits: Vec<Split>,
    /// Other corporate actions of the file, in its order.
    pub actions: Vec<CorporateAction>,
    /// Transactions of the file, in its order.
    pub transactions: Vec<Transaction>,
    /// Closes that were corrected after the completed days were computed.
    pub corrections: Vec<Correction>,
    /// Invalidations of cells that were done, in the order of the file.
    pub invalidations: Vec<NewInvalidation>,
    /// Finished runs, in the order of the file.
    pub runs: Vec<PastRun>,
    /// A run that never ended, if there is one.
    pub run_left_running: Option<RunLeftRunning>,
    /// Decisions to do unpriced sessions with the prices there are, in the order of the file.
    pub accepted_prices: Vec<PriceAcceptance>,
}

/// The behaviour of a market after the last day with closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarketEnd {
    /// The seed generates closes for each later session, up to the clock.
    FollowsClock,
    /// The file sets the last day; no closes are generated after it.
    Fixed,
}

/// A portfolio with its contents and the state of its days.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldPortfolio {
    /// Id, key, name, currency and lifecycle.
    pub portfolio: Portfolio,
    /// The origin of its transactions.
    pub contents: Contents,
    /// The phases that are done, by session. No entry is empty.
    pub done: BTreeMap<Day, PhaseSet>,
    /// The phases that failed, by session and phase.
    pub failed: BTreeMap<(Day, Phase), FailureState>,
    /// Days with a snapshot row that the ledger does not cover.
    pub rows: BTreeSet<Day>,
    /// The holding that has no close, with each of its sessions without one.
    pub without_closes: BTreeSet<(SecurityId, Day)>,
}

/// The origin of the transactions of a portfolio. Transactions that the file lists are added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// Generated from the seed.
    MadeUp {
        /// The style, which selects holdings and behaviour.
        style: Style,
        /// Approximate starting capital in its currency; drawn from the seed if `None`.
        capital: Option<Money>,
    },
    /// Opened on its first session with these holdings, and no transactions after.
    Given {
        /// Cash deposited on the first session.
        cash: Money,
        /// Quantities transferred in; negative ones are sold short at the latest close.
        holdings: BTreeMap<SecurityId, Quantity>,
    },
}

/// The state of a failed phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureState {
    /// It failed this many times, and the next run tries it again.
    Failed(u32),
    /// It failed too often: runs skip it until `retry`.
    Quarantined,
}

/// A phase of a cell that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// The cell of the failed phase.
    pub cell: Cell,
    /// The phase that failed.
    pub phase: Phase,
    /// The number of failures, or quarantined.
    pub state: FailureState,
}

/// A close that the file sets or removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    /// The id of the listed security.
    pub security: SecurityId,
    /// The session of the close.
    pub day: Day,
    /// The raw close; `None` removes a generated one.
    pub close: Option<Price>,
}

/// A close that replaces an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    /// The id of the listed security.
    pub security: SecurityId,
    /// The session of the close.
    pub day: Day,
    /// The correct close, not adjusted for splits.
    pub close: Price,
}

/// A finished run of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRun {
    /// The instant of its start.
    pub started: DateTime<Utc>,
    /// The instant of its end.
    pub ended: DateTime<Utc>,
    /// Its end state, never `running`.
    pub state: RunState,
    /// The name of its policy, as text.
    pub policy: String,
    /// The scope, as text: `all active`.
    pub scope: String,
    /// The last session that was due.
    pub target: Day,
    /// Counts of planned, done, failed and blocked cells.
    pub progress: Progress,
}

/// A run that never ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLeftRunning {
    /// The instant of its start.
    pub started: DateTime<Utc>,
    /// The last session that was due.
    pub target: Day,
    /// The state of its lease at the start of the world.
    pub lease: Lease,
    /// The instant at which the lease expires or expired.
    pub lease_expires: DateTime<Utc>,
}

impl World {
    /// Returns the coverage of the phases of cells.
    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::new();
        for portfolio in &self.portfolios {
            for (day, phases) in &portfolio.done {
                for phase in phases.iter() {
                    coverage.insert(*day, phase, portfolio.portfolio.id.0);
                }
            }
        }
        coverage
    }

    /// Returns the failed phases, ordered by portfolio, day and phase.
    pub fn failures(&self) -> Vec<Failure> {
        let failures = self.portfolios.iter().flat_map(|portfolio| {
            portfolio
                .failed
                .iter()
                .map(|((day, phase), state)| Failure {
                    cell: Cell::new(*day, portfolio.portfolio.id),
                    phase: *phase,
                    state: *state,
                })
        });
        failures.collect()
    }

    /// Returns the portfolio of this name, not one that a step adds.
    pub fn portfolio(&self, name: &str) -> Option<&WorldPortfolio> {
        self.portfolios
            .iter()
            .find(|entry| entry.portfolio.name == name)
    }
}

/// Index of the portfolios of a world, by id and by name.
pub(super) struct PortfolioResolver<'w> {
    portfolios: &'w [WorldPortfolio],
    by_key: BTreeMap<PortfolioKey, usize>,
    by_name: BTreeMap<&'w str, usize>,
}

impl<'w> PortfolioResolver<'w> {
    /// Indexes portfolios. If several have a name, it finds the first of them.
    pub(super) fn new(portfolios: &'w [WorldPortfolio]) -> Self {
        let numbered = || portfolios.iter().map(|entry| &entry.portfolio).enumerate();
        Self {
            by_key: numbered()
                .map(|(at, portfolio)| (portfolio.key, at))
                .collect(),
            by_name: (numbered()
                .rev()
                .map(|(at, portfolio)| (portfolio.name.as_str(), at)))
            .collect(),
            portfolios,
        }
    }

    /// Returns the portfolios of a name, an id or a range of names, each with the name or id that
    /// found it. An id wins over a name, and an exact name over a range.
    pub(super) fn resolve(
        &self,
        text: &str,
    ) -> Result<Vec<(String, &'w WorldPortfolio)>, WorldError> {
        if let Some(portfolio) = self.find(text) {
            return Ok(vec![(text.to_owned(), portfolio)]);
        }
        let names = expand(text).ok_or_else(|| WorldError::InvalidNameRange(text.to_owned()))?;
        let found = names.map(|name| match self.find(&name) {
            Some(portfolio) => Ok((name, portfolio)),
            None => Err(self.unknown(name)),
        });
        found.collect()
    }

    /// Returns the portfolio of a name or an id.
    pub(super) fn require(&self, text: &str) -> Result<&'w WorldPortfolio, WorldError> {
        self.find(text).ok_or_else(|| self.unknown(text.to_owned()))
    }

    fn find(&self, text: &str) -> Option<&'w WorldPortfolio> {
        let by_key = self.by_key.get(&PortfolioKey::from_name(text));
        let at = by_key.or_else(|| self.by_name.get(text))?;
        Some(&self.portfolios[*at])
    }

    fn unknown(&self, name: String) -> WorldError {
        let nearest = Nearest::find(&name, self.by_name.keys().copied());
        WorldError::UnknownPortfolio { name, nearest }
    }
}
