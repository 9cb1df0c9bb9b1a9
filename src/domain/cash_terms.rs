//! Defines the currencies of the cash that a transaction moves, and the amount that an exchange
//! pays.

use thiserror::Error;

use super::amount::Money;
use super::security::Currency;

/// The currencies of a transaction's cash. Without any, cash is in the portfolio's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CashTerms {
    /// Currency of price and amount, and of the cash that the amount moves. Without it the amount is
    /// in the portfolio's currency, and the price in that of the security.
    pub currency: Option<Currency>,
    /// Currency of the fee, if it is not that of the amount.
    pub fee_currency: Option<Currency>,
    /// The amount that an exchange pays, above zero; only an exchange has it.
    pub from_amount: Option<Money>,
    /// Currency of the amount paid, if it is not the portfolio's.
    pub from_currency: Option<Currency>,
}

/// The reason that the currencies of a transaction contradict its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CashTermsError {
    /// A transfer moves a holding and no cash.
    #[error("a transfer moves no cash, so it has no currency")]
    CurrencyOfTransfer,
    /// Only an exchange pays one amount for another.
    #[error("only an exchange has an amount paid and its currency")]
    PaidWithoutExchange,
    /// An exchange does not say what it pays.
    #[error("an exchange pays an amount above zero")]
    NothingPaid,
    /// An exchange receives nothing.
    #[error("an exchange receives an amount above zero")]
    NothingReceived,
    /// An exchange pays and receives the same currency.
    #[error("an exchange pays {0} for {0}")]
    SameCurrency(Currency),
}

impl CashTerms {
    /// Returns the currency of the amount, in a portfolio in `own` currency.
    pub fn currency_or(&self, own: Currency) -> Currency {
        self.currency.unwrap_or(own)
    }

    /// Returns the currency of the fee.
    pub fn fee_currency_or(&self, own: Currency) -> Currency {
        self.fee_currency.unwrap_or(self.currency_or(own))
    }

    /// Returns the currency of the amount that an exchange pays.
    pub fn from_currency_or(&self, own: Currency) -> Currency {
        self.from_currency.unwrap_or(own)
    }

    /// Returns the currencies that are stated.
    pub fn stated(&self) -> impl Iterator<Item = Currency> + use<> {
        let stated = [self.currency, self.fee_currency, self.from_currency];
        stated.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_is_in_the_currency_of_the_amount_unless_it_has_its_own() {
        let [euro, pound]: [Currency; 2] = ["EUR", "GBP"].map(|code| code.parse().unwrap());
        let mut terms = CashTerms::default();
        assert_eq!(terms.fee_currency_or(Currency::USD), Currency::USD);
        terms.currency = Some(euro);
        assert_eq!(terms.fee_currency_or(Currency::USD), euro);
        terms.fee_currency = Some(pound);
        assert_eq!(terms.fee_currency_or(Currency::USD), pound);
    }
}
