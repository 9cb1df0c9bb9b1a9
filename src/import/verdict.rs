//! Verdicts on rows, and the result of validating a file.

use crate::domain::{Change, Day};
use std::collections::BTreeMap;
use std::fmt;

use super::options::{KnownRowError, KnownRows};
use super::row_error::RowError;

use super::row_error_kind::RowErrorKind;
use super::row_reader::Rows;
use super::warning::Warning;

/// Result of validating one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The record is new.
    Added,
    /// The record exists with the same values, or an earlier row of the file has them.
    Same,
    /// The record exists and these of its values change; never empty.
    Corrected(Vec<Change>),
    /// The record was voided and stays so.
    Voided,
    /// The row has no record, for the reason that a profile gives.
    Skipped(String),
    /// The row cannot be imported, for all of these reasons; never empty.
    Invalid(Vec<RowError>),
}

/// A row of a file that a profile reads without making a record of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SkippedRow {
    /// The line on which the row starts, from 1.
    pub(crate) line: u64,
    /// The reason that the profile gives.
    pub(crate) reason: String,
    /// True if the row needs a step by hand.
    pub(crate) is_warning: bool,
}

/// The verdict on one row. A line of a wide price file has one for each price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineVerdict {
    /// The line on which the row starts, from 1.
    pub line: u64,
    /// The result for the row.
    pub verdict: Verdict,
    /// The reasons to look at the row again; none if the row is invalid.
    pub warnings: Vec<Warning>,
}

impl LineVerdict {
    /// Returns true if the row adds or changes a record.
    pub(super) fn is_change(&self) -> bool {
        matches!(self.verdict, Verdict::Added | Verdict::Corrected(_))
    }
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
    /// Rows that repeat a voided record, which stays voided.
    pub voided: usize,
    /// Rows without a record, which are not rows of the kind of the file.
    pub skipped: usize,
    /// Rows that cannot be imported.
    pub invalid: usize,
    /// Rows to look at again. They are counted above too.
    pub warnings: usize,
}

impl Counts {
    /// Returns the number of all rows except the skipped ones.
    pub fn rows(&self) -> usize {
        self.added + self.same + self.corrected + self.voided + self.invalid
    }

    fn from_verdicts(verdicts: &[LineVerdict]) -> Self {
        let mut counts = Self::default();
        for LineVerdict {
            verdict, warnings, ..
        } in verdicts
        {
            counts.warnings += usize::from(!warnings.is_empty());
            let count = match verdict {
                Verdict::Added => &mut counts.added,
                Verdict::Same => &mut counts.same,
                Verdict::Corrected(_) => &mut counts.corrected,
                Verdict::Voided => &mut counts.voided,
                Verdict::Skipped(_) => &mut counts.skipped,
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
        )?;
        if self.voided > 0 {
            write!(f, ", {} voided", self.voided)?;
        }
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        match self.warnings {
            0 => Ok(()),
            1 => f.write_str(", 1 warning"),
            warnings => write!(f, ", {warnings} warnings"),
        }
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
    /// The changes that the valid rows make; `None` if all rows are invalid, or if one is and the
    /// kind of file is imported completely or not at all.
    pub changes: Option<C>,
}

impl<C> Validated<C> {
    /// Drops `changes` if all of the verdicts are invalid.
    pub(super) fn new(file: &str, verdicts: Vec<LineVerdict>, changes: C) -> Self {
        let counts = Counts::from_verdicts(&verdicts);
        Self {
            file: file.to_owned(),
            verdicts,
            counts,
            changes: (counts.invalid < counts.rows()).then_some(changes),
        }
    }

    /// Drops the changes if any row is invalid.
    #[must_use]
    pub(super) fn all_or_nothing(self) -> Self {
        let is_valid = self.counts.invalid == 0;
        Self {
            changes: self.changes.filter(|_| is_valid),
            ..self
        }
    }

    /// Makes rows invalid, each by its index.
    #[must_use]
    pub(super) fn with_errors(
        mut self,
        errors: impl IntoIterator<Item = (usize, RowError)>,
    ) -> Self {
        for (row, error) in errors {
            self.verdicts[row].verdict = Verdict::Invalid(vec![error]);
        }
        self.counts = Counts::from_verdicts(&self.verdicts);
        self
    }

    /// Makes rows invalid whose changes were taken out again, each by its line.
    #[must_use]
    pub(super) fn with_refused_lines(mut self, mut errors: BTreeMap<u64, RowError>) -> Self {
        for row in &mut self.verdicts {
            if let Some(error) = errors.remove(&row.line) {
                row.verdict = Verdict::Invalid(vec![error]);
            }
        }
        self.counts = Counts::from_verdicts(&self.verdicts);
        let is_refused = self.counts.invalid == self.counts.rows();
        Self {
            changes: self.changes.filter(|_| !is_refused),
            ..self
        }
    }

    /// Makes rows invalid that are on a known record, or on none, against the rule.
    #[must_use]
    pub(super) fn with_known_rows(self, rule: KnownRows) -> Self {
        let error = |verdict: &Verdict| match (rule, verdict) {
            (KnownRows::Accepted, _) | (_, Verdict::Invalid(_) | Verdict::Skipped(_)) => None,
            (KnownRows::Refused, Verdict::Added) => None,
            (KnownRows::Refused, _) => Some(KnownRowError::Exists),
            (KnownRows::Required, Verdict::Added) => Some(KnownRowError::Missing),
            (KnownRows::Required, _) => None,
        };
        let errors = self.verdicts.iter().enumerate();
        let errors = errors.filter_map(|(row, line)| Some((row, error(&line.verdict)?)));
        let errors: Vec<_> = errors
            .map(|(row, error)| (row, RowError::in_row(error.into())))
            .collect();
        match errors.is_empty() {
            true => self,
            false => self.with_errors(errors).all_or_nothing(),
        }
    }

    /// Adds the warnings that `of_row` returns for the index of each row that changes something, or
    /// is held back because it was voided.
    #[must_use]
    pub(super) fn with_warnings(mut self, of_row: impl Fn(usize) -> Vec<Warning>) -> Self {
        for (index, line) in self.verdicts.iter_mut().enumerate() {
            if line.is_change() || line.verdict == Verdict::Voided {
                line.warnings = of_row(index);
            }
        }
        self.counts = Counts::from_verdicts(&self.verdicts);
        self
    }

    /// Returns true if the file is not imported.
    pub fn is_refused(&self) -> bool {
        self.changes.is_none()
    }
}

impl<C> Validated<C> {
    /// Adds a warning to each row that changes something and of which a day, as `days` returns them,
    /// is after `today`. `rows` are those that were validated, in the same order.
    #[must_use]
    pub(super) fn with_future_days<R>(
        mut self,
        rows: &Rows<R>,
        today: Day,
        days: impl Fn(&R) -> Vec<Day>,
    ) -> Self {
        for (line, verdict) in rows.lines.iter().zip(&mut self.verdicts) {
            if let Ok(row) = &line.row
                && verdict.is_change()
            {
                let days = days(row).into_iter();
                let future = days.filter_map(|day| Warning::future(day, today));
                verdict.warnings.extend(future);
            }
        }
        self.counts = Counts::from_verdicts(&self.verdicts);
        self
    }

    /// Adds the warnings that `of_row` returns for the index of each valid row, also of one that
    /// changes nothing.
    #[must_use]
    pub(super) fn with_warnings_on_all(mut self, of_row: impl Fn(usize) -> Vec<Warning>) -> Self {
        for (index, line) in self.verdicts.iter_mut().enumerate() {
            if !matches!(line.verdict, Verdict::Invalid(_)) {
                line.warnings = of_row(index);
            }
        }
        self.counts = Counts::from_verdicts(&self.verdicts);
        self
    }
}

impl<C: Default> Validated<C> {
    /// Adds the rows that are skipped. A file of which all rows are skipped changes nothing.
    #[must_use]
    pub(super) fn with_skipped(mut self, skipped: &[SkippedRow]) -> Self {
        if self.verdicts.is_empty() && !skipped.is_empty() {
            self.changes = Some(C::default());
        }
        self.verdicts.extend(skipped.iter().map(|row| LineVerdict {
            line: row.line,
            verdict: Verdict::Skipped(row.reason.clone()),
            warnings: match row.is_warning {
                true => vec![Warning::LeftOut(row.reason.clone())],
                false => Vec::new(),
            },
        }));
        // Stable: the transactions of one row stay in their order.
        self.verdicts.sort_by_key(|verdict| verdict.line);
        self.counts = Counts::from_verdicts(&self.verdicts);
        self
    }

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
                warnings: Vec::new(),
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

    /// Returns the first line with a key.
    pub(super) fn line(&self, key: &K) -> Option<u64> {
        self.rows.get(key).map(|(line, _)| *line)
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
