//! Defines the prices and exchange rates, older than their session, at which amounts were moved.

use super::amount::Money;
use super::day::Day;
use super::ids::SecurityId;
use super::quality::PriceQuality;
use super::security::Currency;

/// A source whose age decides how far a value can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PriceInput {
    /// The price of a security.
    Price(SecurityId),
    /// The exchange rate from this currency to that of the portfolio.
    Rate(Currency),
}

/// A price or rate that was not of the session on which it valued an amount: of a trade, a payment,
/// a transfer or a corporate action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgedMove {
    /// The price or rate.
    pub input: PriceInput,
    /// The session on which the amount counts.
    pub day: Day,
    /// The age of the price or rate on that session.
    pub quality: PriceQuality,
    /// The size of all amounts of the session that it valued, in the portfolio's currency.
    pub value: Money,
}
