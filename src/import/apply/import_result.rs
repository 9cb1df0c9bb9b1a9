//! What became of a file.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::domain::{Day, IdSet, Phase, UnknownValue};
use crate::import::{Counts, LineVerdict, PriceWarning, RowError, Verdict};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// Portfolios.
    Portfolios,
    /// Securities.
    Securities,
    /// Corporate actions.
    Actions,
    /// Closing prices.
    Prices,
    /// Transactions.
    Transactions,
}

impl FileKind {
    /// All of them, in the order in which they build on each other.
    pub const ALL: [Self; 5] = [
        Self::Portfolios,
        Self::Securities,
        Self::Actions,
        Self::Prices,
        Self::Transactions,
    ];

    /// The word that people write and that is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portfolios => "portfolios",
            Self::Securities => "securities",
            Self::Actions => "actions",
            Self::Prices => "prices",
            Self::Transactions => "transactions",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for FileKind {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        let mut kinds = Self::ALL.into_iter();
        kinds
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownValue {
                value: text.to_owned(),
                kind: "kind of file",
                known: "portfolios, securities, actions, prices, transactions",
            })
    }
}

/// How taking in a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportStatus {
    /// What it changes is in the store.
    Applied,
    /// It was tried and taken back: nothing is written.
    DryRun,
    /// A row is invalid: nothing is written.
    Refused,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportResult {
    /// What it holds.
    pub kind: FileKind,
    /// Its name.
    pub file: String,
    /// What is said of each row, in the file's order.
    pub verdicts: Vec<LineVerdict>,
    /// How many rows got which verdict.
    pub counts: Counts,
    /// What to know about its prices, though they can be taken.
    pub warning: Option<PriceWarning>,
    /// What left the ledger because of it, or would have in a dry run.
    pub invalidated_cells: BTreeMap<(Day, Phase), IdSet>,
    /// How it ended.
    pub status: ImportStatus,
}

impl ImportResult {
    /// How many phases of cells left the ledger, or would have.
    pub fn invalidated_count(&self) -> u64 {
        let cells = self.invalidated_cells.iter();
        cells
            .filter(|((_, phase), _)| Phase::CELL_PHASES.contains(phase))
            .map(|(_, subjects)| subjects.len())
            .sum()
    }

    /// The first line that can't be taken, and what is wrong with it.
    pub fn first_error(&self) -> Option<(u64, &RowError)> {
        self.verdicts.iter().find_map(|said| match &said.verdict {
            Verdict::Invalid(flaws) => Some((said.line, flaws.first()?)),
            _ => None,
        })
    }
}
