//! The result of importing one file, and the kinds of files.

use std::fmt;
use std::str::FromStr;

use super::create::CreatedRecords;
use crate::domain::{PhaseCells, UnknownValue, count_cell_phases};
use crate::import::row_error::RowError;
use crate::import::verdict::{Counts, LineVerdict, Verdict};
use crate::import::warning::{FileWarning, Warning};

/// Kind of records in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// Portfolios and their lifecycles.
    Portfolios,
    /// Securities and their attributes.
    Securities,
    /// Corporate actions, which are splits.
    Actions,
    /// Closing prices, in any known shape.
    Prices,
    /// Transactions of the portfolios.
    Transactions,
}

impl FileKind {
    /// All kinds in dependency order: each needs records of earlier kinds only.
    pub const ALL: [Self; 5] = [
        Self::Portfolios,
        Self::Securities,
        Self::Actions,
        Self::Prices,
        Self::Transactions,
    ];

    /// Returns the name used on the command line, for inbox folders and in the database.
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
                kind: "file kind",
                known: "portfolios, securities, actions, prices, transactions",
            })
    }
}

/// Status of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportStatus {
    /// The changes are committed to the store.
    Applied,
    /// The changes were made and rolled back: nothing is written.
    DryRun,
    /// Invalid or questionable rows refused the file: nothing is written.
    Refused,
}

/// Result of importing one file.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportResult {
    /// The kind of records in the file.
    pub kind: FileKind,
    /// The name under which the file was given.
    pub file: String,
    /// The name of the profile that read the file, if one did.
    pub profile: Option<String>,
    /// The securities and portfolios that the import creates.
    pub created: CreatedRecords,
    /// The verdict on each row, in the file's order.
    pub verdicts: Vec<LineVerdict>,
    /// The number of rows for each verdict.
    pub counts: Counts,
    /// Warnings about the file, which is imported nevertheless.
    pub warnings: Vec<FileWarning>,
    /// Ids removed from the ledger by the import, or that a dry run would remove.
    pub invalidated_cells: PhaseCells,
    /// The status: committed, rolled back or refused.
    pub status: ImportStatus,
}

impl ImportResult {
    /// Returns the number of phases removed from the ledger, summed over cells. Statistics of
    /// securities are not counted.
    pub fn invalidated_count(&self) -> u64 {
        count_cell_phases(&self.invalidated_cells)
    }

    /// Returns the number of invalid rows of a file whose other rows are imported.
    pub const fn held_back(&self) -> usize {
        match self.status {
            ImportStatus::Refused => 0,
            ImportStatus::Applied | ImportStatus::DryRun => self.counts.invalid,
        }
    }

    /// Returns the line of the first row with a warning, and the warning.
    pub fn first_warning(&self) -> Option<(u64, &Warning)> {
        let mut lines = self.verdicts.iter();
        lines.find_map(|line| Some((line.line, line.warnings.first()?)))
    }

    /// Returns the line of the first invalid row, and its first error.
    pub fn first_error(&self) -> Option<(u64, &RowError)> {
        self.verdicts.iter().find_map(|line| match &line.verdict {
            Verdict::Invalid(errors) => Some((line.line, errors.first()?)),
            _ => None,
        })
    }
}
