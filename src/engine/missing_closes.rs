//! Finds the closes that due cells could use and that are missing: those of held securities, of the
//! exchange rates of holdings and cash, and of the benchmark and the factors of risk.
//!
//! Looks at all sessions, not only at those on which a cell waits: a close that comes late corrects
//! books that were made without it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::conversions::Conversions;
use super::error::EngineError;
use super::session_prices::SessionPrices;
use super::settings::Settings;
use super::survey::today;
use crate::domain::{Currency, Day, DayRange, IdSet, LifecycleIndex, Security, SecurityId};
use crate::phases::{Conversion, is_currency_pair};
use crate::store::{ReadTransaction, StoreError};

/// Returns the sessions up to the last final one of which each security lacks a close, ascending.
/// A security that cannot have one on a session, because it is inactive, private or closed, does not
/// lack it, and neither does any on a day whose prices were accepted.
///
/// # Errors
///
/// The calendar does not know a day, or the store cannot be read.
pub fn missing_closes(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<BTreeMap<SecurityId, Vec<Day>>, EngineError> {
    let mut missing: BTreeMap<SecurityId, Vec<Day>> = BTreeMap::new();
    let lifecycles = reading.portfolios().lifecycle_index()?;
    let last = today(settings, now)?.last_final;
    let first = lifecycles.earliest_inception(lifecycles.active());
    let first = first.map(|first| first.max(settings.calendar.known_days().first()));
    let Some(range) = first.and_then(|first| DayRange::new(first, last).ok()) else {
        return Ok(missing);
    };
    let mut prices = SessionPrices::new(reading, settings)?;
    let securities = reading.securities().all()?;
    let mut search = Search {
        reading,
        lifecycles,
        conversions: Conversions::read(reading, &securities)?,
        indexes: indexes(reading, settings, &securities)?,
        securities: securities.iter().map(|known| (known.id, known)).collect(),
        with_close: IdSet::new(),
    };
    let sessions = settings.calendar.sessions(range)?;
    let mut priced = Vec::new();
    for day in sessions {
        let on_day = reading.closes().priced_securities(*day)?;
        search.with_close |= &on_day;
        priced.push(on_day);
    }
    for (day, priced) in sessions.iter().zip(&priced) {
        if prices.is_accepted(*day) {
            continue;
        }
        for security in search.missing_on(*day, priced, &mut prices)? {
            missing.entry(security).or_default().push(*day);
        }
    }
    Ok(missing)
}

/// Returns the benchmark and the factors of the risk model of a run with these settings.
fn indexes(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    securities: &[Security],
) -> Result<BTreeSet<SecurityId>, StoreError> {
    Ok(match &settings.model {
        Some(model) => model.securities(securities),
        None => reading.risk_models().in_force()?.1.securities(securities),
    })
}

struct Search<'s> {
    reading: &'s ReadTransaction<'s>,
    lifecycles: LifecycleIndex,
    conversions: Conversions,
    /// The benchmark and the factors of the risk model.
    indexes: BTreeSet<SecurityId>,
    securities: BTreeMap<SecurityId, &'s Security>,
    /// The securities with a close of any session.
    with_close: IdSet,
}

impl Search<'_> {
    /// Returns the securities that lack a close of a session. `priced` have one.
    fn missing_on(
        &self,
        day: Day,
        priced: &IdSet,
        prices: &mut SessionPrices<'_, '_>,
    ) -> Result<BTreeSet<SecurityId>, StoreError> {
        let held = prices.held_without_close(day, priced)?;
        let mut missing: BTreeSet<_> = held.into_iter().collect();
        let closed: BTreeSet<_> = {
            let calendars = prices.calendars();
            let securities = self.securities.values();
            let closed = securities.filter(|security| calendars.is_closed(security, day));
            closed.map(|security| security.id).collect()
        };
        let lacks = |id: &SecurityId| {
            let known = self.securities.get(id);
            let is_expected = known.is_some_and(|security| security.is_price_expected(day));
            is_expected && !priced.contains(id.0) && !closed.contains(id)
        };
        missing.extend(self.indexes.iter().filter(|id| lacks(id)));
        for conversion in self.conversions.iter() {
            let is_current = |pair: SecurityId| priced.contains(pair.0) || closed.contains(&pair);
            // Most sessions end here, before any holder is read.
            if conversion.is_possible_with(is_current) || !self.is_used(conversion, day, prices)? {
                continue;
            }
            let pairs = self.pairs(conversion);
            missing.extend(pairs.into_iter().filter(|pair| lacks(pair)));
        }
        Ok(missing)
    }

    /// Returns the pairs that make the rate: those that ever had a close, or all if none has.
    fn pairs(&self, conversion: &Conversion) -> Vec<SecurityId> {
        let known = conversion.securities_with(|pair| self.with_close.contains(pair.0));
        match known.is_empty() {
            true => conversion.securities(),
            false => known,
        }
    }

    /// Returns whether an active portfolio converts holdings, cash or risk on a day.
    fn is_used(
        &self,
        conversion: &Conversion,
        day: Day,
        prices: &mut SessionPrices<'_, '_>,
    ) -> Result<bool, StoreError> {
        let of_currency = self.reading.portfolios().in_currency(conversion.to())?;
        let mut alive = self.alive_on(day);
        alive &= of_currency;
        if alive.is_empty() {
            return Ok(false);
        }
        if self.converts_risk(conversion.from()) {
            return Ok(true);
        }
        for security in self.conversions.securities_in(conversion.from()) {
            if !prices.holders_of(*security, day)?.is_disjoint(&alive) {
                return Ok(true);
            }
        }
        let with_cash = (self.conversions).cash_users_until(self.reading, conversion, day)?;
        Ok(!with_cash.is_disjoint(&alive))
    }

    /// Returns whether the benchmark or a factor is in a currency. Risk converts no exchange rate.
    fn converts_risk(&self, from: Currency) -> bool {
        let indexes = self.indexes.iter();
        let mut indexes = indexes.filter_map(|id| self.securities.get(id));
        indexes.any(|security| security.currency == from && !is_currency_pair(security))
    }

    /// Returns the active portfolios that have a lifecycle on a day.
    fn alive_on(&self, day: Day) -> IdSet {
        let begun = self.lifecycles.inceptions().range(..=day);
        let mut alive = begun.fold(IdSet::new(), |all, (_, ids)| all | ids);
        for (_, ids) in self.lifecycles.closings().range(..day) {
            alive -= ids;
        }
        alive & self.lifecycles.active()
    }
}
