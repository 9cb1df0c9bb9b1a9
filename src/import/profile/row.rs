//! Reads the fields of one row of a file of another program, by the names of its columns.

use rust_decimal::Decimal;

use super::formula::NumberSource;
use super::pattern::Patterns;
use super::source_table::SourceTable;
use super::spec::{Profile, RowRule};
use super::text_source::TextSource;
use crate::domain::AmountError;
use crate::import::numbers::NumberReader;
use crate::import::profile_error::ProfileRowError;
use crate::import::row_error::RowError;
use crate::import::table::Record;

/// One row, with what is needed to read it.
#[derive(Debug, Clone, Copy)]
pub(super) struct SourceRow<'s> {
    pub(super) profile: &'s Profile,
    pub(super) table: &'s SourceTable,
    pub(super) record: &'s Record,
    pub(super) numbers: NumberReader,
}

impl<'s> SourceRow<'s> {
    /// Returns the text in a column; empty if the profile says that it stands for nothing.
    pub(super) fn text(&self, column: &str) -> &'s str {
        let text = self.table.field(self.record, column);
        match self.profile.file.empty.fit(text) {
            true => "",
            false => text,
        }
    }

    /// Returns the first text in a column of a source, with the rank of the column.
    pub(super) fn first_filled(&self, source: &TextSource) -> Option<(usize, &'s str)> {
        let columns = source.columns.iter().enumerate();
        let mut texts = columns.map(|(rank, column)| (rank, self.text(column)));
        texts.find(|(_, text)| !text.is_empty())
    }

    /// Returns the text of a source; empty if there is none.
    pub(super) fn text_of(&self, source: &TextSource) -> Result<String, RowError> {
        let Some((rank, text)) = self.first_filled(source) else {
            return Ok(source.fixed.clone().unwrap_or_default());
        };
        let column = &source.columns[rank];
        if source.values.is_empty() {
            return Ok(text.to_owned());
        }
        let mut values = source.values.iter();
        match values.find(|(known, _)| known.eq_ignore_ascii_case(text)) {
            Some((_, translation)) => Ok(translation.clone()),
            None => {
                let reason = ProfileRowError::UnknownValue {
                    profile: self.profile.name.clone(),
                    value: text.to_owned(),
                    known: source.values.keys().cloned().collect(),
                };
                Err(RowError::in_column(column, text, reason))
            }
        }
    }

    /// Returns the number of a source; `None` if it is empty.
    pub(super) fn number_of(&self, source: &NumberSource) -> Result<Option<Decimal>, RowError> {
        source.evaluate(&mut |column| match self.text(column) {
            "" => Ok(None),
            text => {
                let number = self.numbers.parse_written(text).map(Some);
                number.map_err(|error: AmountError| RowError::in_column(column, text, error))
            }
        })
    }

    /// Returns an error if columns differ whose values must be the same.
    pub(super) fn check_same(&self) -> Result<(), RowError> {
        for columns in &self.profile.file.same {
            let values = columns.iter().map(|column| (column, self.text(column)));
            let mut filled = values.filter(|(_, value)| !value.is_empty());
            let Some((column, value)) = filled.next() else {
                continue;
            };
            if let Some((other, other_value)) = filled.find(|(_, other)| *other != value) {
                let reason = ProfileRowError::Different {
                    column: column.clone(),
                    value: value.to_owned(),
                    other: other.clone(),
                    other_value: other_value.to_owned(),
                };
                return Err(RowError::in_column(other, other_value, reason));
            }
        }
        Ok(())
    }

    /// Returns an error if one of these columns, which the rule of the row does not read, has a number
    /// other than zero.
    pub(super) fn check_unread(&self, columns: &[&str]) -> Result<(), RowError> {
        for column in columns {
            let text = self.text(column);
            let is_zero = |number: Decimal| number.is_zero();
            if text.is_empty() || self.numbers.parse_written(text).is_ok_and(is_zero) {
                continue;
            }
            let reason = ProfileRowError::Unread {
                profile: self.profile.name.clone(),
                value: text.to_owned(),
            };
            return Err(RowError::in_column(column, text, reason));
        }
        Ok(())
    }

    /// Returns whether a rule fits the row.
    pub(super) fn fits(&self, rule: &RowRule) -> Result<bool, RowError> {
        let is_filled = |column: &String| !self.text(column).is_empty();
        let fits = |(column, patterns): (&String, &Patterns)| patterns.fit(self.text(column));
        if !rule.when.iter().all(fits)
            || !(rule.filled.0.is_empty() || rule.filled.0.iter().any(is_filled))
            || rule.empty.0.iter().any(is_filled)
        {
            return Ok(false);
        }
        match &rule.negative {
            None => Ok(true),
            Some(source) => Ok(self
                .number_of(source)?
                .is_some_and(|number| number < Decimal::ZERO)),
        }
    }
}
