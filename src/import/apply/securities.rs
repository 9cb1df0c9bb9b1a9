//! Validates securities against the database and records them.

use super::context::ImportContext;
use crate::domain::{Correction, PhaseCells};
use crate::import::existing::ExistingRecords;
use crate::import::row_reader::Rows;
use crate::import::securities::{SecurityChanges, SecurityRow, validate_securities};
use crate::import::verdict::Validated;
use crate::invalidation::invalidate_attributes;
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// Validates the rows of a file against all stored securities.
pub(super) fn validate(
    reading: &ReadTransaction<'_>,
    rows: &Rows<SecurityRow>,
) -> Result<Validated<SecurityChanges>, StoreError> {
    let known = ExistingRecords::default().with_securities(reading.securities().all()?);
    Ok(validate_securities(rows, &known))
}

/// Adds and changes securities.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: SecurityChanges,
) -> Result<PhaseCells, StoreError> {
    for new in &changes.added {
        writing.securities().add(new)?;
    }
    for Correction { now, .. } in &changes.corrected {
        writing.securities().change(now)?;
    }
    invalidate_attributes(writing, context.calendar, &changes.corrected, context.now)
}
