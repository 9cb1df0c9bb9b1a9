//! Reads past runs: their rows, and the records stored with them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::QueryError;
use crate::domain::{PortfolioId, RunId};
use crate::engine::RunRecord;
use crate::store::{ReadTransaction, RunRow, Store};

/// Alias of the newest run, accepted in place of an id.
const LAST: &str = "last";

/// A run with its record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunDetails {
    /// The stored row of the run.
    #[serde(flatten)]
    pub row: RunRow,
    /// The record of its outcome; absent while the run is active, and where it was abandoned.
    pub record: Option<RunRecord>,
    /// Names of the portfolios with failures in the record, by internal id.
    pub names: BTreeMap<u32, String>,
}

impl RunDetails {
    /// Returns the name of a portfolio with failures, or `portfolio 7` where it has none.
    pub fn name(&self, portfolio: u32) -> String {
        let name = self.names.get(&portfolio).cloned();
        name.unwrap_or_else(|| format!("portfolio {portfolio}"))
    }
}

/// Returns the newest runs first, at most `limit`.
///
/// # Errors
///
/// Where the store cannot be read.
pub fn runs(store: &Store, limit: u32) -> Result<Vec<RunRow>, QueryError> {
    store.read(|reading| Ok(reading.runs().latest(limit)?))
}

/// Returns the runs that were started before the run `id`, newest first, at most `limit`.
///
/// # Errors
///
/// Where no run has this id, or the store cannot be read.
pub fn runs_before(store: &Store, id: RunId, limit: u32) -> Result<Vec<RunRow>, QueryError> {
    store.read(|reading| {
        let before = find(reading, &id.to_string())?;
        Ok(reading.runs().before(before.number, limit)?)
    })
}

/// Returns one run: the newest for `last`, else the run whose id starts with `which`.
///
/// # Errors
///
/// [`QueryError::NoRuns`], [`QueryError::UnknownRun`], [`QueryError::AmbiguousRun`], or
/// [`QueryError::Record`] where the stored record is not valid JSON.
pub fn run(store: &Store, which: &str) -> Result<RunDetails, QueryError> {
    store.read(|reading| {
        let row = find(reading, which)?;
        let record = record(&row)?;
        Ok(RunDetails {
            names: names(reading, record.as_ref())?,
            record,
            row,
        })
    })
}

fn find(reading: &ReadTransaction<'_>, which: &str) -> Result<RunRow, QueryError> {
    let newest = reading.runs().latest(1)?.into_iter().next();
    let newest = newest.ok_or(QueryError::NoRuns)?;
    if which == LAST {
        return Ok(newest);
    }
    let mut found = reading.runs().with_id_prefix(&which.to_ascii_lowercase())?;
    if found.len() > 1 {
        return Err(QueryError::AmbiguousRun {
            prefix: which.to_owned(),
            candidates: found.iter().map(|run| run.key).collect(),
        });
    }
    found
        .pop()
        .ok_or_else(|| QueryError::UnknownRun(which.to_owned()))
}

pub(super) fn record(row: &RunRow) -> Result<Option<RunRecord>, QueryError> {
    if row.report.is_empty() {
        return Ok(None);
    }
    match serde_json::from_str(&row.report) {
        Ok(record) => Ok(Some(record)),
        Err(source) => Err(QueryError::Record {
            run: row.key,
            source,
        }),
    }
}

fn names(
    reading: &ReadTransaction<'_>,
    record: Option<&RunRecord>,
) -> Result<BTreeMap<u32, String>, QueryError> {
    let mut names = BTreeMap::new();
    for failure in record.into_iter().flat_map(|record| &record.failures) {
        if !names.contains_key(&failure.portfolio) {
            let known = reading.portfolios().get(PortfolioId(failure.portfolio))?;
            names.extend(known.map(|portfolio| (failure.portfolio, portfolio.name)));
        }
    }
    Ok(names)
}
