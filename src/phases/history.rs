//! Holds one portfolio's transactions in the order in which they are booked.

use crate::domain::{Currency, Portfolio, SecurityId, Transaction};

/// The transactions of one portfolio by day, then kind, then reference. The order does not depend
/// on the order of import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    currency: Currency,
    transactions: Vec<Transaction>,
}

impl History {
    /// Sorts the transactions of `portfolio`; those of other portfolios are ignored.
    pub fn new(portfolio: &Portfolio, mut transactions: Vec<Transaction>) -> Self {
        transactions.retain(|transaction| transaction.portfolio == portfolio.id);
        transactions.sort_by(Transaction::booking_order);
        Self {
            currency: portfolio.currency,
            transactions,
        }
    }

    /// Returns the currency of the portfolio's books.
    pub fn currency(&self) -> Currency {
        self.currency
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
            sell(3, 1, "5", "10"),
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
    fn transactions_of_other_portfolios_are_ignored() {
        let mut other = buy(1, 7, "1", "1");
        other.portfolio = PortfolioId(99);
        let history = History::new(&fixture::portfolio(), vec![other, buy(1, 3, "1", "1")]);
        assert_eq!(history.securities().collect::<Vec<_>>(), [SecurityId(3)]);
    }
}
