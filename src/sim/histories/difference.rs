//! Differences between the books of a history and those of a database built from its final sources.

use thiserror::Error;

use crate::domain::{Day, Phase};

/// The first difference between the books of a history and those of the rebuilt database.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RebuildDifference {
    /// The final state can't be captured or loaded; with the error.
    #[error("the final sources build no database: {0}")]
    NotBuilt(String),
    /// A phase is done in one of the two only.
    #[error("{phase} of {portfolio} on {day} is done in one of history and rebuilt database only")]
    Done {
        /// The key of the portfolio.
        portfolio: String,
        /// The session of the cell.
        day: Day,
        /// The phase that is done in one only.
        phase: Phase,
    },
    /// Cells are done whose session is unpriced by the final sources, so that a new database would let
    /// them wait.
    #[error("done, though {0}")]
    Unpriced(String),
    /// The value of a cell differs.
    #[error("{part} of {portfolio} on {day}: {stored}, but built from the final sources {rebuilt}")]
    Value {
        /// The output that differs.
        part: &'static str,
        /// The key of the portfolio.
        portfolio: String,
        /// The session of the cell.
        day: Day,
        /// The value in the database of the history.
        stored: String,
        /// The value in the rebuilt database.
        rebuilt: String,
    },
    /// The next plan decides otherwise about a cell.
    #[error("{portfolio} on {day}: {stored}, but built from the final sources {rebuilt}")]
    Plan {
        /// The key of the portfolio.
        portfolio: String,
        /// The session of the cell.
        day: Day,
        /// The decision on the database of the history.
        stored: String,
        /// The decision on the rebuilt database.
        rebuilt: String,
    },
}
