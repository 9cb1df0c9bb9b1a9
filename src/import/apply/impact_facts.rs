//! Reads the facts from which [`impact`] computes the cells that a change affects.
//!
//! Create [`ImpactFacts`] after recording the change, so that it sees the new sources. A change
//! after the last day of the ledger affects nothing. That is the usual case of a nightly import,
//! and costs one comparison.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{ApplyError, ImportContext};
use crate::domain::{
    Currency, Day, DayRange, IdSet, PhaseSet, PortfolioId, Security, SecurityId, Split, Transaction,
};
use crate::invalidation::{self, AffectedCells, AffectedSessions, CloseSpan, Ownership};
use crate::store::{ReadTransaction, StoreError};

/// The last day of the ledger, and the facts read so far. Facts are read on first use, since most
/// imports need none of them.
pub(super) struct ImpactFacts<'r> {
    reading: &'r ReadTransaction<'r>,
    context: &'r ImportContext<'r>,
    /// The last day of the ledger; `None` if the ledger is empty.
    last_covered: Option<Day>,
    /// The sessions in force, ascending; read only if a change is not after the last covered day.
    in_force: OnceCell<Vec<Day>>,
    securities: OnceCell<BTreeMap<SecurityId, Security>>,
    currencies: OnceCell<BTreeMap<PortfolioId, Currency>>,
    benchmark_and_factors: OnceCell<BTreeSet<String>>,
}

impl<'r> ImpactFacts<'r> {
    pub(super) fn new(
        reading: &'r ReadTransaction<'r>,
        context: &'r ImportContext<'r>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            reading,
            context,
            last_covered: reading.ledger().last_day()?,
            in_force: OnceCell::new(),
            securities: OnceCell::new(),
            currencies: OnceCell::new(),
            benchmark_and_factors: OnceCell::new(),
        })
    }

    /// Returns true if the ledger holds anything on `day` or after.
    pub(super) fn is_covered(&self, day: Day) -> bool {
        self.last_covered.is_some_and(|last| day <= last)
    }

    /// Returns true if a close of `day` can affect covered cells: closes of days that are not
    /// sessions are never used.
    pub(super) fn is_close_covered(&self, day: Day) -> Result<bool, StoreError> {
        Ok(self.is_covered(day) && self.in_force()?.binary_search(&day).is_ok())
    }

    pub(super) fn security(&self, id: SecurityId) -> Result<&Security, StoreError> {
        let known = self.securities()?.get(&id);
        Ok(known.expect("the store refuses sources of a security that it does not have"))
    }

    /// Returns the cells affected by closes of a security on `days`.
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
            let next = self.reading.closes().first_on(security.id, later)?;
            closes.push(CloseSpan { day: *day, next });
        }
        let affected_sessions =
            AffectedSessions::from_closes(sessions, closes, self.context.window);
        let owners = self.ownership(security.id, sessions)?;
        let affected = impact::affected_by_price(security.id, &affected_sessions, &owners);
        Ok(affected.union(self.affected_beyond_holders(security, &affected_sessions, sessions)?))
    }

    /// Returns the cells affected by a split.
    pub(super) fn affected_by_split(
        &self,
        security: &Security,
        split: &Split,
    ) -> Result<AffectedCells, ApplyError> {
        let sessions = self.sessions(split.day)?;
        let later = &sessions[sessions.partition_point(|session| *session < split.day)..];
        let close = self.reading.closes().first_on(security.id, later)?;
        let affected_sessions =
            AffectedSessions::from_split(sessions, split.day, close, self.context.window);
        let owners = self.ownership(security.id, sessions)?;
        let affected =
            impact::affected_by_split(security.id, split.day, &affected_sessions, &owners);
        Ok(affected.union(self.affected_beyond_holders(security, &affected_sessions, sessions)?))
    }

    /// Returns the cells affected by a security's sector or class.
    pub(super) fn affected_by_classification(
        &self,
        security: SecurityId,
    ) -> Result<AffectedCells, ApplyError> {
        self.affected_by_attribute(security, impact::affected_by_classification)
    }

    /// Returns the cells affected by a security's multiplier or currency.
    pub(super) fn affected_by_pricing_terms(
        &self,
        security: SecurityId,
    ) -> Result<AffectedCells, ApplyError> {
        self.affected_by_attribute(security, impact::affected_by_terms)
    }

    /// Returns the cells affected by a portfolio's transactions from `first` on.
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

    /// Returns the cells affected by a portfolio's currency: all of its covered cells.
    pub(super) fn affected_by_portfolio_currency(
        &self,
        portfolio: PortfolioId,
    ) -> Result<AffectedCells, ApplyError> {
        let coverage = self
            .reading
            .ledger()
            .coverage(DayRange::ALL, PhaseSet::CELL_PHASES)?;
        let days: BTreeSet<Day> = coverage.iter().map(|(day, _, _)| day).collect();
        let days: Vec<Day> = days.into_iter().collect();
        Ok(impact::affected_by_transactions(portfolio, Day::MIN, &days))
    }

    /// Returns the portfolios with a covered cell on `first` or later. In a large file of
    /// transactions most portfolios are new and have none.
    pub(super) fn portfolios_with_cells(&self, first: Day) -> Result<IdSet, StoreError> {
        let range = self
            .last_covered
            .and_then(|last| DayRange::new(first, last).ok());
        let Some(range) = range else {
            return Ok(IdSet::new());
        };
        let coverage = self
            .reading
            .ledger()
            .coverage(range, PhaseSet::CELL_PHASES)?;
        let done = coverage.iter().map(|(_, _, done)| done);
        Ok(done.fold(IdSet::new(), |union, done| union | done))
    }

    fn affected_by_attribute(
        &self,
        security: SecurityId,
        affected: impl Fn(&Ownership<'_>) -> AffectedCells,
    ) -> Result<AffectedCells, ApplyError> {
        let entries = self.reading.entries().of_security(security)?;
        let Some(first) = entries.iter().map(|entry| entry.day).min() else {
            return Ok(AffectedCells::new());
        };
        let sessions = self.sessions(first)?;
        let splits = self.reading.splits().of_security(security)?;
        Ok(affected(&Ownership::new(sessions, entries, splits)))
    }

    /// Returns the sessions in force from the one before `first` to the last of the ledger; empty
    /// if `first` is after the last covered day.
    fn sessions(&self, first: Day) -> Result<&[Day], StoreError> {
        let Some(last) = self.last_covered.filter(|last| first <= *last) else {
            return Ok(&[]);
        };
        let sessions = self.in_force()?;
        let start = sessions.partition_point(|session| *session < first);
        let end = sessions.partition_point(|session| *session <= last);
        Ok(&sessions[start.saturating_sub(1)..end])
    }

    /// Returns the sessions by which the ledger was filled. Those of the configuration may differ.
    fn in_force(&self) -> Result<&Vec<Day>, StoreError> {
        let configured = self.context.calendar;
        get_or_read(&self.in_force, || {
            self.reading.calendar().sessions_in_force(configured)
        })
    }

    fn ownership<'s>(
        &self,
        security: SecurityId,
        sessions: &'s [Day],
    ) -> Result<Ownership<'s>, StoreError> {
        let entries = self.reading.entries().of_security(security)?;
        let splits = self.reading.splits().of_security(security)?;
        Ok(Ownership::new(sessions, entries, splits))
    }

    /// Returns the cells that the prices of a security affect beyond its holders, if it is an
    /// exchange rate, the benchmark or a factor.
    fn affected_beyond_holders(
        &self,
        security: &Security,
        affected_sessions: &AffectedSessions,
        sessions: &[Day],
    ) -> Result<AffectedCells, ApplyError> {
        let mut affected = AffectedCells::new();
        if let Some((base, quote)) = currency_pair(&security.symbol) {
            // A rate converts in both directions.
            for (from, to) in [(base, quote), (quote, base)] {
                affected =
                    affected.union(self.affected_by_rate(affected_sessions, sessions, from, to)?);
            }
        }
        if self.benchmark_and_factors()?.contains(&security.symbol) {
            let securities: IdSet = self.securities()?.keys().map(|id| id.0).collect();
            let portfolios = self.reading.portfolios().lifecycle_index()?.all_ids();
            let by_risk = impact::affected_by_benchmark_or_factor(
                affected_sessions,
                sessions,
                &securities,
                &portfolios,
            );
            affected = affected.union(by_risk);
        }
        Ok(affected)
    }

    /// Returns the cells affected by a rate, for holdings in the currency `from` of portfolios in
    /// the currency `to`.
    fn affected_by_rate(
        &self,
        affected_sessions: &AffectedSessions,
        sessions: &[Day],
        from: Currency,
        to: Currency,
    ) -> Result<AffectedCells, ApplyError> {
        let mut affected = AffectedCells::new();
        let is_converted = |entry: &Transaction, currencies: &BTreeMap<PortfolioId, Currency>| {
            currencies.get(&entry.portfolio) == Some(&to)
        };
        let currencies = self.currencies()?;
        if !currencies.values().any(|currency| *currency == to) {
            return Ok(affected);
        }
        for security in self.securities()?.values() {
            if security.currency != from {
                continue;
            }
            let mut entries = self.reading.entries().of_security(security.id)?;
            entries.retain(|entry| is_converted(entry, currencies));
            let splits = self.reading.splits().of_security(security.id)?;
            let owners = Ownership::new(sessions, entries, splits);
            affected = affected.union(impact::affected_by_rate(affected_sessions, &owners));
        }
        Ok(affected)
    }

    fn securities(&self) -> Result<&BTreeMap<SecurityId, Security>, StoreError> {
        get_or_read(&self.securities, || {
            let securities = self.reading.securities().all()?.into_iter();
            Ok(securities.map(|security| (security.id, security)).collect())
        })
    }

    fn currencies(&self) -> Result<&BTreeMap<PortfolioId, Currency>, StoreError> {
        get_or_read(&self.currencies, || {
            let portfolios = self.reading.portfolios().all()?.into_iter();
            Ok(portfolios
                .map(|portfolio| (portfolio.id, portfolio.currency))
                .collect())
        })
    }

    /// Returns the symbols of the stored risk model.
    fn benchmark_and_factors(&self) -> Result<&BTreeSet<String>, StoreError> {
        get_or_read(&self.benchmark_and_factors, || {
            let (_, model) = self.reading.risk_models().in_force()?;
            let factors = model.factors.into_iter().map(|factor| factor.symbol);
            Ok(factors.chain(model.benchmark).collect())
        })
    }
}

/// Returns the value of a `OnceCell`, reading it on first use. `OnceCell::get_or_init` does not
/// allow a fallible initialiser.
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

/// Returns base and quote if a symbol is a currency pair. The class of the security is ignored,
/// since rates are looked up by symbol alone.
fn currency_pair(symbol: &str) -> Option<(Currency, Currency)> {
    let base = symbol.get(..3)?.parse().ok()?;
    let quote = symbol.get(3..)?.parse().ok()?;
    Some((base, quote))
}
