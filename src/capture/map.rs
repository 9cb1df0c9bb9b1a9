//! Defines a capture map: the tables and columns of another program that hold the parts of a state.
//! `docs/capture.md` documents its keys. Every name keeps its line, for error messages.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use thiserror::Error;
use toml::Value;

use super::values::{parse_bool, parse_instant, parse_run_state};
use crate::domain::{Nearest, Phase};
use crate::scenario::script::Amount;
use crate::store::RunState;

/// Error of a text that is not a valid map.
#[derive(Debug, Error)]
pub enum MapError {
    /// A key is about columns that the map does not name.
    #[error("line {line} of the map: `{key}` has no effect without {columns}")]
    Unused {
        /// The key that has no effect.
        key: &'static str,
        /// The columns that it is about.
        columns: &'static str,
        /// The line of its value, from 1.
        line: usize,
    },
    /// The text is not TOML, or has an unknown key or an invalid value.
    #[error("invalid map{nearest}")]
    Text {
        /// The error of the TOML parser, with line and column.
        source: toml::de::Error,
        /// The most similar known key, if any.
        nearest: Nearest,
    },
    /// A table below `[analytics]` is not named after a phase that depends on the snapshot.
    #[error(
        "line {line} of the map: `{name}` is not a phase with analytics (known: positions, \
         exposures, risk)"
    )]
    Phase {
        /// The name as it is in the map.
        name: String,
        /// The line of the name, from 1.
        line: usize,
    },
    /// The values of a `complete` or `deleted-at` column are not two different ones.
    #[error(
        "line {line} of the map: `{key}` has two different texts, numbers or booleans: {meaning}"
    )]
    Values {
        /// The key of the values.
        key: &'static str,
        /// The rows that have them.
        meaning: &'static str,
        /// The line of the values, from 1.
        line: usize,
    },
    /// Amounts have more decimals than a number can have.
    #[error(
        "line {line} of the map: `amount-decimals` is a number from 0 to {max}",
        max = MAX_DECIMALS
    )]
    Decimals {
        /// The line of the number, from 1.
        line: usize,
    },
}

/// The most decimals of amounts.
pub(super) const MAX_DECIMALS: u32 = 9;

/// The tables and columns of another program that hold the parts of a state.
#[derive(Debug)]
pub struct Map {
    pub(crate) portfolios: Table,
    pub(crate) snapshots: Table,
    pub(crate) analytics: Vec<(Phase, Table)>,
    pub(crate) runs: Option<Table>,
    /// The bookkeeping by day: how many portfolios were done for it.
    pub(crate) progress: Option<Table>,
    /// The decimals that whole numbers of amounts stand for: 2 for cents.
    pub(crate) amount_decimals: u32,
    /// Run states by the other program's words for them.
    pub(super) states: BTreeMap<String, RunState>,
}

/// A table, with its mapped columns.
#[derive(Debug)]
pub(crate) struct Table {
    /// The content: `portfolios`, `snapshots`, the name of a phase, `runs` or `progress`.
    pub(crate) role: String,
    pub(crate) name: String,
    /// The line of the map that names the table, from 1.
    pub(crate) line: usize,
    pub(crate) columns: Vec<Column>,
    /// The values of the column `complete`, of a complete row and of another; the usual words for yes
    /// and no if left out.
    pub(crate) complete_values: Option<[Value; 2]>,
    /// The values of the column `deleted-at` if it holds no instant: of a deleted portfolio, and of
    /// another.
    pub(crate) deleted_values: Option<[Value; 2]>,
}

/// The deletion that a row of a portfolio tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deletion {
    None,
    /// At an instant that the row does not tell.
    Unknown,
    At(DateTime<Utc>),
}

/// A column that the map names.
#[derive(Debug)]
pub(crate) struct Column {
    /// The key of the map, which gives the meaning of the column.
    pub(crate) key: &'static str,
    pub(crate) name: String,
    /// The line of the map that names the column, from 1.
    pub(crate) line: usize,
}

impl Table {
    /// Returns a table that the map does not have, named on a line of another file.
    pub(crate) fn beside_map(
        name: String,
        line: usize,
        columns: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        let columns = columns.into_iter();
        Self {
            role: name.clone(),
            name,
            line,
            columns: columns
                .map(|(key, name)| Column { key, name, line })
                .collect(),
            complete_values: None,
            deleted_values: None,
        }
    }

    /// Returns the deletion that a value of `deleted-at` tells; `None` if the value is not known.
    pub(crate) fn parse_deletion(&self, text: &str) -> Option<Deletion> {
        match &self.deleted_values {
            None => parse_instant(text).map(Deletion::At),
            Some(values) => parse_flag(values, text).map(|is_deleted| match is_deleted {
                true => Deletion::Unknown,
                false => Deletion::None,
            }),
        }
    }

    /// Returns the name of the column mapped to `key`.
    pub(crate) fn column(&self, key: &str) -> Option<&str> {
        Some(&self.columns[self.column_index(key)?].name)
    }

    /// Returns the index in `columns` of the column mapped to `key`.
    pub(crate) fn column_index(&self, key: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.key == key)
    }

    /// Returns whether a row with this value of `complete` is complete; `None` if the value is not
    /// known. No value is that of a row that is not complete.
    pub(crate) fn parse_complete(&self, text: &str) -> Option<bool> {
        let given = self.complete_values.as_ref();
        let given = given.and_then(|values| parse_flag(values, text));
        given.or_else(|| parse_bool(text))
    }
}

/// Returns whether a text is the first of two values, or the second; `None` if it is neither.
fn parse_flag([yes, no]: &[Value; 2], text: &str) -> Option<bool> {
    // Databases and exports show booleans in several ways, also those that the map has as numbers.
    let is_shown = |value: &Value| match value {
        Value::Boolean(yes) => parse_bool(text) == Some(*yes),
        Value::Integer(number @ (0 | 1)) => parse_bool(text) == Some(*number == 1),
        Value::String(known) => known == text,
        other => other.to_string() == text,
    };
    match () {
        () if is_shown(yes) => Some(true),
        () if is_shown(no) => Some(false),
        () => None,
    }
}

impl Map {
    /// Returns the state that a word of the other program means; `None` if it is not known.
    pub(crate) fn run_state(&self, word: &str) -> Option<RunState> {
        let named = self.states.get(word).copied();
        named.or_else(|| parse_run_state(word))
    }

    /// Returns the other program's word for a state.
    pub(crate) fn run_state_word(&self, state: RunState) -> &str {
        let mut named = self.states.iter();
        let named = named.find(|(_, named)| **named == state);
        named.map_or(state.name(), |(word, _)| word)
    }

    /// Sets the values of the `complete` columns that have none, and returns whether there are any.
    pub(crate) fn complete_values_by_default(&mut self, values: &[Value; 2]) -> bool {
        let mut is_used = false;
        let analytics = self.analytics.iter_mut().map(|(_, table)| table);
        for table in analytics.chain([&mut self.snapshots]) {
            if table.column("complete").is_some() && table.complete_values.is_none() {
                table.complete_values = Some(values.clone());
                is_used = true;
            }
        }
        is_used
    }

    /// Returns the amounts of snapshots that are mapped.
    pub(crate) fn amounts(&self) -> impl Iterator<Item = Amount> {
        let known = [Amount::Nav, Amount::Cash, Amount::Pnl].into_iter();
        known.filter(|amount| self.snapshots.column(amount.name()).is_some())
    }

    /// Returns all tables of the map.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        let analytics = self.analytics.iter().map(|(_, table)| table);
        let first = [&self.portfolios, &self.snapshots].into_iter();
        let first = first.chain(analytics);
        first.chain(&self.runs).chain(&self.progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "[portfolios]\ntable = \"books\"\nid = \"id\"\n\n[snapshots]\n\
                       portfolio = \"book\"\nday = \"on\"\n\n[analytics.risk]\nportfolio = \"book\"\nday = \"on\"\n";

    #[test]
    fn names_keep_their_line() {
        let map = Map::parse(MAP).unwrap();
        assert_eq!(
            (map.portfolios.name.as_str(), map.portfolios.line),
            ("books", 2)
        );
        assert_eq!(map.snapshots.columns[1].line, 7);
        assert_eq!(map.snapshots.name, "snapshots");
        let (phase, risk) = &map.analytics[0];
        assert_eq!((*phase, risk.name.as_str()), (Phase::Risk, "risk"));
        assert!(map.runs.is_none());
        assert_eq!(map.tables().count(), 3);
    }

    #[test]
    fn unknown_keys_and_phases_are_refused_with_line() {
        let unknown = Map::parse(&MAP.replace("[snapshots]", "[snapshot]")).unwrap_err();
        assert!(
            unknown.to_string().contains("did you mean `snapshots`?"),
            "{unknown}"
        );
        let phase = Map::parse(&MAP.replace("analytics.risk", "analytics.prices")).unwrap_err();
        assert!(
            phase.to_string().starts_with("line 9 of the map: `prices`"),
            "{phase}"
        );
        assert!(Map::parse("[portfolios]\n").is_err());
    }

    fn with_complete(values: &str) -> Result<Map, MapError> {
        let complete = format!("day = \"on\"\ncomplete = \"done\"\ncomplete-values = {values}\n");
        Map::parse(&MAP.replacen("day = \"on\"\n", &complete, 1))
    }

    #[test]
    fn values_of_complete_are_compared_with_each_form_of_a_boolean() {
        let parse = |values: &str, text: &str| {
            let map = with_complete(values).unwrap();
            map.snapshots.parse_complete(text)
        };
        for values in ["[true, false]", "[1, 0]", "[true, 0]"] {
            for (text, complete) in [("1", true), ("t", true), ("false", false), ("0", false)] {
                assert_eq!(parse(values, text), Some(complete), "{values} {text}");
                let turned = match values {
                    "[true, false]" => "[false, true]",
                    "[1, 0]" => "[0, 1]",
                    _ => "[0, true]",
                };
                assert_eq!(parse(turned, text), Some(!complete), "{turned} {text}");
            }
        }
        let words = "[\"DONE\", \"PENDING\"]";
        assert_eq!(parse(words, "DONE"), Some(true));
        assert_eq!(parse(words, "PENDING"), Some(false));
        assert_eq!(parse(words, "1"), Some(true), "as without values");
        assert_eq!(parse(words, "LATE"), None);
        assert_eq!(parse("[2, 3]", "3"), Some(false));
    }

    #[test]
    fn keys_about_columns_that_are_not_mapped_are_refused_with_line() {
        let refused = |key: &str| {
            let map = MAP.replacen("day = \"on\"\n", &format!("day = \"on\"\n{key}\n"), 1);
            Map::parse(&map).unwrap_err().to_string()
        };
        assert_eq!(
            refused("complete-values = [1, 0]"),
            "line 8 of the map: `complete-values` has no effect without `complete`"
        );
        assert_eq!(
            refused("amount-decimals = 2"),
            "line 8 of the map: `amount-decimals` has no effect without `nav`, `cash` or `pnl`"
        );
    }
}
