//! Computes the values of [`crate::domain::output`] from sources. All calculations are pure.
//!
//! A [`Market`] holds prices and returns over an interval of sessions, a [`History`] one
//! portfolio's transactions. [`Books`] roll forward over both and value the portfolio on a
//! session (phases 3 and 4). [`exposures()`] splits that value by sector and class (phase 5),
//! [`statistics`] measures each security once per session (phase 2), and [`risk()`] weights those
//! measures by the day's holdings (phase 6).
//!
//! Nothing here opens a connection, reads a clock, logs, or reads a day after the requested one.
//! Money is an integer, rounded half to even. Floating-point numbers are for ratios and risk alone
//! and are summed in a fixed order, so the same sources give the same bits on every thread. The
//! formulas are in `docs/numbers.md`.

mod account;
mod aged_moves;
mod books;
mod carried;
mod classification;
mod columns;
mod currency_returns;
mod dated_column;
mod error;
mod exposures;
mod factors;
mod foreign_balance;
mod history;
mod instrument;
mod market;
mod model_returns;
mod moments;
mod movement;
mod rates;
mod realized;
mod risk;
mod securities;
pub mod series;
mod session_splits;
mod session_statistics;
mod sources;
mod stress;
mod symbols;
mod valuation;
mod weighted_sum;
mod weights;
mod windows;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod properties;

pub use books::Books;
pub use carried::carried_lots;
pub use columns::AsOfPrice;
pub use currency_returns::{CurrencyChunk, CurrencyReturns};
pub use error::{BookingCause, BookingError, PhaseError};
pub use exposures::exposures;
pub use history::History;
pub use market::{Market, find_model_securities};
pub use rates::{AsOfRate, Conversion, CurrencyPairs, is_currency_pair};
pub use realized::RealizedLot;
pub use risk::risk;
pub use securities::{measure, statistics};
pub use session_statistics::{SessionStatistics, StatisticsChunk};
pub use sources::{Close, MarketError, MarketSources};
pub use valuation::Valuation;
pub use windows::{LONGEST_WINDOW, MAX_SESSIONS_WITHOUT_CLOSE};
