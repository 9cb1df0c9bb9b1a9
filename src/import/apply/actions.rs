//! Validates corporate actions against the database and records them.

use std::collections::BTreeSet;

use super::context::ImportContext;
use crate::domain::{PhaseCells, SecurityId};
use crate::import::actions::{ActionChanges, ActionRow, validate_actions};
use crate::import::existing::ExistingRecords;
use crate::import::row_reader::Rows;
use crate::import::verdict::Validated;
use crate::invalidation::invalidate_splits;
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// Validates actions against the splits of the securities they name.
pub(super) fn validate(
    reading: &ReadTransaction<'_>,
    rows: &Rows<ActionRow>,
) -> Result<Validated<ActionChanges>, StoreError> {
    let known = ExistingRecords::default().with_securities(reading.securities().all()?);
    let named: BTreeSet<SecurityId> = (rows.lines.iter())
        .filter_map(|line| line.row.as_ref().ok())
        .filter_map(|row| Some(known.find_security(&row.symbol)?.id))
        .collect();
    let mut splits = Vec::new();
    for security in named {
        splits.extend(reading.splits().of_security(security)?);
    }
    Ok(validate_actions(rows, &known.with_splits(splits)))
}

/// Sets splits.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: ActionChanges,
) -> Result<PhaseCells, StoreError> {
    let splits: Vec<_> = changes.splits.iter().map(|change| change.split).collect();
    writing.splits().set(&splits)?;
    invalidate_splits(writing, context.calendar, &changes.splits, context.now)
}
