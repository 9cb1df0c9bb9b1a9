//! A made-up market, and portfolios that trade in it: everything follows from a seed.
//!
//! | file | says |
//! |---|---|
//! | `draws` | what chance gives to a name on a day |
//! | `names` | what the listed securities are called |
//! | `listing` | what is listed, and how each security moves with the rest |
//! | `standing` | what is listed besides shares |
//! | `moves` | what moves many securities at once on a day |
//! | `closes` | the walk of a price |
//! | `prices` | the market itself: closes, splits, payouts, rates of exchange |
//! | `style` | what a portfolio of a style holds |
//! | `book` | what a portfolio holds while its history is written |
//! | `history` | the transactions of a portfolio, from its inception on |
//! | `model` | benchmark, factors and shocks |
//!
//! Every draw is a function of seed, name and day alone. So another portfolio, another security,
//! an earlier start or a later end change nothing of what was there before.

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
