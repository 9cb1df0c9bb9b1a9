//! Makes portfolios and securities for the unit tests of this layer.

use crate::domain::{
    Day, Lifecycle, NewPortfolio, NewSecurity, Portfolio, PortfolioId, Security, SecurityId,
};

pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Makes an equity in US dollars.
pub(super) fn security(id: u32, symbol: &str) -> Security {
    NewSecurity::equity(symbol).with_id(SecurityId(id))
}

/// Makes a portfolio in US dollars whose key comes from its name.
pub(super) fn portfolio(id: u32, name: &str, inception: &str) -> Portfolio {
    NewPortfolio::in_dollars(name, Lifecycle::new(day(inception))).with_id(PortfolioId(id))
}
