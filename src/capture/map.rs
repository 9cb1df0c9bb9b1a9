//! Reads a capture map: the tables and columns of another program that hold the parts of a state.
//! `docs/capture.md` documents its keys. Every name keeps its line, for error messages.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use super::values::parse_run_state;
use crate::domain::{Nearest, Phase};
use crate::store::RunState;

/// Error of a text that is not a valid map.
#[derive(Debug, Error)]
pub enum MapError {
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
}

/// The tables and columns of another program that hold the parts of a state.
#[derive(Debug)]
pub struct Map {
    pub(crate) portfolios: Table,
    pub(crate) snapshots: Table,
    pub(crate) analytics: Vec<(Phase, Table)>,
    pub(crate) runs: Option<Table>,
    /// The bookkeeping by day: how many portfolios were done for it.
    pub(crate) progress: Option<Table>,
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
    /// Returns the name of the column mapped to `key`.
    pub(crate) fn column(&self, key: &str) -> Option<&str> {
        Some(&self.columns[self.column_index(key)?].name)
    }

    /// Returns the index in `columns` of the column mapped to `key`.
    pub(crate) fn column_index(&self, key: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.key == key)
    }
}

/// The keys of a map, as they are read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawMap {
    portfolios: Spanned<RawPortfolios>,
    snapshots: Spanned<RawCells>,
    #[serde(default)]
    analytics: BTreeMap<Spanned<String>, Spanned<RawCells>>,
    runs: Option<Spanned<RawRuns>>,
    progress: Option<Spanned<RawProgress>>,
}

type Name = Option<Spanned<String>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawPortfolios {
    table: Name,
    id: Spanned<String>,
    name: Name,
    deleted_at: Name,
    inception: Name,
    closed: Name,
    currency: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawCells {
    table: Name,
    portfolio: Spanned<String>,
    day: Spanned<String>,
    complete: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawRuns {
    table: Name,
    started: Spanned<String>,
    ended: Name,
    state: Name,
    policy: Name,
    target: Name,
    planned: Name,
    done: Name,
    failed: Name,
    #[serde(default)]
    states: BTreeMap<String, RunState>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawProgress {
    table: Name,
    day: Spanned<String>,
    done: Spanned<String>,
}

impl Map {
    /// Parses a map from TOML text.
    ///
    /// # Errors
    ///
    /// Refuses text that is not TOML, unknown or missing keys, and analytics of an unknown phase.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let raw: RawMap = toml::from_str(text).map_err(|source| MapError::Text {
            nearest: Nearest::from_message(source.message()),
            source,
        })?;
        Self::from_raw(raw, text)
    }

    /// Makes a map from its keys. `text` is the file that they were read from, which may have other
    /// keys too.
    pub(crate) fn from_raw(raw: RawMap, text: &str) -> Result<Self, MapError> {
        let lines = Lines { text };
        let (at, keys) = lines.locate(raw.portfolios);
        let portfolios = lines.map_table(
            "portfolios",
            at,
            keys.table,
            [
                ("id", Some(keys.id)),
                ("name", keys.name),
                ("deleted-at", keys.deleted_at),
                ("inception", keys.inception),
                ("closed", keys.closed),
                ("currency", keys.currency),
            ],
        );
        let snapshots = lines.cell_table("snapshots", raw.snapshots);
        let mut analytics = Vec::new();
        for (name, cells) in raw.analytics {
            let (line, name) = lines.locate(name);
            match name.parse() {
                Ok(phase @ (Phase::Positions | Phase::Exposures | Phase::Risk)) => {
                    analytics.push((phase, lines.cell_table(&name, cells)));
                }
                _ => return Err(MapError::Phase { name, line }),
            }
        }
        let mut states = BTreeMap::new();
        let runs = raw.runs.map(|runs| {
            let (at, keys) = lines.locate(runs);
            states = keys.states;
            lines.map_table(
                "runs",
                at,
                keys.table,
                [
                    ("started", Some(keys.started)),
                    ("ended", keys.ended),
                    ("state", keys.state),
                    ("policy", keys.policy),
                    ("target", keys.target),
                    ("planned", keys.planned),
                    ("done", keys.done),
                    ("failed", keys.failed),
                ],
            )
        });
        let progress = raw.progress.map(|progress| {
            let (at, keys) = lines.locate(progress);
            let columns = [("day", Some(keys.day)), ("done", Some(keys.done))];
            lines.map_table("progress", at, keys.table, columns)
        });
        Ok(Self {
            portfolios,
            snapshots,
            analytics,
            runs,
            progress,
            states,
        })
    }

    /// Returns the state that a word of the other program means; `None` if it is not known.
    pub(crate) fn run_state(&self, word: &str) -> Option<RunState> {
        let named = self.states.get(word).copied();
        named.or_else(|| parse_run_state(word))
    }

    /// Returns all tables of the map.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        let analytics = self.analytics.iter().map(|(_, table)| table);
        let first = [&self.portfolios, &self.snapshots].into_iter();
        let first = first.chain(analytics);
        first.chain(&self.runs).chain(&self.progress)
    }
}

/// The text of the map, to find the lines of its values.
struct Lines<'t> {
    text: &'t str,
}

impl Lines<'_> {
    /// Returns the line of a value, from 1, and the value.
    fn locate<T>(&self, value: Spanned<T>) -> (usize, T) {
        let before = &self.text[..value.span().start.min(self.text.len())];
        (before.matches('\n').count() + 1, value.into_inner())
    }

    fn cell_table(&self, role: &str, cells: Spanned<RawCells>) -> Table {
        let (at, keys) = self.locate(cells);
        self.map_table(
            role,
            at,
            keys.table,
            [
                ("portfolio", Some(keys.portfolio)),
                ("day", Some(keys.day)),
                ("complete", keys.complete),
            ],
        )
    }

    fn map_table<const N: usize>(
        &self,
        role: &str,
        at: usize,
        table: Name,
        columns: [(&'static str, Name); N],
    ) -> Table {
        // A table without a name is called like its role.
        let (line, name) = table.map_or_else(|| (at, role.to_owned()), |name| self.locate(name));
        let columns = columns.into_iter().filter_map(|(key, name)| {
            let (line, name) = self.locate(name?);
            Some(Column { key, name, line })
        });
        Table {
            role: role.to_owned(),
            name,
            line,
            columns: columns.collect(),
        }
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
}
