//! Finds the cash that a transaction moves in each currency, and checks its currencies against its
//! kind.

use super::amount::Money;
use super::cash_terms::{CashTerms, CashTermsError};
use super::exchange_rate::ExchangeRate;
use super::fine_amount::Quantity;
use super::security::Currency;
use super::source::{Transaction, TransactionKind};

impl CashTerms {
    /// Checks the terms against the kind and the amount of a transaction of a portfolio in `own`
    /// currency.
    ///
    /// # Errors
    ///
    /// They contradict the kind, or an exchange lacks one of its sides.
    pub fn check(
        &self,
        kind: TransactionKind,
        amount: Option<Money>,
        own: Currency,
    ) -> Result<(), CashTermsError> {
        use TransactionKind::{Exchange, TransferIn, TransferOut};
        let is_positive = |amount: &Money| *amount > Money::ZERO;
        match kind {
            Exchange if self.from_amount.filter(is_positive).is_none() => {
                Err(CashTermsError::NothingPaid)
            }
            Exchange if amount.filter(is_positive).is_none() => {
                Err(CashTermsError::NothingReceived)
            }
            Exchange if self.from_currency_or(own) == self.currency_or(own) => {
                Err(CashTermsError::SameCurrency(self.currency_or(own)))
            }
            Exchange => Ok(()),
            _ if self.from_amount.is_some() || self.from_currency.is_some() => {
                Err(CashTermsError::PaidWithoutExchange)
            }
            TransferIn | TransferOut if self.currency.is_some() => {
                Err(CashTermsError::CurrencyOfTransfer)
            }
            _ => Ok(()),
        }
    }
}

impl Transaction {
    /// Returns the currencies whose cash it can move in a portfolio in `own` currency, other than
    /// that one. A currency can occur twice.
    pub fn foreign_currencies(&self, own: Currency) -> impl Iterator<Item = Currency> + use<> {
        self.cash.stated().filter(move |stated| *stated != own)
    }

    /// Returns the amounts of foreign cash that it moves in a portfolio in `own` currency, as
    /// [`Self::cash_moves`] does.
    pub fn foreign_cash_moves(
        &self,
        own: Currency,
        multiplier: Quantity,
    ) -> Vec<(Currency, Money)> {
        let moves = self.cash_moves(own, multiplier);
        moves.filter(|(currency, _)| *currency != own).collect()
    }

    /// Returns the amounts of cash that it moves in a portfolio in `own` currency; negative ones are
    /// paid. `multiplier` is that of its security; a price counts in the currency of the cash.
    /// Amounts that do not fit are left out: the portfolio has no books from that day on.
    pub fn cash_moves(
        &self,
        own: Currency,
        multiplier: Quantity,
    ) -> impl Iterator<Item = (Currency, Money)> + use<> {
        use TransactionKind::{
            Buy, Deposit, Dividend, Exchange, Fee, Interest, Sell, Tax, Withdrawal,
        };
        let terms = &self.cash;
        let traded = || {
            let price = self.price?;
            price.converted_value(self.quantity, multiplier, ExchangeRate::ONE)
        };
        let amount = match self.kind {
            Buy | Sell => self.amount.or_else(traded),
            _ => self.amount,
        };
        let amount = match self.kind {
            Deposit | Dividend | Interest | Sell | Exchange => amount,
            Withdrawal | Fee | Tax | Buy => amount.and_then(Money::negated),
            TransactionKind::TransferIn | TransactionKind::TransferOut => None,
        };
        let paid = terms.from_amount.and_then(Money::negated);
        let moves = [
            (terms.currency_or(own), amount),
            (terms.from_currency_or(own), paid),
            (terms.fee_currency_or(own), self.fee.negated()),
        ];
        let moves = moves
            .into_iter()
            .filter_map(|(currency, amount)| Some((currency, amount?)));
        moves.filter(|(_, amount)| !amount.is_zero())
    }

    /// Returns the currencies whose rates decide values that it books in a portfolio in `own`
    /// currency, each with whether the rate decides the cost of a holding. That of an exchange is
    /// known if one side is in `own` currency. `fees_are_cost` is the portfolio's treatment of fees.
    pub fn converted_currencies(
        &self,
        own: Currency,
        fees_are_cost: bool,
    ) -> Vec<(Currency, bool)> {
        use TransactionKind::{Buy, Exchange, Sell, TransferIn, TransferOut};
        let terms = &self.cash;
        let is_trade = matches!(self.kind, Buy | Sell);
        let amount = match self.kind {
            TransferIn | TransferOut => None,
            Exchange if terms.currency_or(own) == own => None,
            Exchange => Some((terms.from_currency_or(own), false)),
            _ => Some((terms.currency_or(own), is_trade)),
        };
        let fee = (terms.fee_currency_or(own), is_trade && fees_are_cost);
        let fee = (!self.fee.is_zero()).then_some(fee);
        let converted = amount.into_iter().chain(fee);
        converted.filter(|(currency, _)| *currency != own).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_must_fit_the_kind() {
        let euro: Currency = "EUR".parse().unwrap();
        let (own, some) = (Currency::USD, Some(Money::whole(5)));
        let plain = CashTerms::default();
        let foreign = CashTerms {
            currency: Some(euro),
            ..plain
        };
        let exchange = CashTerms {
            from_amount: some,
            ..foreign
        };
        let check = |terms: CashTerms, kind, amount| terms.check(kind, amount, own).err();
        use TransactionKind::{Buy, Exchange, TransferIn, TransferOut};
        assert_eq!(check(foreign, Buy, None), None);
        assert_eq!(check(exchange, Exchange, some), None);
        for transfer in [TransferIn, TransferOut] {
            let refused = Some(CashTermsError::CurrencyOfTransfer);
            assert_eq!(check(foreign, transfer, None), refused);
        }
        assert_eq!(
            check(exchange, Buy, some),
            Some(CashTermsError::PaidWithoutExchange)
        );
        assert_eq!(
            check(foreign, Exchange, some),
            Some(CashTermsError::NothingPaid)
        );
        assert_eq!(
            check(exchange, Exchange, Some(Money::ZERO)),
            Some(CashTermsError::NothingReceived)
        );
        let same = CashTerms {
            from_amount: some,
            ..plain
        };
        assert_eq!(
            check(same, Exchange, some),
            Some(CashTermsError::SameCurrency(own))
        );
    }
}
