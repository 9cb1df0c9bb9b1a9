//! What a change takes out of the ledger: reads the facts that [`impact`] decides by.
//!
//! Made after the change is recorded, so that it sees the sources as they are from now on. Changes
//! after the last day of the ledger reach nothing, which is every ordinary night: they cost one
//! comparison.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{IntakeError, Terms};
use crate::domain::{
    Currency, Day, DayRange, IdSet, PhaseSet, PortfolioId, Security, SecurityId, Split, Transaction,
};
use crate::plan::impact::{self, AffectedCells, AffectedSessions, CloseSpan, Ownership};
use crate::store::{ReadTransaction, StoreError};

/// The ledger's reach, and the facts that were read so far.
pub(super) struct Reach<'r> {
    reading: &'r ReadTransaction<'r>,
    terms: &'r Terms<'r>,
    /// The last day of the ledger.
    last: Option<Day>,
    /// The sessions in force, ascending; read only where a change is in the reach of the ledger.
    in_force: OnceCell<Vec<Day>>,
    securities: OnceCell<BTreeMap<SecurityId, Security>>,
    currencies: OnceCell<BTreeMap<PortfolioId, Currency>>,
    yardsticks: OnceCell<BTreeSet<String>>,
}

impl<'r> Reach<'r> {
    /// The reach of changes into the ledger as it is.
    pub(super) fn new(
        reading: &'r ReadTransaction<'r>,
        terms: &'r Terms<'r>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            reading,
            terms,
            last: reading.last_covered_day()?,
            in_force: OnceCell::new(),
            securities: OnceCell::new(),
            currencies: OnceCell::new(),
            yardsticks: OnceCell::new(),
        })
    }

    /// Whether the ledger holds anything on `day` or after.
    pub(super) fn covers(&self, day: Day) -> bool {
        self.last.is_some_and(|last| day <= last)
    }

    /// Whether a close of `day` is a price of anything that is done.
    pub(super) fn covers_close(&self, day: Day) -> Result<bool, StoreError> {
        Ok(self.covers(day) && self.in_force()?.binary_search(&day).is_ok())
    }

    /// The security with this id.
    pub(super) fn security(&self, id: SecurityId) -> Result<&Security, StoreError> {
        let known = self.securities()?.get(&id);
        Ok(known.expect("the store refuses sources of a security that it does not have"))
    }

    /// What closes of a security touch, by their days.
    pub(super) fn of_closes(
        &self,
        security: &Security,
        days: &BTreeSet<Day>,
    ) -> Result<AffectedCells, IntakeError> {
        let Some(first) = days.first() else {
            return Ok(AffectedCells::new());
        };
        let sessions = self.sessions(*first)?;
        let mut closes = Vec::with_capacity(days.len());
        for day in days {
            let later = &sessions[sessions.partition_point(|session| session <= day)..];
            let next = self.reading.first_close_on(security.id, later)?;
            closes.push(CloseSpan { day: *day, next });
        }
        let ripple = AffectedSessions::from_closes(sessions, closes, self.terms.window);
        let owners = self.owners(security.id, sessions)?;
        let touched = impact::affected_by_price(security.id, &ripple, &owners);
        Ok(touched.union(self.beyond(security, &ripple, sessions)?))
    }

    /// What a split touches.
    pub(super) fn of_split(
        &self,
        security: &Security,
        split: &Split,
    ) -> Result<AffectedCells, IntakeError> {
        let sessions = self.sessions(split.day)?;
        let later = &sessions[sessions.partition_point(|session| *session < split.day)..];
        let close = self.reading.first_close_on(security.id, later)?;
        let ripple = AffectedSessions::from_split(sessions, split.day, close, self.terms.window);
        let owners = self.owners(security.id, sessions)?;
        let touched = impact::affected_by_split(security.id, split.day, &ripple, &owners);
        Ok(touched.union(self.beyond(security, &ripple, sessions)?))
    }

    /// What a security's sector or class touches.
    pub(super) fn of_classification(
        &self,
        security: SecurityId,
    ) -> Result<AffectedCells, IntakeError> {
        self.of_attribute(security, impact::affected_by_classification)
    }

    /// What a security's multiplier or currency touches.
    pub(super) fn of_terms(&self, security: SecurityId) -> Result<AffectedCells, IntakeError> {
        self.of_attribute(security, impact::affected_by_terms)
    }

    /// What a portfolio's transactions from `first` on touch.
    pub(super) fn of_entries(
        &self,
        portfolio: PortfolioId,
        first: Day,
    ) -> Result<AffectedCells, IntakeError> {
        Ok(impact::affected_by_transactions(
            portfolio,
            first,
            self.sessions(first)?,
        ))
    }

    /// What a portfolio's currency touches: everything of it that is done.
    pub(super) fn of_currency(&self, portfolio: PortfolioId) -> Result<AffectedCells, IntakeError> {
        let coverage = self
            .reading
            .coverage(DayRange::ALL, PhaseSet::CELL_PHASES)?;
        let days: BTreeSet<Day> = coverage.iter().map(|(day, _, _)| day).collect();
        let days: Vec<Day> = days.into_iter().collect();
        Ok(impact::affected_by_transactions(portfolio, Day::MIN, &days))
    }

    /// Everybody who has anything done on `first` or later. Most of a large file of transactions
    /// is of portfolios that are new.
    pub(super) fn who_has_cells(&self, first: Day) -> Result<IdSet, StoreError> {
        let range = self.last.and_then(|last| DayRange::new(first, last).ok());
        let Some(range) = range else {
            return Ok(IdSet::new());
        };
        let coverage = self.reading.coverage(range, PhaseSet::CELL_PHASES)?;
        let done = coverage.iter().map(|(_, _, done)| done);
        Ok(done.fold(IdSet::new(), |all, done| all | done))
    }

    fn of_attribute(
        &self,
        security: SecurityId,
        touches: impl Fn(&Ownership<'_>) -> AffectedCells,
    ) -> Result<AffectedCells, IntakeError> {
        let entries = self.reading.entries_of_security(security)?;
        let Some(first) = entries.iter().map(|entry| entry.day).min() else {
            return Ok(AffectedCells::new());
        };
        let sessions = self.sessions(first)?;
        let splits = self.reading.splits_of(security)?;
        Ok(touches(&Ownership::new(sessions, entries, splits)))
    }

    /// The sessions in force from the one before `first` to the last of the ledger.
    fn sessions(&self, first: Day) -> Result<&[Day], StoreError> {
        let Some(last) = self.last.filter(|last| first <= *last) else {
            return Ok(&[]);
        };
        let sessions = self.in_force()?;
        let start = sessions.partition_point(|session| *session < first);
        let end = sessions.partition_point(|session| *session <= last);
        Ok(&sessions[start.saturating_sub(1)..end])
    }

    /// The sessions by which the ledger was filled, not those of the configuration, which may
    /// differ.
    fn in_force(&self) -> Result<&Vec<Day>, StoreError> {
        let configured = self.terms.calendar;
        once(&self.in_force, || {
            self.reading.sessions_in_force(configured)
        })
    }

    fn owners<'s>(
        &self,
        security: SecurityId,
        sessions: &'s [Day],
    ) -> Result<Ownership<'s>, StoreError> {
        let entries = self.reading.entries_of_security(security)?;
        let splits = self.reading.splits_of(security)?;
        Ok(Ownership::new(sessions, entries, splits))
    }

    /// What the prices of a security touch beyond its own holders: it may be a rate of exchange,
    /// the benchmark or a factor.
    fn beyond(
        &self,
        security: &Security,
        ripple: &AffectedSessions,
        sessions: &[Day],
    ) -> Result<AffectedCells, IntakeError> {
        let mut touched = AffectedCells::new();
        if let Some((base, quote)) = pair(&security.symbol) {
            for (of, to) in [(base, quote), (quote, base)] {
                touched = touched.union(self.of_rate(ripple, sessions, of, to)?);
            }
        }
        if self.yardsticks()?.contains(&security.symbol) {
            let securities: IdSet = self.securities()?.keys().map(|id| id.0).collect();
            let everybody = self.reading.lifecycle_index()?.all_ids();
            let measured =
                impact::affected_by_benchmark_or_factor(ripple, sessions, &securities, &everybody);
            touched = touched.union(measured);
        }
        Ok(touched)
    }

    /// What a rate touches for holdings in the currency `of` in portfolios in the currency `to`.
    fn of_rate(
        &self,
        ripple: &AffectedSessions,
        sessions: &[Day],
        of: Currency,
        to: Currency,
    ) -> Result<AffectedCells, IntakeError> {
        let mut touched = AffectedCells::new();
        let foreign = |entry: &Transaction, currencies: &BTreeMap<PortfolioId, Currency>| {
            currencies.get(&entry.portfolio) == Some(&to)
        };
        let currencies = self.currencies()?;
        if !currencies.values().any(|currency| *currency == to) {
            return Ok(touched);
        }
        for security in self.securities()?.values() {
            if security.currency != of {
                continue;
            }
            let mut entries = self.reading.entries_of_security(security.id)?;
            entries.retain(|entry| foreign(entry, currencies));
            let splits = self.reading.splits_of(security.id)?;
            let owners = Ownership::new(sessions, entries, splits);
            touched = touched.union(impact::affected_by_rate(ripple, &owners));
        }
        Ok(touched)
    }

    fn securities(&self) -> Result<&BTreeMap<SecurityId, Security>, StoreError> {
        once(&self.securities, || {
            let securities = self.reading.securities()?.into_iter();
            Ok(securities.map(|security| (security.id, security)).collect())
        })
    }

    fn currencies(&self) -> Result<&BTreeMap<PortfolioId, Currency>, StoreError> {
        once(&self.currencies, || {
            let portfolios = self.reading.portfolios()?.into_iter();
            Ok(portfolios.map(|one| (one.id, one.currency)).collect())
        })
    }

    /// The symbols that others are measured by.
    fn yardsticks(&self) -> Result<&BTreeSet<String>, StoreError> {
        once(&self.yardsticks, || {
            let (_, model) = self.reading.risk_model()?;
            let factors = model.factors.into_iter().map(|factor| factor.symbol);
            Ok(factors.chain(model.benchmark).collect())
        })
    }
}

/// The value of a cell, read when it is first asked for.
fn once<T>(
    cell: &OnceCell<T>,
    read: impl FnOnce() -> Result<T, StoreError>,
) -> Result<&T, StoreError> {
    match cell.get() {
        Some(known) => Ok(known),
        None => {
            let read = read()?;
            Ok(cell.get_or_init(|| read))
        }
    }
}

/// The currencies of a pair, where a symbol is one: a rate is looked up by its symbol alone.
fn pair(symbol: &str) -> Option<(Currency, Currency)> {
    let base = symbol.get(..3)?.parse().ok()?;
    let quote = symbol.get(3..)?.parse().ok()?;
    Some((base, quote))
}
