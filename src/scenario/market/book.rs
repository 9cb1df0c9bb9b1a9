//! What a portfolio holds while its history is written: enough to sell only what is there and
//! to spend only what it has. The books that count are made elsewhere, from the transactions.

use std::collections::BTreeMap;

use super::prices::Market;
use crate::domain::{
    Currency, Day, Money, PortfolioId, Price, Quantity, SecurityId, Split, Transaction,
    TransactionKind,
};

/// An order to buy or sell: what, how much of it (above zero), at what price of one unit in the
/// security's currency, and for what fee in the portfolio's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) security: SecurityId,
    pub(super) quantity: Quantity,
    pub(super) price: Price,
    pub(super) fee: Money,
}

/// Cash, holdings, and the transactions that led there.
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
    /// An empty one.
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

    /// Cash now.
    pub(super) const fn cash(&self) -> Money {
        self.cash
    }

    /// Holdings now, none of them zero, in the order of their ids.
    pub(super) const fn holdings(&self) -> &BTreeMap<SecurityId, Quantity> {
        &self.holdings
    }

    /// All that was written.
    pub(super) fn into_transactions(self) -> Vec<Transaction> {
        self.transactions
    }

    /// Moves cash in or out: a deposit, withdrawal, fee or interest.
    pub(super) fn record_cash(&mut self, day: Day, kind: TransactionKind, amount: Money) {
        self.apply_cash(kind, amount);
        let mut entry = self.entry(day, kind);
        entry.amount = Some(amount);
        self.transactions.push(entry);
    }

    /// Books what is paid on a security: a dividend on what is held; on what is short it is
    /// owed, which is negative interest.
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

    /// Puts a holding in, with the cost of one unit in the security's currency.
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

    /// Buys, unless less than `reserve` would be left of the cash.
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

    /// Sells; what is sold beyond what is held is short.
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

    /// Makes of each `old` units held `new` ones.
    pub(super) fn split(&mut self, split: &Split) {
        if let Some(held) = self.holdings.get_mut(&split.security)
            && let Some(now) = held.times_ratio(i64::from(split.new), i64::from(split.old))
        {
            *held = now;
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
        let out = matches!(
            kind,
            TransactionKind::Withdrawal | TransactionKind::Fee | TransactionKind::Tax
        );
        let cash = if out {
            self.cash.minus(amount)
        } else {
            self.cash.plus(amount)
        };
        self.cash = cash.expect("made-up amounts are far below what money can hold");
    }

    fn add_holding(&mut self, security: SecurityId, more: Quantity) {
        let held = self.holdings.entry(security).or_default();
        *held = held
            .plus(more)
            .expect("made-up quantities are far below what a quantity can hold");
        if held.is_zero() {
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

    /// An entry that moves nothing yet. Its reference counts the entries of its day, so that a
    /// longer history keeps the references of a shorter one.
    fn entry(&self, day: Day, kind: TransactionKind) -> Transaction {
        let today = self
            .transactions
            .iter()
            .rev()
            .take_while(|entry| entry.day == day);
        Transaction {
            portfolio: self.portfolio,
            day,
            kind,
            security: None,
            quantity: Quantity::ZERO,
            price: None,
            amount: None,
            fee: Money::ZERO,
            reference: format!("{}/{day}/{:02}", self.name, today.count() + 1),
        }
    }
}
