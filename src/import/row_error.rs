//! Defines errors of single rows: the column, the value, the reason, and a hint for the user.

use std::fmt;

use super::row_error_kind::RowErrorKind;

/// One problem of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The column with the problem; `None` if the problem concerns the whole row.
    pub column: Option<String>,
    /// The refused value as text; empty if the field is empty or the whole row is refused.
    pub value: String,
    /// The reason for the refusal, with its details.
    pub kind: RowErrorKind,
}

impl RowError {
    pub(super) fn in_column(
        column: &str,
        value: impl fmt::Display,
        reason: impl Into<RowErrorKind>,
    ) -> Self {
        Self {
            column: Some(column.to_owned()),
            value: value.to_string(),
            kind: reason.into(),
        }
    }

    pub(super) fn in_row(kind: RowErrorKind) -> Self {
        Self {
            column: None,
            value: String::new(),
            kind,
        }
    }

    /// Returns the next step for the user, if there is one.
    pub fn hint(&self) -> Option<String> {
        self.kind.hint_in(self.column.as_deref())
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "column `{column}`: {}", self.kind),
            None => self.kind.fmt(f),
        }
    }
}
