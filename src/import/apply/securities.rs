//! Validates imported securities against the database, stores them and invalidates the cells that
//! they affect.

use super::context::{ApplyError, ImportContext, InvalidatedCells};
use super::impact_facts::ImpactFacts;
use crate::domain::{InvalidationCause, Security};
use crate::import::change::{Change, Correction};
use crate::import::existing::ExistingRecords;
use crate::import::row_reader::Rows;
use crate::import::securities::{SecurityChanges, SecurityRow, validate_securities};
use crate::import::verdict::Validated;
use crate::invalidation::AffectedCells;
use crate::store::{NewInvalidation, ReadTransaction, StoreError, WriteTransaction};

/// Validates the rows of a file against all stored securities.
pub(super) fn validate(
    reading: &ReadTransaction<'_>,
    rows: &Rows<SecurityRow>,
) -> Result<Validated<SecurityChanges>, StoreError> {
    let known = ExistingRecords::default().with_securities(reading.securities().all()?);
    Ok(validate_securities(rows, &known))
}

/// Adds and changes securities, and invalidates the cells that the changes affect. Changes of the
/// name affect no cell. Neither do those of `inactive_from`, which only decides whether prices are
/// expected.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: SecurityChanges,
) -> Result<InvalidatedCells, ApplyError> {
    for new in &changes.added {
        writing.securities().add(new)?;
    }
    for Correction { now, .. } in &changes.corrected {
        writing.securities().change(now)?;
    }
    let facts = ImpactFacts::new(writing, context)?;
    let invalidations = changes.corrected.iter().map(|correction| {
        let (affected, differs) = affected_cells(&facts, correction)?;
        let differs: Vec<_> = differs.iter().map(ToString::to_string).collect();
        Ok::<_, ApplyError>(NewInvalidation {
            cause: InvalidationCause::Attribute,
            reason: format!("{}: {}", correction.now.symbol, differs.join(", ")),
            cells: affected.into_cells(),
        })
    });
    writing
        .invalidations()
        .invalidate_all(invalidations, context.now)
}

/// Returns the cells that a correction affects, and the changed attributes that affect them.
fn affected_cells(
    facts: &ImpactFacts<'_>,
    Correction { was, now }: &Correction<Security>,
) -> Result<(AffectedCells, Vec<Change>), ApplyError> {
    let classification = [
        Change::between("sector", &was.sector, &now.sector),
        Change::between("class", &was.class, &now.class),
    ];
    let pricing_terms = [
        Change::between("multiplier", &was.multiplier, &now.multiplier),
        Change::between("currency", &was.currency, &now.currency),
    ];
    let mut affected = AffectedCells::new();
    if classification.iter().any(Option::is_some) {
        affected = affected.union(facts.affected_by_classification(now.id)?);
    }
    if pricing_terms.iter().any(Option::is_some) {
        affected = affected.union(facts.affected_by_pricing_terms(now.id)?);
    }
    let differs = classification
        .into_iter()
        .chain(pricing_terms)
        .flatten()
        .collect();
    Ok((affected, differs))
}
