//! Validates transactions against the database and records them.

use super::context::ImportContext;
use crate::domain::PhaseCells;
use crate::import::existing::ExistingRecords;
use crate::import::row_reader::Rows;
use crate::import::transactions::{TransactionChanges, TransactionRow, validate_transactions};
use crate::import::verdict::Validated;
use crate::invalidation::invalidate_transactions;
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// Validates transactions against all portfolios and securities, and against the stored
/// transactions whose ids are in the file.
pub(super) fn validate(
    reading: &ReadTransaction<'_>,
    rows: &Rows<TransactionRow>,
) -> Result<Validated<TransactionChanges>, StoreError> {
    let mut entries = Vec::new();
    for row in rows.lines.iter().filter_map(|line| line.row.as_ref().ok()) {
        entries.extend(reading.entries().with_reference(&row.id)?);
    }
    let known = ExistingRecords::default()
        .with_portfolios(reading.portfolios().all()?)
        .with_securities(reading.securities().all()?)
        .with_transactions(entries);
    Ok(validate_transactions(rows, &known))
}

/// Adds transactions.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: TransactionChanges,
) -> Result<PhaseCells, StoreError> {
    writing.entries().add(&changes.added)?;
    invalidate_transactions(writing, context.calendar, &changes.added, context.now)
}
