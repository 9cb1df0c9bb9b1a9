//! Verdicts on rows, and the result of validating a file: all rows are imported, or none.

use crate::domain::Change;
use std::collections::BTreeMap;
use std::fmt;

use super::row_error::{RowError, RowErrorKind};
use super::row_reader::Rows;

/// Result of validating one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The record is new.
    Added,
    /// The record exists with the same values, or an earlier row of the file has them.
    Same,
    /// The record exists and these of its values change; never empty.
    Corrected(Vec<Change>),
    /// The row cannot be imported, for all of these reasons; never empty.
    Invalid(Vec<RowError>),
}

/// The verdict on one row. A line of a wide price file has one for each price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineVerdict {
    /// The line on which the row starts, from 1.
    pub line: u64,
    /// The result for the row.
    pub verdict: Verdict,
}

/// Number of rows for each verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows that add a record.
    pub added: usize,
    /// Rows that repeat an existing record or an earlier row.
    pub same: usize,
    /// Rows that change an existing record.
    pub corrected: usize,
    /// Rows that cannot be imported.
    pub invalid: usize,
}

impl Counts {
    fn from_verdicts(verdicts: &[LineVerdict]) -> Self {
        let mut counts = Self::default();
        for LineVerdict { verdict, .. } in verdicts {
            let count = match verdict {
                Verdict::Added => &mut counts.added,
                Verdict::Same => &mut counts.same,
                Verdict::Corrected(_) => &mut counts.corrected,
                Verdict::Invalid(_) => &mut counts.invalid,
            };
            *count += 1;
        }
        counts
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} added, {} same, {} corrected, {} invalid",
            self.added, self.same, self.corrected, self.invalid
        )
    }
}

/// Result of validating a file: a verdict for each row, and the changes to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validated<C> {
    /// The name under which the file was given.
    pub file: String,
    /// The verdicts in the file's order.
    pub verdicts: Vec<LineVerdict>,
    /// The number of rows for each verdict.
    pub counts: Counts,
    /// The changes to make; `None` if any row is invalid.
    pub changes: Option<C>,
}

impl<C> Validated<C> {
    /// Drops `changes` if any of the verdicts is invalid.
    pub(super) fn new(file: &str, verdicts: Vec<LineVerdict>, changes: C) -> Self {
        let counts = Counts::from_verdicts(&verdicts);
        Self {
            file: file.to_owned(),
            verdicts,
            counts,
            changes: (counts.invalid == 0).then_some(changes),
        }
    }

    /// Returns true if any row is invalid, so that the file is not imported.
    pub fn is_refused(&self) -> bool {
        self.changes.is_none()
    }
}

impl<C: Default> Validated<C> {
    /// Validates row by row. `validate` gets the line, the row and the changes so far, and adds the
    /// change that the row makes.
    pub(super) fn from_rows<R>(
        rows: &Rows<R>,
        mut validate: impl FnMut(u64, &R, &mut C) -> Result<Verdict, Vec<RowError>>,
    ) -> Self {
        let mut changes = C::default();
        let mut verdicts = Vec::with_capacity(rows.lines.len());
        for line in &rows.lines {
            let verdict = match &line.row {
                Ok(row) => validate(line.number, row, &mut changes),
                Err(errors) => Err(errors.clone()),
            };
            verdicts.push(LineVerdict {
                line: line.number,
                verdict: verdict.unwrap_or_else(Verdict::Invalid),
            });
        }
        Self::new(&rows.file, verdicts, changes)
    }
}

/// The rows of a file seen so far, by key, to detect repeated rows.
pub(super) struct SeenRows<K, T> {
    rows: BTreeMap<K, (u64, T)>,
}

impl<K: Ord, T: Clone> SeenRows<K, T> {
    pub(super) fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
        }
    }

    /// Records a row. If an earlier row has the same key, returns its line and value and keeps it.
    pub(super) fn insert(&mut self, key: K, line: u64, row: &T) -> Option<(u64, T)> {
        if let Some(earlier) = self.rows.get(&key) {
            return Some(earlier.clone());
        }
        self.rows.insert(key, (line, row.clone()));
        None
    }
}

/// Returns the verdict on a row with the key of an earlier row on `line`.
pub(super) fn validate_repeat(line: u64, differs: Vec<Change>) -> Result<Verdict, Vec<RowError>> {
    if differs.is_empty() {
        return Ok(Verdict::Same);
    }
    let reason = RowErrorKind::ConflictingRow { line, differs };
    Err(vec![RowError::in_row(reason)])
}
