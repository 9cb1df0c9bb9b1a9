//! What a run did: its row, and the record kept with it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::QueryError;
use crate::domain::{PortfolioId, RunId};
use crate::engine::RunRecord;
use crate::store::{ReadTransaction, RunRow, Store};

/// The name of the newest run, where an id is asked for.
const LAST: &str = "last";

/// A run, as it is asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunDetails {
    /// Its row.
    #[serde(flatten)]
    pub row: RunRow,
    /// What was kept of its outcome; nothing while it is at work, or where it was abandoned.
    pub record: Option<RunRecord>,
    /// The names of the portfolios that the record's failures speak of, by id inside.
    pub names: BTreeMap<u32, String>,
}

/// The newest runs first, at most `limit`.
pub fn runs(store: &Store, limit: u32) -> Result<Vec<RunRow>, QueryError> {
    store.read(|reading| Ok(reading.runs(limit)?))
}

/// The newest of the runs that were started before the one with this id, at most `limit`.
///
/// # Errors
///
/// Where no run has this id.
pub fn runs_before(store: &Store, id: RunId, limit: u32) -> Result<Vec<RunRow>, QueryError> {
    store.read(|reading| {
        let mark = find(reading, &id.to_string())?;
        Ok(reading.runs_before(mark.number, limit)?)
    })
}

/// One run: the newest for `last`, and otherwise the one whose id starts with `which`.
///
/// # Errors
///
/// Where there is no run, or no such one, or more than one.
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
    let newest = reading.runs(1)?.into_iter().next();
    let newest = newest.ok_or(QueryError::NoRuns)?;
    if which == LAST {
        return Ok(newest);
    }
    let mut found = reading.runs_with_id_prefix(&which.to_ascii_lowercase())?;
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
            let known = reading.portfolio(PortfolioId(failure.portfolio))?;
            names.extend(known.map(|portfolio| (failure.portfolio, portfolio.name)));
        }
    }
    Ok(names)
}
