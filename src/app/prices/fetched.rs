//! The result of a request for missing closes.

use std::fmt;

use super::failure::FailedAnswer;
use crate::import::inbox::InboxFile;
use crate::report::{self, count_with_noun};

/// A request for missing closes, and what became of it.
#[derive(Debug)]
pub struct FetchedPrices {
    /// Number of symbols in the request.
    pub symbols: usize,
    /// Number of closes in the request.
    pub requested: usize,
    /// Number of these that are known now.
    pub received: usize,
    /// Number of symbols that were left out, because they had no answer lately.
    pub refused_symbols: usize,
    /// What the command answered, or its failure.
    pub outcome: FetchOutcome,
}

/// The outcome of a request.
#[derive(Debug)]
pub enum FetchOutcome {
    /// No close is missing, or only those that are left out.
    NothingRequested,
    /// The command ended well and had no close.
    NoCloses,
    /// The answer was imported, or refused, as this file of the inbox.
    Answered(Box<InboxFile>),
    /// The command failed in each attempt.
    Failed(FailedAnswer),
}

impl FetchedPrices {
    /// Returns whether the command failed, or its answer or rows of it were refused.
    pub fn has_failed(&self) -> bool {
        match &self.outcome {
            FetchOutcome::NothingRequested | FetchOutcome::NoCloses => false,
            FetchOutcome::Answered(file) => file.first_error().is_some(),
            FetchOutcome::Failed(_) => true,
        }
    }

    /// Returns whether an operator should look at it.
    pub fn is_questionable(&self) -> bool {
        match &self.outcome {
            FetchOutcome::Answered(file) => file.is_questionable(),
            _ => self.has_failed(),
        }
    }

    /// Returns the name of the outcome in JSON.
    pub const fn name(&self) -> &'static str {
        match &self.outcome {
            FetchOutcome::NothingRequested => "nothing-requested",
            FetchOutcome::NoCloses => "no-closes",
            FetchOutcome::Answered(_) => "answered",
            FetchOutcome::Failed(_) => "failed",
        }
    }
}

impl fmt::Display for FetchedPrices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requested = count_with_noun(self.requested as u64, "close");
        let symbols = count_with_noun(self.symbols as u64, "symbol");
        match &self.outcome {
            FetchOutcome::NothingRequested => f.write_str("prices: nothing to request")?,
            FetchOutcome::NoCloses => {
                write!(f, "prices: none of {requested} of {symbols} received")?;
            }
            FetchOutcome::Answered(file) => {
                let received = self.received;
                let line = report::inbox_line(file);
                write!(
                    f,
                    "prices: {received} of {requested} of {symbols} received; {line}"
                )?;
            }
            FetchOutcome::Failed(failed) => {
                write!(
                    f,
                    "prices: failed to fetch {requested} of {symbols}: {failed}"
                )?;
            }
        }
        match self.refused_symbols as u64 {
            0 => Ok(()),
            refused => write!(
                f,
                "; {} left out, without an answer lately",
                count_with_noun(refused, "symbol")
            ),
        }
    }
}
