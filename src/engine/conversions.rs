//! The currency conversions that the holdings and the cash of portfolios can need, with the
//! portfolios that depend on each.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Currency, Day, DayRange, IdSet, Security, SecurityId};
use crate::invalidation::ActionHistory;
use crate::phases::{Conversion, CurrencyPairs};
use crate::store::{ReadTransaction, StoreError};

/// A conversion for each currency of a security or of cash and each other currency of a portfolio.
pub(crate) struct Conversions {
    conversions: Vec<Conversion>,
    /// The securities in each currency.
    securities: BTreeMap<Currency, Vec<SecurityId>>,
    /// The currencies that transactions name for their cash.
    cash: BTreeSet<Currency>,
    /// Whether the portfolios have more than one currency.
    are_mixed: bool,
    actions: ActionHistory,
}

impl Conversions {
    /// Reads the currencies of the portfolios. `securities` are all, by id.
    pub(crate) fn read(
        reading: &ReadTransaction<'_>,
        securities: &[Security],
    ) -> Result<Self, StoreError> {
        let mut by_currency: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for security in securities {
            let of_currency = by_currency.entry(security.currency).or_default();
            of_currency.push(security.id);
        }
        let pairs = CurrencyPairs::new(securities);
        let currencies = reading.portfolios().currencies()?;
        let cash = reading.entries().currencies_of_cash()?;
        let used: BTreeSet<_> = by_currency.keys().chain(&cash).collect();
        let mut conversions = Vec::new();
        for to in &currencies {
            let foreign = used.iter().filter(|from| **from != to);
            conversions.extend(foreign.map(|from| pairs.conversion(**from, *to)));
        }
        Ok(Self {
            conversions,
            securities: by_currency,
            cash,
            are_mixed: currencies.len() > 1,
            actions: ActionHistory::read(reading)?,
        })
    }

    /// Iterates over the conversions without a rate if only `priced` securities have a price.
    pub(crate) fn without_rate<'c>(
        &'c self,
        priced: &'c IdSet,
    ) -> impl Iterator<Item = &'c Conversion> {
        let conversions = self.conversions.iter();
        conversions
            .filter(move |conversion| !conversion.is_possible_with(|pair| priced.contains(pair.0)))
    }

    /// Iterates over all conversions.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Conversion> {
        self.conversions.iter()
    }

    /// Returns the portfolios in the currency converted to that ever traded a security, or used
    /// cash, in the currency converted from.
    pub(crate) fn traders(
        &self,
        reading: &ReadTransaction<'_>,
        conversion: &Conversion,
    ) -> Result<IdSet, StoreError> {
        self.traders_in(reading, conversion, DayRange::ALL)
    }

    /// Returns those of [`Self::traders`] that did so before a day.
    pub(super) fn traders_before(
        &self,
        reading: &ReadTransaction<'_>,
        conversion: &Conversion,
        day: Day,
    ) -> Result<IdSet, StoreError> {
        let before = DayRange::new(Day::MIN, day.previous()).unwrap_or(DayRange::ALL);
        self.traders_in(reading, conversion, before)
    }

    /// Returns the portfolios that used cash in the currency converted from up to a day.
    pub(super) fn cash_users_until(
        &self,
        reading: &ReadTransaction<'_>,
        conversion: &Conversion,
        day: Day,
    ) -> Result<IdSet, StoreError> {
        let until = DayRange::new(Day::MIN, day).unwrap_or(DayRange::ALL);
        self.cash_users_in(reading, conversion.from(), until)
    }

    fn cash_users_in(
        &self,
        reading: &ReadTransaction<'_>,
        currency: Currency,
        range: DayRange,
    ) -> Result<IdSet, StoreError> {
        match self.cash.contains(&currency) {
            true => reading.entries().portfolios_naming(currency, range),
            false => Ok(IdSet::new()),
        }
    }

    /// Returns the securities in a currency.
    pub(super) fn securities_in(&self, currency: Currency) -> &[SecurityId] {
        self.securities.get(&currency).map_or(&[], Vec::as_slice)
    }

    fn traders_in(
        &self,
        reading: &ReadTransaction<'_>,
        conversion: &Conversion,
        range: DayRange,
    ) -> Result<IdSet, StoreError> {
        let from = conversion.from();
        let mut found = self.cash_users_in(reading, from, range)?;
        for security in self.securities_in(from) {
            for origin in self.actions.origins(*security) {
                found |= reading.entries().portfolios_trading_in(origin, range)?;
            }
        }
        if !found.is_empty() && self.are_mixed {
            found &= reading.portfolios().in_currency(conversion.to())?;
        }
        Ok(found)
    }

    /// Returns the portfolios that ever traded a security, or one for which it is received.
    pub(crate) fn traders_of(
        &self,
        reading: &ReadTransaction<'_>,
        security: SecurityId,
    ) -> Result<IdSet, StoreError> {
        let mut traders = IdSet::new();
        for origin in self.actions.origins(security) {
            let trading = reading.entries().portfolios_trading(origin)?;
            traders.extend(trading.iter().map(|id| id.0));
        }
        Ok(traders)
    }
}
