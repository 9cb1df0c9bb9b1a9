//! Values one security for one portfolio: finds its prices, applies its multiplier and converts its
//! currency to the portfolio's.

use super::columns::{AsOfPrice, Slot};
use super::error::PhaseError;
use super::market::Market;
use super::rates::Conversion;
use crate::domain::{
    Currency, Day, ExchangeRate, Money, Price, PriceQuality, Quantity, SecurityId,
};

/// The multiplier of a security whose price is that of one unit of quantity.
const UNIT_MULTIPLIER: Quantity = Quantity::whole(1);

/// A security valued in the currency of a portfolio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instrument {
    pub(super) security: SecurityId,
    slot: Slot,
    /// Whether the multiplier was another on former days.
    has_former_multiplier: bool,
    /// The multiplier of the last days.
    multiplier: Quantity,
    /// `None` if security and portfolio have the same currency. Boxed to keep an instrument small:
    /// valuation reads all holdings of a portfolio in sequence.
    conversion: Option<Box<Conversion>>,
}

/// A value in the currency of the portfolio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ConvertedValue {
    pub(super) money: Money,
    /// Age of the exchange rate; fresh if none was needed.
    pub(super) rate: PriceQuality,
}

impl Instrument {
    /// Looks up the security with this id for a portfolio in `currency`.
    pub(super) fn new(
        market: &Market,
        id: SecurityId,
        currency: Currency,
    ) -> Result<Self, PhaseError> {
        let slot = market
            .slot(id)
            .ok_or(PhaseError::UnknownSecurity { security: id })?;
        let security = market.security_at(slot);
        let from = security.currency;
        let conversion = (from != currency).then(|| Box::new(market.conversion(from, currency)));
        Ok(Self {
            security: id,
            slot,
            has_former_multiplier: security.multiplier_changes().next().is_some(),
            multiplier: security.multiplier,
            conversion,
        })
    }

    /// Returns the currency of the security if it is not that of the portfolio.
    pub(super) fn foreign_currency(&self) -> Option<Currency> {
        self.conversion.as_ref().map(|conversion| conversion.from())
    }

    /// Returns the price as of a session; `None` before the first close, and if it does not fit.
    #[inline(always)]
    pub(super) fn as_of(&self, market: &Market, session: usize) -> Option<AsOfPrice> {
        market.as_of_slot(self.slot, session)
    }

    /// Fails if a session has no price because the one carried through splits does not fit. Called
    /// where there is none, so that a holding is not valued at cost instead.
    #[cold]
    pub(super) fn ensure_never_priced(
        &self,
        market: &Market,
        session: usize,
    ) -> Result<(), PhaseError> {
        match market.is_price_unfit(self.slot, session) {
            true => Err(PhaseError::PriceOutOfRange {
                security: self.security,
                day: market.sessions()[session],
            }),
            false => Ok(()),
        }
    }

    /// Returns the value of `quantity` at `price` in the portfolio's currency: quantity ×
    /// multiplier × price × the session's rate, formed exactly and rounded once, half to even.
    #[inline(always)]
    pub(super) fn value(
        &self,
        market: &Market,
        session: usize,
        price: Price,
        quantity: Quantity,
    ) -> Result<ConvertedValue, PhaseError> {
        // Most holdings need neither multiplier nor rate, and then one product of 64-bit numbers.
        if self.multiplier == UNIT_MULTIPLIER
            && !self.has_former_multiplier
            && self.conversion.is_none()
            && let Some(money) = price.value_of(quantity)
        {
            let rate = PriceQuality::Fresh;
            return Ok(ConvertedValue { money, rate });
        }
        self.value_of_day(market, session, market.sessions()[session], price, quantity)
    }

    /// Returns quantity × multiplier × price, in the currency of the price; `None` if it does not fit.
    pub(super) fn unconverted_value(
        &self,
        market: &Market,
        day: Day,
        price: Price,
        quantity: Quantity,
    ) -> Option<Money> {
        price.converted_value(quantity, self.multiplier_on(market, day), ExchangeRate::ONE)
    }

    fn multiplier_on(&self, market: &Market, day: Day) -> Quantity {
        match self.has_former_multiplier {
            true => market.security_at(self.slot).multiplier_on(day),
            false => self.multiplier,
        }
    }

    /// Returns the same value for an event of `day`, which counts on a session: the multiplier is that
    /// of its day. It is the uncommon part of [`Self::value`], kept out of the loop over holdings.
    #[cold]
    pub(super) fn value_of_day(
        &self,
        market: &Market,
        session: usize,
        day: Day,
        price: Price,
        quantity: Quantity,
    ) -> Result<ConvertedValue, PhaseError> {
        let (rate, quality) = match &self.conversion {
            None => (ExchangeRate::ONE, PriceQuality::Fresh),
            Some(conversion) => {
                // A missing rate fails the cell: taken for 1 it would give a wrong NAV without
                // notice.
                let found = market.rate(conversion, session);
                let found = found.ok_or_else(|| PhaseError::MissingRate {
                    from: conversion.from(),
                    to: conversion.to(),
                    day: market.sessions()[session],
                })?;
                (found.rate, found.quality)
            }
        };
        let money = price
            .converted_value(quantity, self.multiplier_on(market, day), rate)
            .ok_or_else(|| self.out_of_range(market, session))?;
        Ok(ConvertedValue {
            money,
            rate: quality,
        })
    }

    /// Returns the error for a number of this security that does not fit.
    #[cold]
    pub(super) fn out_of_range(&self, market: &Market, session: usize) -> PhaseError {
        PhaseError::HoldingOutOfRange {
            security: self.security,
            day: market.sessions()[session],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AttributeSpan, AttributeValues};
    use crate::phases::fixture::{MarketBuilder, amount, day, security};

    const EUR_SHARE: u32 = 1;

    fn value_of_ten(rates: &[(&str, &str)]) -> Result<Money, PhaseError> {
        let mut builder = MarketBuilder::with_session_count(2);
        let mut share = security(EUR_SHARE);
        share.currency = "EUR".parse().unwrap();
        builder.sources.securities.push(share);
        for (id, (symbol, rate)) in (2..).zip(rates) {
            let mut pair = security(id);
            pair.symbol = (*symbol).to_owned();
            builder.sources.securities.push(pair);
            builder.add_close(id, 0, rate);
        }
        let market = builder.build();
        let instrument = Instrument::new(&market, SecurityId(EUR_SHARE), Currency::USD)?;
        let value = instrument.value(&market, 1, Price::whole(3), Quantity::whole(10));
        value.map(|value| value.money)
    }

    #[test]
    fn a_foreign_security_is_converted_at_the_latest_rate() {
        assert_eq!(value_of_ten(&[("EURUSD", "1.25")]), Ok(amount("37.5")));
        assert_eq!(value_of_ten(&[("USDEUR", "0.8")]), Ok(amount("37.5")));
        let both = [("USDEUR", "0.5"), ("EURUSD", "1.25")];
        assert_eq!(value_of_ten(&both), Ok(amount("37.5")));
    }

    #[test]
    fn a_missing_rate_is_an_error() {
        let missing = Err(PhaseError::MissingRate {
            from: "EUR".parse().unwrap(),
            to: Currency::USD,
            day: day(1),
        });
        assert_eq!(value_of_ten(&[]), missing);
        assert_eq!(value_of_ten(&[("EURUSD", "0")]), missing);
    }

    #[test]
    fn a_converted_value_is_rounded_once() {
        let mut builder = MarketBuilder::with_session_count(1);
        let mut share = security(1);
        share.currency = "EUR".parse().unwrap();
        let mut pair = security(2);
        pair.symbol = "EURUSD".to_owned();
        builder.sources.securities.extend([share, pair]);
        builder.add_close(2, 0, "3");
        let market = builder.build();
        let instrument = Instrument::new(&market, SecurityId(1), Currency::USD).unwrap();
        // 0.00005 euros alone round to zero.
        let worth = instrument.value(&market, 0, amount("0.00005"), Quantity::whole(1));
        assert_eq!(worth.unwrap().money, amount("0.0002"));
    }

    #[test]
    fn a_small_price_is_not_cut_before_the_quantity() {
        let mut builder = MarketBuilder::with_session_count(1);
        let mut bond = security(1);
        bond.multiplier = amount("0.01");
        builder.sources.securities.push(bond);
        let market = builder.build();
        let instrument = Instrument::new(&market, SecurityId(1), Currency::USD).unwrap();
        let worth = instrument.value(&market, 0, amount("0.00000049"), amount("1000000"));
        assert_eq!(worth.unwrap().money, amount("0.0049"));
    }

    #[test]
    fn the_multiplier_applies_before_rounding() {
        let mut builder = MarketBuilder::with_session_count(1);
        let mut bond = security(1);
        bond.multiplier = amount("0.01");
        builder.sources.securities.push(bond);
        let market = builder.build();
        let instrument = Instrument::new(&market, SecurityId(1), Currency::USD).unwrap();
        let worth = instrument.value(&market, 0, amount("99.875"), Quantity::whole(10_000));
        assert_eq!(worth.unwrap().money, amount("9987.5"));
    }

    /// CME halved the multiplier of its S&P 500 contract from 500 to 250 dollars on 1997-11-03 and gave
    /// two contracts for one; the index, its price, went on.
    #[test]
    fn a_contract_that_is_halved_keeps_its_value_and_return() {
        let mut builder = MarketBuilder::with_session_count(4).with_shares([1]);
        let future = builder.sources.securities.pop().unwrap();
        let of = |multiplier: &str| AttributeValues {
            multiplier: Some(amount(multiplier)),
            ..AttributeValues::default()
        };
        let (id, future) = (future.id, future.without_id());
        let future = future.with_attributes(AttributeSpan::Around(day(0)), &of("500"));
        let future = future.with_attributes(AttributeSpan::From(day(2)), &of("250"));
        builder.sources.securities.push(future.with_id(id));
        builder.add_close(1, 0, "914.62");
        builder.add_close(1, 1, "938.99");
        builder.add_close(1, 3, "940.76");
        builder.add_split(1, 2, 2, 1);
        let market = builder.build();
        let slot = market.slot(SecurityId(1)).unwrap();
        let carried = market.as_of(SecurityId(1), 2).unwrap();
        assert_eq!(carried.price, amount("938.99"));
        assert_eq!(carried.quality, PriceQuality::Stale(1));
        let returns = market.returns(slot, 3, 2);
        assert_eq!(returns[0], 0.0);
        assert!((returns[1] - (940.76 / 938.99 - 1.0)).abs() < 1e-15);
        let value = |contracts, session, price| {
            let instrument = Instrument::new(&market, SecurityId(1), Currency::USD);
            let value = instrument.unwrap().value(
                &market,
                session,
                amount(price),
                Quantity::whole(contracts),
            );
            value.unwrap().money
        };
        let before: Money = amount("469495");
        assert_eq!(value(1, 1, "938.99"), before);
        assert_eq!(value(2, 2, "938.99"), before);
    }
}
