//! Generates histories of a database from a seed: files, corrections, withdrawals, calendars, risk
//! models, waiting rules, lifecycles, clocks and runs in any order. After each step every cell is
//! computed again, and at the end the books are compared with those of a new database that has the
//! final sources.
//!
//! | file | does |
//! |---|---|
//! | `world` | draws the securities, closes, portfolios and first transactions |
//! | `steps` | draws the steps |
//! | `files` | draws the files that steps import |
//! | `check` | plays histories and checks them |
//! | `difference` | the differences that it finds |
//! | `rebuild` | builds a database from the final sources and compares it |

mod check;
mod difference;
mod files;
mod rebuild;
mod steps;
mod world;

pub(super) use check::check_scenario;
pub use check::{HistoryOptions, HistoryReport, HistoryResult, check_history, histories};
pub use difference::RebuildDifference;
pub use steps::generate_history;
