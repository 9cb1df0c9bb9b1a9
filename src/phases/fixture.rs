//! Builds small markets and histories for the tests of this layer. Sessions are numbered days,
//! security 7 has the symbol `S7`, and amounts are written as text.

use std::fmt::Debug;
use std::ops::Range;
use std::str::FromStr;

use super::history::History;
use super::market::Market;
use super::sources::{Close, MarketSources};
use crate::domain::{
    ActionKind, CorporateAction, CostBasis, Currency, Day, Lifecycle, NewSecurity, Portfolio,
    PortfolioId, PortfolioKey, Price, Security, SecurityId, Split, Transaction, TransactionKind,
};

/// Returns the day with this number, counted from day 20,000.
pub(super) fn day(number: i32) -> Day {
    Day::from_number(20_000 + number).unwrap()
}

/// Parses an amount of any type.
pub(super) fn amount<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// Returns a share in dollars with a multiplier of one.
pub(super) fn security(id: u32) -> Security {
    Security {
        name: format!("Security {id}"),
        sector: "Technology".to_owned(),
        ..NewSecurity::equity(&format!("S{id}")).with_id(SecurityId(id))
    }
}

/// Returns a portfolio in dollars with its inception on day 0.
pub(super) fn portfolio() -> Portfolio {
    Portfolio {
        id: PortfolioId(1),
        key: PortfolioKey::from_name("one"),
        name: "One".to_owned(),
        currency: Currency::USD,
        cost_basis: CostBasis::default(),
        calendar: None,
        lifecycle: Lifecycle::new(day(0)),
    }
}

/// Returns the history of [`portfolio`] with these transactions.
pub(super) fn history(transactions: &[Transaction]) -> History {
    History::new(&portfolio(), transactions.to_vec())
}

/// Returns a transaction without an amount or a price.
pub(super) fn transaction(
    on: i32,
    kind: TransactionKind,
    security: Option<u32>,
    quantity: &str,
) -> Transaction {
    Transaction {
        security: security.map(SecurityId),
        quantity: amount(quantity),
        reference: format!("{on} {kind} {security:?} {quantity}"),
        ..Transaction::new(PortfolioId(1), day(on), kind)
    }
}

/// Returns a transaction that moves cash only.
pub(super) fn cash(on: i32, kind: TransactionKind, units: &str) -> Transaction {
    let mut movement = transaction(on, kind, None, "0");
    movement.amount = Some(amount(units));
    movement
}

/// Returns a purchase at a price per unit.
pub(super) fn buy(on: i32, security: u32, quantity: &str, price: &str) -> Transaction {
    let mut buy = transaction(on, TransactionKind::Buy, Some(security), quantity);
    buy.price = Some(amount(price));
    buy
}

/// Returns a sale at a price per unit.
pub(super) fn sell(on: i32, security: u32, quantity: &str, price: &str) -> Transaction {
    let mut sell = transaction(on, TransactionKind::Sell, Some(security), quantity);
    sell.price = Some(amount(price));
    sell
}

/// Returns a corporate action without terms.
pub(super) fn action(on: i32, security: u32, kind: ActionKind) -> CorporateAction {
    CorporateAction {
        security: SecurityId(security),
        day: day(on),
        kind,
        received: None,
        cash: None,
        cost_share: None,
    }
}

/// Collects sources and builds a market from them.
#[derive(Clone, Default)]
pub(super) struct MarketBuilder {
    pub(super) sources: MarketSources,
}

impl MarketBuilder {
    /// Starts with sessions on the first `count` days.
    pub(super) fn with_session_count(count: i32) -> Self {
        Self::with_session_days((0..count).collect())
    }

    /// Starts with sessions on these days.
    pub(super) fn with_session_days(days: Vec<i32>) -> Self {
        let mut builder = Self::default();
        builder.sources.sessions = days.into_iter().map(day).collect();
        builder
    }

    /// Adds a share for each id.
    pub(super) fn with_shares(mut self, ids: impl IntoIterator<Item = u32>) -> Self {
        self.sources
            .securities
            .extend(ids.into_iter().map(security));
        self
    }

    /// Adds a close, with the price as text.
    pub(super) fn add_close(&mut self, id: u32, on: i32, price: &str) {
        self.add_close_price(id, on, amount(price));
    }

    /// Adds a close at a price.
    pub(super) fn add_close_price(&mut self, id: u32, on: i32, price: Price) {
        self.sources.closes.push(Close {
            security: SecurityId(id),
            day: day(on),
            price,
        });
    }

    /// Adds closes on these days that start near 100. All securities rise and fall together, by
    /// returns in proportion to `swing`.
    pub(super) fn add_moving_closes(&mut self, id: u32, days: Range<i32>, swing: f64) {
        let mut price = 100.0;
        for on in days {
            let (fast, slow) = (f64::from(on) * 1.7, f64::from(on * on % 61));
            price *= 1.0 + swing * (fast.sin() + slow.cos()) / 2.0;
            self.add_close_price(id, on, Price::from_units((price * 1e8) as i64));
        }
    }

    /// Adds a split of `old` units into `new`.
    pub(super) fn add_split(&mut self, id: u32, on: i32, new: u32, old: u32) {
        self.sources.splits.push(Split {
            security: SecurityId(id),
            day: day(on),
            new,
            old,
        });
    }

    /// Builds the market; panics if the sources are inconsistent.
    pub(super) fn build(&self) -> Market {
        Market::new(self.sources.clone()).unwrap()
    }
}
