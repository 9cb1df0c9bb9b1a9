//! Validates portfolios against the database and records them.

use super::context::ImportContext;
use crate::domain::{Correction, Lifecycle, PhaseCells, PortfolioId, PortfolioKey};
use crate::import::existing::ExistingRecords;
use crate::import::portfolios::{PortfolioChanges, PortfolioRow, validate_portfolios};
use crate::import::row_reader::{OptionalField, Rows};
use crate::import::verdict::Validated;
use crate::invalidation::invalidate_currencies;
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// Validates portfolios against all portfolios, and the traded ranges of those in the file.
pub(super) fn validate(
    reading: &ReadTransaction<'_>,
    rows: &Rows<PortfolioRow>,
) -> Result<Validated<PortfolioChanges>, StoreError> {
    let known = ExistingRecords::default().with_portfolios(reading.portfolios().all()?);
    let mut traded = Vec::new();
    for row in rows.lines.iter().filter_map(|line| line.row.as_ref().ok()) {
        let existing = match &row.id {
            OptionalField::Value(id) => known.find_portfolio(PortfolioKey::from_name(id)),
            // An ambiguous name is refused by the validation below.
            OptionalField::Absent | OptionalField::Empty => {
                known.resolve_portfolio(&row.name).ok().flatten()
            }
        };
        if let Some(existing) = existing
            && let Some(days) = reading.entries().span(existing.id)?
        {
            traded.push((existing.id, days));
        }
    }
    Ok(validate_portfolios(rows, &known.with_traded_ranges(traded)))
}

/// Adds and changes portfolios.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: PortfolioChanges,
) -> Result<PhaseCells, StoreError> {
    let mut index_changes: Vec<(PortfolioId, Option<Lifecycle>, Lifecycle)> = Vec::new();
    for new in &changes.added {
        index_changes.push((writing.portfolios().add(new)?, None, new.lifecycle));
    }
    for Correction { was, now } in &changes.corrected {
        writing.portfolios().change(now)?;
        if was.lifecycle != now.lifecycle {
            index_changes.push((now.id, Some(was.lifecycle), now.lifecycle));
        }
    }
    writing
        .portfolios()
        .change_lifecycle_index(&index_changes)?;
    invalidate_currencies(writing, context.calendar, &changes.corrected, context.now)
}
