//! A map: where somebody else's tables hold what a state is made of. `docs/capture.md` tells its
//! keys. Every name is kept with its line, so that what is wrong with it can be found.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use crate::domain::Phase;
use crate::scenario::world::Nearest;
use crate::store::RunState;

/// Why a text is no map.
#[derive(Debug, Error)]
pub enum MapError {
    /// Not TOML, an unknown key, or a value that can't be. The source shows line and column.
    #[error("the text is no map{nearest}")]
    Text {
        /// What TOML says.
        source: toml::de::Error,
        /// The key that was probably meant.
        nearest: Nearest,
    },
    /// Analytics of something that is no phase made from a snapshot.
    #[error(
        "`{name}` on line {line} is no phase with analytics (positions, exposures and risk are)"
    )]
    Phase {
        /// What was written.
        name: String,
        /// Where.
        line: usize,
    },
}

/// Where the tables of a state are.
#[derive(Debug)]
pub struct Map {
    pub(super) portfolios: Table,
    pub(super) snapshots: Table,
    pub(super) analytics: Vec<(Phase, Table)>,
    pub(super) runs: Option<Table>,
    /// What another program's words for the state of a run mean.
    pub(super) states: BTreeMap<String, RunState>,
}

/// A table, and those of its columns that say something.
#[derive(Debug)]
pub(super) struct Table {
    /// What it holds: `portfolios`, `snapshots`, the name of a phase, `runs`.
    pub(super) role: String,
    /// Its name.
    pub(super) name: String,
    /// Where the map names it, from 1.
    pub(super) line: usize,
    pub(super) columns: Vec<Column>,
}

/// A column, and what it says.
#[derive(Debug)]
pub(super) struct Column {
    /// The key of the map.
    pub(super) key: &'static str,
    /// Its name.
    pub(super) name: String,
    /// Where the map names it, from 1.
    pub(super) line: usize,
}

impl Table {
    /// At which place among the columns the one stands that says something.
    pub(super) fn column_index(&self, says: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.key == says)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawMap {
    portfolios: Spanned<RawPortfolios>,
    snapshots: Spanned<RawCells>,
    #[serde(default)]
    analytics: BTreeMap<Spanned<String>, Spanned<RawCells>>,
    runs: Option<Spanned<RawRuns>>,
}

type Name = Option<Spanned<String>>;

#[derive(Deserialize)]
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawCells {
    table: Name,
    portfolio: Spanned<String>,
    day: Spanned<String>,
    complete: Name,
}

#[derive(Deserialize)]
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

impl Map {
    /// Reads a map from TOML text; an error names the line.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let written: RawMap = toml::from_str(text).map_err(|source| MapError::Text {
            nearest: Nearest::from_message(source.message()),
            source,
        })?;
        let lines = Lines { text };
        let (at, one) = lines.locate(written.portfolios);
        let portfolios = lines.map_table(
            "portfolios",
            at,
            one.table,
            [
                ("id", Some(one.id)),
                ("name", one.name),
                ("deleted-at", one.deleted_at),
                ("inception", one.inception),
                ("closed", one.closed),
                ("currency", one.currency),
            ],
        );
        let snapshots = lines.cell_table("snapshots", written.snapshots);
        let mut analytics = Vec::new();
        for (name, cells) in written.analytics {
            let (line, name) = lines.locate(name);
            match name.parse() {
                Ok(phase @ (Phase::Positions | Phase::Exposures | Phase::Risk)) => {
                    analytics.push((phase, lines.cell_table(&name, cells)));
                }
                _ => return Err(MapError::Phase { name, line }),
            }
        }
        let mut states = BTreeMap::new();
        let runs = written.runs.map(|runs| {
            let (at, one) = lines.locate(runs);
            states = one.states;
            lines.map_table(
                "runs",
                at,
                one.table,
                [
                    ("started", Some(one.started)),
                    ("ended", one.ended),
                    ("state", one.state),
                    ("policy", one.policy),
                    ("target", one.target),
                    ("planned", one.planned),
                    ("done", one.done),
                    ("failed", one.failed),
                ],
            )
        });
        Ok(Self {
            portfolios,
            snapshots,
            analytics,
            runs,
            states,
        })
    }

    /// All its tables.
    pub(super) fn tables(&self) -> impl Iterator<Item = &Table> {
        let analytics = self.analytics.iter().map(|(_, table)| table);
        let first = [&self.portfolios, &self.snapshots].into_iter();
        first.chain(analytics).chain(&self.runs)
    }
}

/// The text, to find lines in.
struct Lines<'t> {
    text: &'t str,
}

impl Lines<'_> {
    /// The line of a value, and the value.
    fn locate<T>(&self, value: Spanned<T>) -> (usize, T) {
        let before = &self.text[..value.span().start.min(self.text.len())];
        (before.matches('\n').count() + 1, value.into_inner())
    }

    fn cell_table(&self, role: &str, cells: Spanned<RawCells>) -> Table {
        let (at, one) = self.locate(cells);
        self.map_table(
            role,
            at,
            one.table,
            [
                ("portfolio", Some(one.portfolio)),
                ("day", Some(one.day)),
                ("complete", one.complete),
            ],
        )
    }

    fn map_table<const N: usize>(
        &self,
        role: &str,
        at: usize,
        named: Name,
        columns: [(&'static str, Name); N],
    ) -> Table {
        let (line, name) = named.map_or_else(|| (at, role.to_owned()), |name| self.locate(name));
        let columns = columns.into_iter().filter_map(|(says, name)| {
            let (line, name) = self.locate(name?);
            Some(Column {
                key: says,
                name,
                line,
            })
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
        assert!(phase.to_string().contains("`prices` on line 9"), "{phase}");
        assert!(Map::parse("[portfolios]\n").is_err());
    }
}
