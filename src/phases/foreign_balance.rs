//! One foreign currency of a portfolio's cash: its balance, cost, value and exchange gain.

use super::error::PhaseError;
use super::market::Market;
use super::rates::Conversion;
use crate::domain::output::ForeignCash;
use crate::domain::{CashBalance, Currency, Money, PriceQuality};

/// The cash in one foreign currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ForeignBalance {
    conversion: Conversion,
    balance: CashBalance,
    /// Exchange gain realized since inception.
    realized: Money,
    /// Value on the previous session.
    value_before: Money,
    /// Value of what was paid in since the previous session, less what was paid out.
    moved: Money,
}

impl ForeignBalance {
    /// Returns an empty balance in the currency that `conversion` converts.
    pub(super) fn new(conversion: Conversion) -> Self {
        Self {
            conversion,
            balance: CashBalance::default(),
            realized: Money::ZERO,
            value_before: Money::ZERO,
            moved: Money::ZERO,
        }
    }

    pub(super) fn currency(&self) -> Currency {
        self.conversion.from()
    }

    /// Adds an amount with its value; `None` if a number does not fit.
    pub(super) fn add(&mut self, amount: Money, value: Money) -> Option<()> {
        let realized = self.balance.add(amount, value)?;
        self.realized = self.realized.plus(realized)?;
        self.moved = self.moved.plus(value)?;
        Some(())
    }

    /// Starts the exchange gain of the session after `before`.
    pub(super) fn start_session(
        &mut self,
        market: &Market,
        before: Option<usize>,
    ) -> Result<(), PhaseError> {
        self.moved = Money::ZERO;
        self.value_before = match before {
            Some(before) => self.value(market, before)?.0,
            None => Money::ZERO,
        };
        Ok(())
    }

    /// Returns the value on a session, and the age of the rate. A balance of zero needs no rate.
    pub(super) fn value(
        &self,
        market: &Market,
        session: usize,
    ) -> Result<(Money, PriceQuality), PhaseError> {
        match self.balance.amount() {
            amount if amount.is_zero() => Ok((Money::ZERO, PriceQuality::Fresh)),
            amount => convert(market, &self.conversion, session, amount),
        }
    }

    /// Returns the output on a session.
    pub(super) fn on(&self, market: &Market, session: usize) -> Result<ForeignCash, PhaseError> {
        let (value, quality) = self.value(market, session)?;
        let (balance, cost) = (self.balance.amount(), self.balance.cost());
        let gain = (value.minus(self.value_before)).and_then(|change| change.minus(self.moved));
        // Readers subtract the cost, so the difference must fit too.
        let gain = gain.filter(|_| value.minus(cost).is_some());
        Ok(ForeignCash {
            currency: self.currency(),
            balance,
            value,
            cost,
            quality,
            fx_gain: gain.ok_or(PhaseError::TotalOutOfRange {
                day: market.sessions()[session],
            })?,
            fx_realized: self.realized,
        })
    }
}

/// Converts an amount at the rate of a session, with the age of the rate.
pub(super) fn convert(
    market: &Market,
    conversion: &Conversion,
    session: usize,
    amount: Money,
) -> Result<(Money, PriceQuality), PhaseError> {
    let day = market.sessions()[session];
    let rate = market.rate(conversion, session);
    // A missing rate is never taken for 1.
    let rate = rate.ok_or_else(|| PhaseError::MissingRate {
        from: conversion.from(),
        to: conversion.to(),
        day,
    })?;
    let value = rate.rate.convert(amount);
    let value = value.ok_or(PhaseError::TotalOutOfRange { day })?;
    Ok((value, rate.quality))
}
