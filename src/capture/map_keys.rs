//! Reads the keys of a capture map. Every name keeps its line, for error messages.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::map::{Column, MAX_DECIMALS, Map, MapError, Table};
use crate::domain::{Nearest, Phase};
use crate::store::RunState;

/// The keys of a map, as they are read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawMap {
    portfolios: Spanned<RawPortfolios>,
    snapshots: Spanned<RawSnapshots>,
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
    deleted_values: FlagValues,
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
    complete_values: FlagValues,
}

/// The values of a complete row and of another, or of a deleted portfolio and of another.
type FlagValues = Option<Spanned<Vec<Value>>>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawSnapshots {
    table: Name,
    portfolio: Spanned<String>,
    day: Spanned<String>,
    complete: Name,
    complete_values: FlagValues,
    nav: Name,
    cash: Name,
    pnl: Name,
    amount_decimals: Option<Spanned<u32>>,
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
        let deleted_values = lines.flag_values(keys.deleted_values, &keys.deleted_at, &DELETED)?;
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
        let portfolios = Table {
            deleted_values,
            ..portfolios
        };
        let (at, keys) = lines.locate(raw.snapshots);
        let has_amounts = keys.nav.is_some() || keys.cash.is_some() || keys.pnl.is_some();
        let amount_decimals = lines.decimals(keys.amount_decimals, has_amounts)?;
        let complete_values = lines.flag_values(keys.complete_values, &keys.complete, &COMPLETE)?;
        let snapshots = lines.map_table(
            "snapshots",
            at,
            keys.table,
            [
                ("portfolio", Some(keys.portfolio)),
                ("day", Some(keys.day)),
                ("complete", keys.complete),
                ("nav", keys.nav),
                ("cash", keys.cash),
                ("pnl", keys.pnl),
            ],
        );
        let snapshots = Table {
            complete_values,
            ..snapshots
        };
        let mut analytics = Vec::new();
        for (name, cells) in raw.analytics {
            let (line, name) = lines.locate(name);
            match name.parse() {
                Ok(phase @ (Phase::Positions | Phase::Exposures | Phase::Risk)) => {
                    analytics.push((phase, lines.cell_table(&name, cells)?));
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
            amount_decimals,
            states,
        })
    }
}

/// A column that tells yes or no, with the key of its values.
struct Flag {
    key: &'static str,
    columns: &'static str,
    meaning: &'static str,
}

const COMPLETE: Flag = Flag {
    key: "complete-values",
    columns: "`complete`",
    meaning: "of a row that is complete, and of another",
};
const DELETED: Flag = Flag {
    key: "deleted-values",
    columns: "`deleted-at`",
    meaning: "of a deleted portfolio, and of another",
};

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

    fn flag_values(
        &self,
        values: FlagValues,
        column: &Name,
        flag: &Flag,
    ) -> Result<Option<[Value; 2]>, MapError> {
        let Some((line, values)) = values.map(|values| self.locate(values)) else {
            return Ok(None);
        };
        let Flag {
            key,
            columns,
            meaning,
        } = *flag;
        if column.is_none() {
            return Err(MapError::Unused { key, columns, line });
        }
        let is_plain = |value: &Value| !(value.is_array() || value.is_table());
        match <[Value; 2]>::try_from(values) {
            Ok(pair) if pair[0] != pair[1] && pair.iter().all(is_plain) => Ok(Some(pair)),
            _ => Err(MapError::Values { key, meaning, line }),
        }
    }

    fn decimals(&self, decimals: Option<Spanned<u32>>, has_amounts: bool) -> Result<u32, MapError> {
        match decimals.map(|decimals| self.locate(decimals)) {
            Some((line, _)) if !has_amounts => Err(MapError::Unused {
                key: "amount-decimals",
                columns: "`nav`, `cash` or `pnl`",
                line,
            }),
            Some((line, decimals)) if decimals > MAX_DECIMALS => Err(MapError::Decimals { line }),
            decimals => Ok(decimals.map_or(0, |(_, decimals)| decimals)),
        }
    }

    fn cell_table(&self, role: &str, cells: Spanned<RawCells>) -> Result<Table, MapError> {
        let (at, keys) = self.locate(cells);
        let complete_values = self.flag_values(keys.complete_values, &keys.complete, &COMPLETE)?;
        let table = self.map_table(
            role,
            at,
            keys.table,
            [
                ("portfolio", Some(keys.portfolio)),
                ("day", Some(keys.day)),
                ("complete", keys.complete),
            ],
        );
        Ok(Table {
            complete_values,
            ..table
        })
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
            complete_values: None,
            deleted_values: None,
        }
    }
}
