//! Generates a market, and portfolios that trade in it, from a seed.
//!
//! | file | contents |
//! |---|---|
//! | `random` | random values by name and day |
//! | `names` | symbols and names of shares, and sectors |
//! | `listing` | the listed securities and their loadings |
//! | `fixed_instruments` | the listed securities other than shares |
//! | `common_returns` | the returns of a day that securities share |
//! | `closes` | the random walk of a price |
//! | `prices` | the market: closes, splits, payouts, exchange rates |
//! | `style` | the holdings of a style of portfolio |
//! | `book` | cash and holdings while a history is generated |
//! | `history` | the transactions of a portfolio |
//! | `model` | benchmark, factors and shocks |
//!
//! Every random value depends on seed, name and day alone. So another portfolio, another security,
//! an earlier start or a later end changes nothing that was there before.

mod book;
mod closes;
mod common_returns;
mod fixed_instruments;
mod history;
mod listing;
mod model;
mod names;
mod prices;
mod random;
mod style;
#[cfg(test)]
mod tests;

pub use closes::simulated_days;
pub use history::{Account, history};
pub use listing::{Addition, CloseSource, DEFAULT_SHARES, Listing};
pub use model::risk_model;
pub use names::SECTORS;
pub use prices::Market;
pub use style::Style;
