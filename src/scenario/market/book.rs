//! Tracks cash and holdings while the history of a portfolio is generated, so that it sells and
//! spends only what it has. The books of a portfolio are computed elsewhere, from the transactions.

use std::collections::BTreeMap;

use super::prices::Market;
use crate::domain::{
    Currency, Day, Money, PortfolioId, Price, Quantity, SecurityId, Split, Transaction,
    TransactionKind,
};

/// An order to buy or sell. The quantity is above zero, the price is that of one unit in the
/// security's currency, and the fee is in the portfolio's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) security: SecurityId,
    pub(super) quantity: Quantity,
    pub(super) price: Price,
    pub(super) fee: Money,
}

/// Cash, holdings, and the transactions that led to them.
pub(super) struct Book<'a> {
    market: &'a Market,
    portfolio: PortfolioId,
    name: &'a str,
    currency: Currency,
    cash: Money,
    holdings: BTreeMap<SecurityId, Quantity>,
    transactions: Vec<Transaction>,
}

impl<'a> Book<'a> {
    pub(super) fn new(
        market: &'a Market,
        portfolio: PortfolioId,
        name: &'a str,
        currency: Currency,
    ) -> Self {
        Self {
            market,
            portfolio,
            name,
            currency,
            cash: Money::ZERO,
            holdings: BTreeMap::new(),
            transactions: Vec::new(),
        }
    }

    pub(super) const fn cash(&self) -> Money {
        self.cash
    }

    /// Returns the current holdings, without zeros, ordered by id.
    pub(super) const fn holdings(&self) -> &BTreeMap<SecurityId, Quantity> {
        &self.holdings
    }

    /// Returns the recorded transactions, in the order of their days.
    pub(super) fn into_transactions(self) -> Vec<Transaction> {
        self.transactions
    }

    /// Records a deposit, withdrawal, fee or interest. The kind sets the direction of `amount`;
    /// only interest may be negative.
    pub(super) fn record_cash(&mut self, day: Day, kind: TransactionKind, amount: Money) {
        self.apply_cash(kind, amount);
        let mut entry = self.entry(day, kind);
        entry.amount = Some(amount);
        self.transactions.push(entry);
    }

    /// Records a payout of a security: a dividend on a long holding, negative interest on a short
    /// one.
    pub(super) fn record_payout(&mut self, day: Day, security: SecurityId, per_unit: Price) {
        let Some(quantity) = self.holdings.get(&security).copied() else {
            return;
        };
        let Some(amount) = self.worth(day, security, quantity, per_unit) else {
            return;
        };
        let kind = if amount.is_negative() {
            TransactionKind::Interest
        } else {
            TransactionKind::Dividend
        };
        self.apply_cash(kind, amount);
        let mut entry = self.entry(day, kind);
        entry.security = Some(security);
        entry.amount = Some(amount);
        self.transactions.push(entry);
    }

    /// Transfers a holding in, with the cost of one unit in the security's currency.
    pub(super) fn transfer_in(
        &mut self,
        day: Day,
        security: SecurityId,
        quantity: Quantity,
        cost: Price,
    ) {
        self.add_holding(security, quantity);
        let mut entry = self.entry(day, TransactionKind::TransferIn);
        entry.security = Some(security);
        entry.quantity = quantity;
        entry.price = Some(cost);
        self.transactions.push(entry);
    }

    /// Buys, unless cash would fall below `reserve`.
    pub(super) fn buy(&mut self, day: Day, order: Order, reserve: Money) {
        let left = self
            .worth(day, order.security, order.quantity, order.price)
            .and_then(|cost| self.cash.minus(cost)?.minus(order.fee));
        if let Some(left) = left.filter(|left| *left >= reserve) {
            self.cash = left;
            self.add_holding(order.security, order.quantity);
            self.record_trade(day, TransactionKind::Buy, order);
        }
    }

    /// Sells; a quantity beyond the holding becomes a short position.
    pub(super) fn sell(&mut self, day: Day, order: Order) {
        let cash = self
            .worth(day, order.security, order.quantity, order.price)
            .and_then(|proceeds| self.cash.plus(proceeds)?.minus(order.fee));
        if let (Some(cash), Some(less)) = (cash, order.quantity.negated()) {
            self.cash = cash;
            self.add_holding(order.security, less);
            self.record_trade(day, TransactionKind::Sell, order);
        }
    }

    /// Converts each `old` units of the holding into `new` ones. A split is not a transaction.
    pub(super) fn split(&mut self, split: &Split) {
        if let Some(quantity) = self.holdings.get_mut(&split.security)
            && let Some(after) = quantity.times_ratio(i64::from(split.new), i64::from(split.old))
        {
            *quantity = after;
        }
    }

    fn worth(
        &self,
        day: Day,
        security: SecurityId,
        quantity: Quantity,
        price: Price,
    ) -> Option<Money> {
        self.market
            .worth(security, quantity, price, self.currency, day)
    }

    fn apply_cash(&mut self, kind: TransactionKind, amount: Money) {
        let is_outflow = matches!(
            kind,
            TransactionKind::Withdrawal | TransactionKind::Fee | TransactionKind::Tax
        );
        let cash = if is_outflow {
            self.cash.minus(amount)
        } else {
            self.cash.plus(amount)
        };
        self.cash = cash.expect("generated amounts are far below the range of money");
    }

    fn add_holding(&mut self, security: SecurityId, more: Quantity) {
        let quantity = self.holdings.entry(security).or_default();
        *quantity = quantity
            .plus(more)
            .expect("generated quantities are far below the range of a quantity");
        if quantity.is_zero() {
            self.holdings.remove(&security);
        }
    }

    fn record_trade(&mut self, day: Day, kind: TransactionKind, order: Order) {
        let mut entry = self.entry(day, kind);
        entry.security = Some(order.security);
        entry.quantity = order.quantity;
        entry.price = Some(order.price);
        entry.fee = order.fee;
        self.transactions.push(entry);
    }

    /// Returns an entry without amounts. Its reference counts the entries of its day, so that a
    /// longer history keeps the references of a shorter one.
    fn entry(&self, day: Day, kind: TransactionKind) -> Transaction {
        let today = self
            .transactions
            .iter()
            .rev()
            .take_while(|entry| entry.day == day);
        Transaction {
            reference: format!("{}/{day}/{:02}", self.name, today.count() + 1),
            ..Transaction::new(self.portfolio, day, kind)
        }
    }
}
