//! The calculations, pure: sources in columns go in, the values of [`crate::domain::output`]
//! come out.
//!
//! A [`Market`] holds prices and returns over a stretch of sessions, a [`History`] one
//! portfolio's transactions. [`Books`] roll forward over both and value the portfolio on a
//! session (phases 3 and 4). [`exposures()`] spreads that value (phase 5), [`statistics`]
//! measures each security once per session (phase 2), and [`risk()`] weighs those measures by the
//! day's holdings (phase 6).
//!
//! Nothing here opens a connection, reads a clock, logs, or looks at a day after the one it was
//! asked for. Money is exact; floating-point numbers are for ratios and risk alone and are summed
//! in a fixed order, so the same sources give the same bits on every thread. The formulas stand
//! in `docs/numbers.md`.

mod account;
mod books;
mod classification;
mod columns;
mod contributions;
mod error;
mod exposures;
mod factors;
mod history;
mod instrument;
mod lots;
mod market;
mod moments;
mod risk;
mod securities;
pub mod series;
mod sources;
mod stress;
mod valuation;
mod weighted_sum;
mod weights;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod properties;

pub use books::Books;
pub use columns::AsOfPrice;
pub use error::{BookingError, PhaseError};
pub use exposures::exposures;
pub use history::History;
pub use market::Market;
pub use risk::risk;
pub use securities::{LONGEST_WINDOW, SessionStatistics, StatisticsChunk, measure, statistics};
pub use sources::{Close, MarketError, MarketSources};
pub use valuation::Valuation;
