//! Portfolios and securities for the tests of this layer.

use crate::domain::{
    AssetClass, Currency, Day, Lifecycle, Portfolio, PortfolioId, PortfolioKey, Quantity, Security,
    SecurityId,
};

/// A day.
pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// A share.
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

/// A portfolio whose id is made from its name.
pub(super) fn portfolio(id: u32, name: &str, inception: &str) -> Portfolio {
    Portfolio {
        id: PortfolioId(id),
        key: PortfolioKey::from_name(name),
        name: name.to_owned(),
        currency: Currency::USD,
        lifecycle: Lifecycle::new(day(inception)),
    }
}
