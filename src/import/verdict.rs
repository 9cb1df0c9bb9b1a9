//! What is said of each row, and of the file: all of it or nothing of it.

use std::collections::BTreeMap;
use std::fmt;

use super::{RowError, RowErrorKind, Rows};

/// What is said of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is new.
    Added,
    /// It is known already, and says the same.
    Same,
    /// It is known, and says something else from now on.
    Corrected(Vec<Change>),
    /// It can't be taken, for all of these reasons; never empty.
    Invalid(Vec<RowError>),
}

/// A value that differs: what it was, and what the row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The column.
    pub column: &'static str,
    /// The known value as it is shown; empty where there was none.
    pub was: String,
    /// The row's value as it is shown; empty where it has none.
    pub now: String,
}

impl Change {
    /// The change of a column, if there is one.
    pub(super) fn between<T: PartialEq + fmt::Display>(
        column: &'static str,
        was: &T,
        now: &T,
    ) -> Option<Self> {
        (was != now).then(|| Self {
            column,
            was: was.to_string(),
            now: now.to_string(),
        })
    }

    /// The change of a column that may be empty, if there is one.
    pub(super) fn between_optional<T: PartialEq + fmt::Display>(
        column: &'static str,
        was: &Option<T>,
        now: &Option<T>,
    ) -> Option<Self> {
        let text = |value: &Option<T>| value.as_ref().map_or(String::new(), T::to_string);
        (was != now).then(|| Self {
            column,
            was: text(was),
            now: text(now),
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}` → `{}`", self.column, self.was, self.now)
    }
}

/// A known thing that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction<T> {
    /// As it is known.
    pub was: T,
    /// As it is from now on.
    pub now: T,
}

/// A verdict and the line it is about. A line of a matrix of prices has one for each price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineVerdict {
    /// The line on which the row starts, from 1.
    pub line: u64,
    /// What is said of it.
    pub verdict: Verdict,
}

/// How many rows got which verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// New rows.
    pub added: usize,
    /// Rows that say what is known.
    pub same: usize,
    /// Rows that change what is known.
    pub corrected: usize,
    /// Rows that can't be taken.
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

/// What is said of a file, and what it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validated<C> {
    /// The file as it was named.
    pub file: String,
    /// The verdicts in the file's order.
    pub verdicts: Vec<LineVerdict>,
    /// How many there are of each.
    pub counts: Counts,
    /// What to change; `None` when a row is invalid, and so nothing of the file is taken.
    pub changes: Option<C>,
}

impl<C> Validated<C> {
    /// The verdicts of a file with the changes that follow if none of them is invalid.
    pub(super) fn new(file: &str, verdicts: Vec<LineVerdict>, changes: C) -> Self {
        let counts = Counts::from_verdicts(&verdicts);
        Self {
            file: file.to_owned(),
            verdicts,
            counts,
            changes: (counts.invalid == 0).then_some(changes),
        }
    }

    /// Whether some row is invalid, and so nothing of the file is taken.
    pub fn is_refused(&self) -> bool {
        self.changes.is_none()
    }
}

impl<C: Default> Validated<C> {
    /// Judges row by row; `judge` notes in the changes what an accepted row changes.
    pub(super) fn from_rows<R>(
        rows: &Rows<R>,
        mut judge: impl FnMut(u64, &R, &mut C) -> Result<Verdict, Vec<RowError>>,
    ) -> Self {
        let mut changes = C::default();
        let mut verdicts = Vec::with_capacity(rows.lines.len());
        for line in &rows.lines {
            let verdict = match &line.row {
                Ok(row) => judge(line.number, row, &mut changes),
                Err(flaws) => Err(flaws.clone()),
            };
            verdicts.push(LineVerdict {
                line: line.number,
                verdict: verdict.unwrap_or_else(Verdict::Invalid),
            });
        }
        Self::new(&rows.file, verdicts, changes)
    }
}

/// What the rows of a file said so far, so that a second word on the same thing is noticed.
pub(super) struct SeenRows<K, T> {
    rows: BTreeMap<K, (u64, T)>,
}

impl<K: Ord, T: Clone> SeenRows<K, T> {
    pub(super) fn new() -> Self {
        Self {
            rows: BTreeMap::new(),
        }
    }

    /// Notes what a line says. When an earlier line spoke of the same thing, gives that line and
    /// what it said.
    pub(super) fn insert(&mut self, key: K, line: u64, says: &T) -> Option<(u64, T)> {
        if let Some(earlier) = self.rows.get(&key) {
            return Some(earlier.clone());
        }
        self.rows.insert(key, (line, says.clone()));
        None
    }
}

/// The verdict on a row that repeats what an earlier line spoke of.
pub(super) fn validate_repeat(line: u64, differs: Vec<Change>) -> Result<Verdict, Vec<RowError>> {
    if differs.is_empty() {
        return Ok(Verdict::Same);
    }
    let reason = RowErrorKind::ConflictingRow { line, differs };
    Err(vec![RowError::in_row(reason)])
}
