//! Books and values cash in currencies other than the portfolio's. Rules: `docs/numbers.md`, cash in
//! several currencies.

use super::{Account, add};
use crate::domain::output::{ForeignCash, PriceInput};
use crate::domain::{Currency, Day, FeeTreatment, Money, PriceQuality, Transaction};
use crate::phases::aged_moves::Lasts;
use crate::phases::error::PhaseError;
use crate::phases::foreign_balance::{ForeignBalance, convert};
use crate::phases::market::Market;

impl Account {
    /// Adds `amount` (negative: pays it) to the cash of a currency, at the rate of the session on
    /// which `day` counts. Returns its value in the portfolio's currency.
    pub(super) fn move_cash(
        &mut self,
        market: &Market,
        currency: Currency,
        amount: Option<Money>,
        day: Day,
    ) -> Result<Money, PhaseError> {
        let amount = amount.ok_or(PhaseError::TotalOutOfRange { day })?;
        let value = self.value_of_cash(market, currency, amount, day)?;
        self.move_cash_at(market, currency, amount, value, day)?;
        Ok(value)
    }

    /// Adds `amount` to the cash of a currency at a known value in the portfolio's currency.
    fn move_cash_at(
        &mut self,
        market: &Market,
        currency: Currency,
        amount: Money,
        value: Money,
        day: Day,
    ) -> Result<(), PhaseError> {
        if currency == self.currency {
            return add(&mut self.cash, Some(amount), day);
        }
        // A fee of zero uses no cash.
        if amount.is_zero() {
            return Ok(());
        }
        let found = self
            .foreign_cash
            .binary_search_by_key(&currency, ForeignBalance::currency);
        let at = found.unwrap_or_else(|at| {
            let balance = ForeignBalance::new(market.conversion(currency, self.currency));
            self.foreign_cash.insert(at, balance);
            at
        });
        let added = self.foreign_cash[at].add(amount, value);
        added.ok_or(PhaseError::TotalOutOfRange { day })
    }

    /// Returns the value in the portfolio's currency of an amount that is moved.
    fn value_of_cash(
        &mut self,
        market: &Market,
        currency: Currency,
        amount: Money,
        day: Day,
    ) -> Result<Money, PhaseError> {
        let (value, age) = self.converted(market, currency, amount, day)?;
        if age > PriceQuality::Fresh {
            let day = market.sessions()[self.session_of(market, day)];
            let rate = (PriceInput::Rate(currency), age);
            self.aged_moves.add(day, rate, value, Lasts::Yes);
        }
        Ok(value)
    }

    /// Returns the value of an amount in the portfolio's currency, with the age of the rate.
    fn converted(
        &self,
        market: &Market,
        currency: Currency,
        amount: Money,
        day: Day,
    ) -> Result<(Money, PriceQuality), PhaseError> {
        if currency == self.currency || amount.is_zero() {
            return Ok((amount, PriceQuality::Fresh));
        }
        let conversion = market.conversion(currency, self.currency);
        convert(market, &conversion, self.session_of(market, day), amount)
    }

    /// Returns the part of the fee of a trade that belongs to its cost.
    pub(super) fn capitalized_fee(
        &self,
        market: &Market,
        transaction: &Transaction,
    ) -> Result<Money, PhaseError> {
        let currency = transaction.cash.fee_currency_or(self.currency);
        match self.cost_basis.fees {
            FeeTreatment::Capitalize => {
                let (fee, day) = (transaction.fee, transaction.day);
                Ok(self.converted(market, currency, fee, day)?.0)
            }
            FeeTreatment::Expense => Ok(Money::ZERO),
        }
    }

    /// Books an exchange: its amount for the amount paid. A side in the portfolio's currency is the
    /// value of both; else it is that of the amount paid, at the session's rate.
    pub(super) fn exchange(
        &mut self,
        market: &Market,
        transaction: &Transaction,
        received: Money,
    ) -> Result<(), PhaseError> {
        let (own, day, terms) = (self.currency, transaction.day, &transaction.cash);
        let (to, from) = (terms.currency_or(own), terms.from_currency_or(own));
        let paid = terms.from_amount.unwrap_or(Money::ZERO);
        let value = if to == own {
            received
        } else {
            self.value_of_cash(market, from, paid, day)?
        };
        let out = paid.negated().zip(value.negated());
        let (out, value_out) = out.ok_or(PhaseError::TotalOutOfRange { day })?;
        self.move_cash_at(market, from, out, value_out, day)?;
        self.move_cash_at(market, to, received, value, day)
    }

    /// Starts the exchange gains of the session after `before`.
    pub(in crate::phases) fn start_fx_gains(
        &mut self,
        market: &Market,
        before: Option<usize>,
    ) -> Result<(), PhaseError> {
        for balance in &mut self.foreign_cash {
            balance.start_session(market, before)?;
        }
        Ok(())
    }

    /// Returns the value of all foreign cash on a session, in units of money.
    pub(in crate::phases) fn foreign_value_on(
        &self,
        market: &Market,
        session: usize,
    ) -> Result<i128, PhaseError> {
        let values = self.foreign_cash.iter();
        let mut values = values.map(|balance| balance.value(market, session));
        values.try_fold(0, |sum, value| Ok(sum + i128::from(value?.0.units())))
    }

    /// Values all foreign cash on a session, by currency.
    pub(in crate::phases) fn foreign_cash_on(
        &self,
        market: &Market,
        session: usize,
    ) -> Result<Vec<ForeignCash>, PhaseError> {
        let balances = self.foreign_cash.iter();
        (balances.map(|balance| balance.on(market, session))).collect()
    }
}

#[cfg(test)]
mod tests;
