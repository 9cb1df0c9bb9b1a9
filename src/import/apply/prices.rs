//! Validates prices against the database and records them.

use std::collections::BTreeMap;

use super::context::ImportContext;
use crate::domain::{DayRange, PhaseCells, SecurityId};
use crate::import::existing::ExistingRecords;
use crate::import::prices::{PriceChanges, PriceRows, PriceRules, validate_prices};
use crate::import::verdict::Validated;
use crate::invalidation::invalidate_closes;
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// Validates prices against the closes and splits of the securities they name.
pub(super) fn validate(
    reading: &ReadTransaction<'_>,
    rows: &PriceRows,
    rules: PriceRules,
) -> Result<Validated<PriceChanges>, StoreError> {
    let known = ExistingRecords::default().with_securities(reading.securities().all()?);
    let spans: BTreeMap<SecurityId, DayRange> = (rows.spans().into_iter())
        .filter_map(|(symbol, span)| Some((known.find_security(symbol)?.id, span)))
        .collect();
    let mut splits = Vec::new();
    for security in spans.keys() {
        splits.extend(reading.splits().of_security(*security)?);
    }
    let closes = reading.closes().around(&spans)?;
    let known = known.with_splits(splits).with_closes(closes);
    Ok(validate_prices(rows, &known, rules))
}

/// Writes closes.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: PriceChanges,
) -> Result<PhaseCells, StoreError> {
    writing.closes().set(&changes.closes, context.now)?;
    invalidate_closes(writing, context.calendar, &changes.closes, context.now)
}
