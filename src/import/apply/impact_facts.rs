//! What a change takes out of the ledger: reads the facts that [`impact`] decides by.
//!
//! Made after the change is recorded, so that it sees the sources as they are from now on. Changes
//! after the last day of the ledger reach nothing, which is every ordinary night: they cost one
//! comparison.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{ApplyError, ImportContext};
use crate::domain::{
    Currency, Day, DayRange, IdSet, PhaseSet, PortfolioId, Security, SecurityId, Split, Transaction,
};
use crate::plan::impact::{self, AffectedCells, AffectedSessions, CloseSpan, Ownership};
use crate::store::{ReadTransaction, StoreError};

/// The ledger's reach, and the facts that were read so far.
pub(super) struct ImpactFacts<'r> {
    reading: &'r ReadTransaction<'r>,
    terms: &'r ImportContext<'r>,
    /// The last day of the ledger.
    last_covered: Option<Day>,
    /// The sessions in force, ascending; read only where a change is in the reach of the ledger.
    in_force: OnceCell<Vec<Day>>,
    securities: OnceCell<BTreeMap<SecurityId, Security>>,
    currencies: OnceCell<BTreeMap<PortfolioId, Currency>>,
    benchmark_and_factors: OnceCell<BTreeSet<String>>,
}

impl<'r> ImpactFacts<'r> {
    /// The reach of changes into the ledger as it is.
    pub(super) fn new(
        reading: &'r ReadTransaction<'r>,
        terms: &'r ImportContext<'r>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            reading,
            terms,
            last_covered: reading.last_covered_day()?,
            in_force: OnceCell::new(),
            securities: OnceCell::new(),
            currencies: OnceCell::new(),
            benchmark_and_factors: OnceCell::new(),
        })
    }

    /// Whether the ledger holds anything on `day` or after.
    pub(super) fn is_covered(&self, day: Day) -> bool {
        self.last_covered.is_some_and(|last| day <= last)
    }

    /// Whether a close of `day` is a price of anything that is done.
    pub(super) fn is_close_covered(&self, day: Day) -> Result<bool, StoreError> {
        Ok(self.is_covered(day) && self.in_force()?.binary_search(&day).is_ok())
    }

    /// The security with this id.
    pub(super) fn security(&self, id: SecurityId) -> Result<&Security, StoreError> {
        let known = self.securities()?.get(&id);
        Ok(known.expect("the store refuses sources of a security that it does not have"))
    }

    /// What closes of a security touch, by their days.
    pub(super) fn affected_by_closes(
        &self,
        security: &Security,
        days: &BTreeSet<Day>,
    ) -> Result<AffectedCells, ApplyError> {
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
        let owners = self.ownership(security.id, sessions)?;
        let touched = impact::affected_by_price(security.id, &ripple, &owners);
        Ok(touched.union(self.affected_beyond_holders(security, &ripple, sessions)?))
    }

    /// What a split touches.
    pub(super) fn affected_by_split(
        &self,
        security: &Security,
        split: &Split,
    ) -> Result<AffectedCells, ApplyError> {
        let sessions = self.sessions(split.day)?;
        let later = &sessions[sessions.partition_point(|session| *session < split.day)..];
        let close = self.reading.first_close_on(security.id, later)?;
        let ripple = AffectedSessions::from_split(sessions, split.day, close, self.terms.window);
        let owners = self.ownership(security.id, sessions)?;
        let touched = impact::affected_by_split(security.id, split.day, &ripple, &owners);
        Ok(touched.union(self.affected_beyond_holders(security, &ripple, sessions)?))
    }

    /// What a security's sector or class touches.
    pub(super) fn affected_by_classification(
        &self,
        security: SecurityId,
    ) -> Result<AffectedCells, ApplyError> {
        self.affected_by_attribute(security, impact::affected_by_classification)
    }

    /// What a security's multiplier or currency touches.
    pub(super) fn affected_by_pricing_terms(
        &self,
        security: SecurityId,
    ) -> Result<AffectedCells, ApplyError> {
        self.affected_by_attribute(security, impact::affected_by_terms)
    }

    /// What a portfolio's transactions from `first` on touch.
    pub(super) fn affected_by_transactions(
        &self,
        portfolio: PortfolioId,
        first: Day,
    ) -> Result<AffectedCells, ApplyError> {
        Ok(impact::affected_by_transactions(
            portfolio,
            first,
            self.sessions(first)?,
        ))
    }

    /// What a portfolio's currency touches: everything of it that is done.
    pub(super) fn affected_by_portfolio_currency(
        &self,
        portfolio: PortfolioId,
    ) -> Result<AffectedCells, ApplyError> {
        let coverage = self
            .reading
            .coverage(DayRange::ALL, PhaseSet::CELL_PHASES)?;
        let days: BTreeSet<Day> = coverage.iter().map(|(day, _, _)| day).collect();
        let days: Vec<Day> = days.into_iter().collect();
        Ok(impact::affected_by_transactions(portfolio, Day::MIN, &days))
    }

    /// Everybody who has anything done on `first` or later. Most of a large file of transactions
    /// is of portfolios that are new.
    pub(super) fn portfolios_with_cells(&self, first: Day) -> Result<IdSet, StoreError> {
        let range = self
            .last_covered
            .and_then(|last| DayRange::new(first, last).ok());
        let Some(range) = range else {
            return Ok(IdSet::new());
        };
        let coverage = self.reading.coverage(range, PhaseSet::CELL_PHASES)?;
        let done = coverage.iter().map(|(_, _, done)| done);
        Ok(done.fold(IdSet::new(), |all, done| all | done))
    }

    fn affected_by_attribute(
        &self,
        security: SecurityId,
        touches: impl Fn(&Ownership<'_>) -> AffectedCells,
    ) -> Result<AffectedCells, ApplyError> {
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
        let Some(last) = self.last_covered.filter(|last| first <= *last) else {
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
        get_or_read(&self.in_force, || {
            self.reading.sessions_in_force(configured)
        })
    }

    fn ownership<'s>(
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
    fn affected_beyond_holders(
        &self,
        security: &Security,
        ripple: &AffectedSessions,
        sessions: &[Day],
    ) -> Result<AffectedCells, ApplyError> {
        let mut touched = AffectedCells::new();
        if let Some((base, quote)) = currency_pair(&security.symbol) {
            for (of, to) in [(base, quote), (quote, base)] {
                touched = touched.union(self.affected_by_rate(ripple, sessions, of, to)?);
            }
        }
        if self.benchmark_and_factors()?.contains(&security.symbol) {
            let securities: IdSet = self.securities()?.keys().map(|id| id.0).collect();
            let everybody = self.reading.lifecycle_index()?.all_ids();
            let measured =
                impact::affected_by_benchmark_or_factor(ripple, sessions, &securities, &everybody);
            touched = touched.union(measured);
        }
        Ok(touched)
    }

    /// What a rate touches for holdings in the currency `of` in portfolios in the currency `to`.
    fn affected_by_rate(
        &self,
        ripple: &AffectedSessions,
        sessions: &[Day],
        of: Currency,
        to: Currency,
    ) -> Result<AffectedCells, ApplyError> {
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
        get_or_read(&self.securities, || {
            let securities = self.reading.securities()?.into_iter();
            Ok(securities.map(|security| (security.id, security)).collect())
        })
    }

    fn currencies(&self) -> Result<&BTreeMap<PortfolioId, Currency>, StoreError> {
        get_or_read(&self.currencies, || {
            let portfolios = self.reading.portfolios()?.into_iter();
            Ok(portfolios.map(|one| (one.id, one.currency)).collect())
        })
    }

    /// The symbols that others are measured by.
    fn benchmark_and_factors(&self) -> Result<&BTreeSet<String>, StoreError> {
        get_or_read(&self.benchmark_and_factors, || {
            let (_, model) = self.reading.risk_model()?;
            let factors = model.factors.into_iter().map(|factor| factor.symbol);
            Ok(factors.chain(model.benchmark).collect())
        })
    }
}

/// The value of a cell, read when it is first asked for.
fn get_or_read<T>(
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
fn currency_pair(symbol: &str) -> Option<(Currency, Currency)> {
    let base = symbol.get(..3)?.parse().ok()?;
    let quote = symbol.get(3..)?.parse().ok()?;
    Some((base, quote))
}
