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
#[cfg(test)]
mod claims;
mod closes;
mod draws;
mod history;
mod listing;
mod model;
mod moves;
mod names;
mod prices;
mod standing;
mod style;

pub use closes::walk;
pub use history::{Account, history};
pub use listing::{Addition, Closes, Listing, SHARES};
pub use model::risk_model;
pub use names::SECTORS;
pub use prices::Market;
pub use style::Style;
