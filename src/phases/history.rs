//! Holds one portfolio's transactions in the order in which they are booked.

use std::collections::{BTreeMap, BTreeSet};

use super::error::BookingError;
use crate::domain::{
    CarriedLot, CostBasis, Currency, Portfolio, SecurityId, Transaction, without_cancelled,
};

/// The transactions of one portfolio in booking order, without those that cancel each other. The
/// order does not depend on the order of import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    currency: Currency,
    cost_basis: CostBasis,
    transactions: Vec<Transaction>,
    /// The indices of the transfers that bring lots of other portfolios, ascending.
    from_counterparts: Vec<u32>,
    /// Their lots, or the reason that these are not known.
    carried: BTreeMap<u32, Result<Vec<CarriedLot>, BookingError>>,
}

impl History {
    /// Sorts the transactions of `portfolio`; those of other portfolios are ignored.
    pub fn new(portfolio: &Portfolio, mut transactions: Vec<Transaction>) -> Self {
        transactions.retain(|transaction| transaction.portfolio == portfolio.id);
        transactions.sort_by(Transaction::booking_order);
        let transactions = without_cancelled(transactions, |transaction| transaction);
        let transfers = (0_u32..).zip(&transactions);
        let transfers = transfers.filter(|(_, transaction)| transaction.carries_lots_in());
        Self {
            currency: portfolio.currency,
            cost_basis: portfolio.cost_basis,
            from_counterparts: transfers.map(|(index, _)| index).collect(),
            carried: BTreeMap::new(),
            transactions,
        }
    }

    /// Returns the indices of the transfers that bring lots of other portfolios, ascending.
    pub fn transfers_from_counterparts(&self) -> &[u32] {
        &self.from_counterparts
    }

    /// Sets the lots that a transfer from another portfolio brings.
    pub fn set_carried(&mut self, index: u32, lots: Result<Vec<CarriedLot>, BookingError>) {
        self.carried.insert(index, lots);
    }

    /// Returns the lots of a transfer from another portfolio; `None` for any other transaction.
    pub(super) fn carried(&self, index: u32) -> Option<Result<&[CarriedLot], BookingError>> {
        self.from_counterparts.binary_search(&index).ok()?;
        Some(match self.carried.get(&index) {
            Some(Ok(lots)) => Ok(lots),
            Some(Err(error)) => Err(*error),
            None => Err(BookingError::NoTransferOfCounterpart),
        })
    }

    /// Returns the currency of the portfolio's books.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// Returns the rules by which the portfolio keeps the cost of its holdings.
    pub fn cost_basis(&self) -> CostBasis {
        self.cost_basis
    }

    /// Returns the currencies, other than its own, whose cash any transaction moves, each once,
    /// ascending.
    pub fn foreign_currencies(&self) -> BTreeSet<Currency> {
        let transactions = self.transactions.iter();
        let foreign = transactions.flat_map(|moves| moves.foreign_currencies(self.currency));
        foreign.collect()
    }

    /// Returns the transactions in the order in which they are booked.
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// Returns the securities that any transaction names, each once, ascending.
    pub fn securities(&self) -> impl Iterator<Item = SecurityId> + use<> {
        let mut securities: Vec<_> = self
            .transactions
            .iter()
            .filter_map(|transaction| transaction.security)
            .collect();
        securities.sort_unstable();
        securities.dedup();
        securities.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{PortfolioId, TransactionKind};
    use crate::phases::fixture::{self, buy, cash, sell};

    #[test]
    fn import_order_does_not_change_history() {
        let transactions = vec![
            sell(3, 1, "5", "11"),
            buy(3, 1, "5", "10"),
            cash(3, TransactionKind::Deposit, "100"),
            cash(1, TransactionKind::Deposit, "1"),
        ];
        let reversed = transactions.iter().rev().cloned().collect();
        let history = History::new(&fixture::portfolio(), transactions);
        assert_eq!(history, History::new(&fixture::portfolio(), reversed));
        let kinds: Vec<_> = history.transactions().iter().map(|t| t.kind).collect();
        use TransactionKind::{Buy, Deposit, Sell};
        assert_eq!(kinds, [Deposit, Deposit, Buy, Sell]);
    }

    #[test]
    fn references_are_ordered_by_their_numbers() {
        let bought = ["t10", "t2", "t1"].map(|reference| {
            let mut transaction = buy(1, 7, "1", "1");
            transaction.reference = reference.to_owned();
            transaction
        });
        let history = History::new(&fixture::portfolio(), bought.to_vec());
        let references = history.transactions().iter().map(|t| t.reference.as_str());
        assert_eq!(references.collect::<Vec<_>>(), ["t1", "t2", "t10"]);
    }

    #[test]
    fn times_order_the_transactions_of_a_day() {
        let at = |time: Option<&str>, mut of: Transaction| {
            of.time = time.map(|time| time.parse().unwrap());
            of
        };
        let transactions = vec![
            at(None, sell(1, 7, "1", "9")),
            at(Some("10:00"), buy(1, 7, "1", "3")),
            at(Some("9:30"), sell(1, 7, "1", "2")),
            at(None, buy(1, 7, "1", "1")),
            at(None, buy(0, 7, "1", "0.5")),
        ];
        let history = History::new(&fixture::portfolio(), transactions);
        let prices = history.transactions().iter();
        let prices = prices.map(|t| t.price.unwrap().to_string());
        assert_eq!(prices.collect::<Vec<_>>(), ["0.5", "1", "2", "3", "9"]);
    }

    #[test]
    fn opposite_transactions_of_a_day_cancel() {
        let count = |transactions: &[Transaction]| {
            History::new(&fixture::portfolio(), transactions.to_vec())
                .transactions()
                .len()
        };
        use TransactionKind::{Deposit, TransferIn, TransferOut, Withdrawal};
        let (bought, sold) = (buy(1, 7, "5", "10"), sell(1, 7, "5", "10"));
        assert_eq!(count(&[sold.clone(), bought.clone()]), 0);
        assert_eq!(count(&[cash(1, Deposit, "9"), cash(1, Withdrawal, "9")]), 0);
        let moved = |kind| fixture::transaction(1, kind, Some(7), "5");
        assert_eq!(count(&[moved(TransferIn), moved(TransferOut)]), 0);
        assert_eq!(count(&[bought.clone(), bought.clone(), sold.clone()]), 1);
        for other in [
            sell(2, 7, "5", "10"),
            sell(1, 8, "5", "10"),
            sell(1, 7, "4", "10"),
            sell(1, 7, "5", "11"),
        ] {
            assert_eq!(count(&[bought.clone(), other]), 2);
        }
        let (mut fee, mut rebate) = (bought.clone(), sold.clone());
        fee.fee = fixture::amount("1");
        assert_eq!(count(&[fee.clone(), sold.clone()]), 2);
        rebate.fee = fixture::amount("-1");
        assert_eq!(count(&[fee, rebate]), 0);
        let mut timed = sold;
        timed.time = Some("10:00".parse().unwrap());
        assert_eq!(count(&[bought, timed]), 2);
    }

    #[test]
    fn transactions_of_other_portfolios_are_ignored() {
        let mut other = buy(1, 7, "1", "1");
        other.portfolio = PortfolioId(99);
        let history = History::new(&fixture::portfolio(), vec![other, buy(1, 3, "1", "1")]);
        assert_eq!(history.securities().collect::<Vec<_>>(), [SecurityId(3)]);
    }
}
