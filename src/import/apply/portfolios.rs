//! Validates portfolios against the database and records them.

use super::context::{ApplyError, ImportContext, InvalidatedCells};
use super::impact_facts::ImpactFacts;
use crate::domain::{InvalidationCause, Lifecycle, Portfolio, PortfolioId, PortfolioKey};
use crate::import::change::Correction;
use crate::import::existing::ExistingRecords;
use crate::import::portfolios::{PortfolioChanges, PortfolioRow, validate_portfolios};
use crate::import::row_reader::{OptionalField, Rows};
use crate::import::verdict::Validated;
use crate::store::{NewInvalidation, ReadTransaction, StoreError, WriteTransaction};

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

/// Adds and changes portfolios. Of the changes only a currency invalidates cells: a lifecycle
/// decides which cells are expected, not their values.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: PortfolioChanges,
) -> Result<InvalidatedCells, ApplyError> {
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
    let facts = ImpactFacts::new(writing, context)?;
    let invalidations = (changes.corrected.iter())
        .filter(|correction| correction.was.currency != correction.now.currency)
        .map(|correction| currency_invalidation(&facts, correction));
    writing
        .invalidations()
        .invalidate_all(invalidations, context.now)
}

fn currency_invalidation(
    facts: &ImpactFacts<'_>,
    Correction { was, now }: &Correction<Portfolio>,
) -> Result<NewInvalidation, ApplyError> {
    let (name, from, to) = (&now.name, was.currency, now.currency);
    Ok(NewInvalidation {
        cause: InvalidationCause::Attribute,
        reason: format!("currency of {name} changed from {from} to {to}"),
        cells: facts.affected_by_portfolio_currency(now.id)?.into_cells(),
    })
}
