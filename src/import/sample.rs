//! Makes portfolios and securities for the unit tests of this layer.

use crate::domain::{
    AssetClass, Currency, Day, Lifecycle, Portfolio, PortfolioId, PortfolioKey, Quantity, Security,
    SecurityId,
};

pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Makes an equity in US dollars.
pub(super) fn security(id: u32, symbol: &str) -> Security {
    Security {
        id: SecurityId(id),
        symbol: symbol.to_owned(),
        name: symbol.to_owned(),
        class: AssetClass::Equity,
        sector: String::new(),
        currency: Currency::USD,
        multiplier: Quantity::whole(1),
        inactive_from: None,
    }
}

/// Makes a portfolio in US dollars whose key comes from its name.
pub(super) fn portfolio(id: u32, name: &str, inception: &str) -> Portfolio {
    Portfolio {
        id: PortfolioId(id),
        key: PortfolioKey::from_name(name),
        name: name.to_owned(),
        currency: Currency::USD,
        lifecycle: Lifecycle::new(day(inception)),
    }
}
