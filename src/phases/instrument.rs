//! What one security means to one portfolio: where its prices are, what a unit stands for, and
//! how its currency becomes the portfolio's.

use super::columns::AsOfPrice;
use super::error::PhaseError;
use super::market::{Market, Slot};
use crate::domain::{Currency, Money, Price, Quantity, SecurityId};

/// One unit of quantity is one unit of the security.
const UNIT_MULTIPLIER: Quantity = Quantity::whole(1);

/// A security as a portfolio of some currency sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instrument {
    pub(super) security: SecurityId,
    slot: Slot,
    multiplier: Quantity,
    conversion: Conversion,
}

/// How the security's currency becomes the portfolio's.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Conversion {
    /// They are the same.
    Same,
    /// At the price of the pair, or else at one over the price of the inverse pair. Boxed, so
    /// that the holdings of a portfolio in one currency lie close together.
    Rate(Box<CurrencyPair>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct CurrencyPair {
    from: Currency,
    to: Currency,
    direct: Option<Slot>,
    inverse: Option<Slot>,
}

impl Instrument {
    /// The security with this id to a portfolio in `currency`.
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
        let conversion = if from == currency {
            Conversion::Same
        } else {
            Conversion::Rate(Box::new(CurrencyPair {
                from,
                to: currency,
                direct: market.slot_by_symbol(&from.pair_with(currency)),
                inverse: market.slot_by_symbol(&currency.pair_with(from)),
            }))
        };
        Ok(Self {
            security: id,
            slot,
            multiplier: security.multiplier,
            conversion,
        })
    }

    /// Its price as of a session, if it ever had a close.
    #[inline(always)]
    pub(super) fn as_of(&self, market: &Market, session: usize) -> Option<AsOfPrice> {
        market.as_of_slot(self.slot, session)
    }

    /// What `quantity` is worth in the portfolio's currency at `price`: times the multiplier,
    /// rounded to money, then converted at the session's rate and rounded again.
    #[inline(always)]
    pub(super) fn value(
        &self,
        market: &Market,
        session: usize,
        price: Price,
        quantity: Quantity,
    ) -> Result<Money, PhaseError> {
        let unit = if self.multiplier == UNIT_MULTIPLIER {
            Some(price)
        } else {
            price.checked_mul(self.multiplier)
        };
        match (
            unit.and_then(|unit| unit.value_of(quantity)),
            &self.conversion,
        ) {
            (Some(value), Conversion::Same) => Ok(value),
            (value, _) => self.convert(market, session, value),
        }
    }

    /// The uncommon end of [`Self::value`], kept out of the loop over holdings.
    #[cold]
    fn convert(
        &self,
        market: &Market,
        session: usize,
        value: Option<Money>,
    ) -> Result<Money, PhaseError> {
        let value = match &self.conversion {
            Conversion::Same => value,
            Conversion::Rate(pair) => {
                let rate = pair.rate(market, session)?;
                value.and_then(|value| value.checked_convert(rate))
            }
        };
        value.ok_or_else(|| self.out_of_range(market, session))
    }

    /// That a number of this security does not fit on a session.
    #[cold]
    pub(super) fn out_of_range(&self, market: &Market, session: usize) -> PhaseError {
        PhaseError::HoldingOutOfRange {
            security: self.security,
            day: market.sessions()[session],
        }
    }
}

impl CurrencyPair {
    /// The rate as of a session, by the same rule as any price; a rate that is not above zero is
    /// no rate.
    fn rate(&self, market: &Market, session: usize) -> Result<Price, PhaseError> {
        let rate = |slot| {
            let price = market.as_of_slot(slot, session)?.price;
            (price > Price::ZERO).then_some(price)
        };
        self.direct
            .and_then(rate)
            .or_else(|| self.inverse.and_then(rate)?.checked_recip())
            .filter(|rate| *rate > Price::ZERO)
            .ok_or_else(|| PhaseError::MissingRate {
                from: self.from,
                to: self.to,
                day: market.sessions()[session],
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phases::fixture::{MarketBuilder, amount, day, security};

    const EUR_SHARE: u32 = 1;

    fn value_of_ten(rates: &[(&str, &str)]) -> Result<Money, PhaseError> {
        let mut sketch = MarketBuilder::with_session_count(2);
        let mut share = security(EUR_SHARE);
        share.currency = "EUR".parse().unwrap();
        sketch.sources.securities.push(share);
        for (id, (symbol, rate)) in (2..).zip(rates) {
            let mut pair = security(id);
            pair.symbol = (*symbol).to_owned();
            sketch.sources.securities.push(pair);
            sketch.add_close(id, 0, rate);
        }
        let market = sketch.build();
        let instrument = Instrument::new(&market, SecurityId(EUR_SHARE), Currency::USD)?;
        instrument.value(&market, 1, Price::whole(3), Quantity::whole(10))
    }

    #[test]
    fn a_foreign_security_is_converted_at_the_latest_rate() {
        assert_eq!(value_of_ten(&[("EURUSD", "1.25")]), Ok(amount("37.5")));
        assert_eq!(value_of_ten(&[("USDEUR", "0.8")]), Ok(amount("37.5")));
        let both = [("USDEUR", "0.5"), ("EURUSD", "1.25")];
        assert_eq!(value_of_ten(&both), Ok(amount("37.5")));
        let dead = [("USDEUR", "0.8"), ("EURUSD", "0")];
        assert_eq!(value_of_ten(&dead), Ok(amount("37.5")));
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
    fn the_multiplier_applies_before_rounding() {
        let mut sketch = MarketBuilder::with_session_count(1);
        let mut bond = security(1);
        bond.multiplier = amount("0.01");
        sketch.sources.securities.push(bond);
        let market = sketch.build();
        let instrument = Instrument::new(&market, SecurityId(1), Currency::USD).unwrap();
        let worth = instrument.value(&market, 0, amount("99.875"), Quantity::whole(10_000));
        assert_eq!(worth, Ok(amount("9987.5")));
    }
}
