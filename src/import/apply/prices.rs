//! Validates prices against the database and records them.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{ApplyError, ImportContext, InvalidatedCells};
use super::impact_facts::ImpactFacts;
use super::reason_text;
use crate::domain::{CloseChange, DayRange, InvalidationCause, SecurityId};
use crate::import::existing::ExistingRecords;
use crate::import::prices::{PriceChanges, PriceRows, PriceRules, validate_prices};
use crate::import::verdict::Validated;
use crate::store::{NewInvalidation, ReadTransaction, StoreError, WriteTransaction};

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

/// Writes closes and invalidates the cells that they affect. The closes of one security form one
/// invalidation.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: PriceChanges,
) -> Result<InvalidatedCells, ApplyError> {
    writing.closes().set(&changes.closes, context.now)?;
    // Collected after the write, so that the facts include the new closes.
    let facts = ImpactFacts::new(writing, context)?;
    let mut covered: BTreeMap<SecurityId, Vec<CloseChange>> = BTreeMap::new();
    for change in changes.closes {
        if facts.is_close_covered(change.day)? {
            covered.entry(change.security).or_default().push(change);
        }
    }
    let invalidations = covered.into_iter().map(|(security, changes)| {
        let security = facts.security(security)?;
        let days: BTreeSet<_> = changes.iter().map(|change| change.day).collect();
        Ok::<_, ApplyError>(NewInvalidation {
            cause: InvalidationCause::Price,
            reason: reason_text::closes(&security.symbol, &changes),
            cells: facts.affected_by_closes(security, &days)?.into_cells(),
        })
    });
    writing
        .invalidations()
        .invalidate_all(invalidations, context.now)
}
