//! Validates transactions against the database and records them.

use std::collections::BTreeMap;

use super::context::{ApplyError, ImportContext, InvalidatedCells};
use super::impact_facts::ImpactFacts;
use super::reason_text;
use crate::domain::{Day, InvalidationCause, PortfolioId};
use crate::import::existing::ExistingRecords;
use crate::import::row_reader::Rows;
use crate::import::transactions::{TransactionChanges, TransactionRow, validate_transactions};
use crate::import::verdict::Validated;
use crate::store::{NewInvalidation, ReadTransaction, StoreError, WriteTransaction};

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

/// Adds transactions. The transactions of one portfolio form one invalidation.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: TransactionChanges,
) -> Result<InvalidatedCells, ApplyError> {
    writing.entries().add(&changes.added)?;
    let facts = ImpactFacts::new(writing, context)?;
    let mut late: BTreeMap<PortfolioId, (Day, usize)> = BTreeMap::new();
    for entry in changes
        .added
        .iter()
        .filter(|entry| facts.is_covered(entry.day))
    {
        let (first, count) = late.entry(entry.portfolio).or_insert((entry.day, 0));
        *first = entry.day.min(*first);
        *count += 1;
    }
    // Portfolios without covered cells are dropped before computing affected cells for each:
    // in a first import of a large history that is nearly all of them.
    if let Some(first) = late.values().map(|(first, _)| *first).min() {
        let done = facts.portfolios_with_cells(first)?;
        late.retain(|portfolio, _| done.contains(portfolio.0));
    }
    let invalidations = late.into_iter().map(|(portfolio, (first, count))| {
        let known = writing.portfolios().get(portfolio)?;
        let name = known.map_or_else(|| portfolio.0.to_string(), |known| known.name);
        Ok::<_, ApplyError>(NewInvalidation {
            cause: InvalidationCause::Transaction,
            reason: reason_text::entries(&name, count, first),
            cells: facts
                .affected_by_transactions(portfolio, first)?
                .into_cells(),
        })
    });
    writing
        .invalidations()
        .invalidate_all(invalidations, context.now)
}
