//! Defines the correction of a record, and the values that differ.

use std::fmt;

use super::day::Day;

/// A value that differs between an existing record and its correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The name of the column in a file.
    pub column: &'static str,
    /// The existing value as text; empty if there was none.
    pub was: String,
    /// The new value as text; empty if there is none.
    pub now: String,
    /// The first day on which the values differ; `None` if they differ from the start, or have no
    /// history.
    pub from: Option<Day>,
}

impl Change {
    /// Returns `None` if the values are equal.
    pub fn between<T: PartialEq + fmt::Display>(
        column: &'static str,
        was: &T,
        now: &T,
    ) -> Option<Self> {
        (was != now).then(|| Self {
            column,
            was: was.to_string(),
            now: now.to_string(),
            from: None,
        })
    }

    /// Like [`Change::between`] for a column that may be empty.
    pub fn between_optional<T: PartialEq + fmt::Display>(
        column: &'static str,
        was: &Option<T>,
        now: &Option<T>,
    ) -> Option<Self> {
        let text = |value: &Option<T>| value.as_ref().map_or(String::new(), T::to_string);
        (was != now).then(|| Self {
            column,
            was: text(was),
            now: text(now),
            from: None,
        })
    }

    /// Returns the change as one that begins on a day.
    #[must_use]
    pub(super) fn beginning(self, from: Option<Day>) -> Self {
        Self { from, ..self }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}` → `{}`", self.column, self.was, self.now)?;
        match self.from {
            Some(day) => write!(f, " from {day}"),
            None => Ok(()),
        }
    }
}

/// An existing record that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction<T> {
    /// The record before the change.
    pub was: T,
    /// The record after the change.
    pub now: T,
}
