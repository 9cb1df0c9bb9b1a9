//! Securities: what they are held against, and recording them.

use super::impact_facts::ImpactFacts;
use super::import_file::InvalidatedCells;
use super::{ApplyError, ImportContext};
use crate::domain::Security;
use crate::import::{
    Change, Correction, ExistingRecords, Rows, SecurityChanges, SecurityRow, Validated,
    validate_securities,
};
use crate::plan::InvalidationCause;
use crate::plan::impact::AffectedCells;
use crate::store::{NewInvalidation, ReadTransaction, StoreError, WriteTransaction};

/// Judges securities against all securities.
pub(super) fn validate(
    reading: &ReadTransaction<'_>,
    rows: &Rows<SecurityRow>,
) -> Result<Validated<SecurityChanges>, StoreError> {
    let known = ExistingRecords::default().with_securities(reading.securities()?);
    Ok(validate_securities(rows, &known))
}

/// Adds and changes securities. A name touches nothing, and neither does a security's becoming
/// inactive: that says only whose price is waited for.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    terms: &ImportContext<'_>,
    changes: SecurityChanges,
) -> Result<InvalidatedCells, ApplyError> {
    for new in &changes.added {
        writing.add_security(new)?;
    }
    for Correction { now, .. } in &changes.corrected {
        writing.change_security(now)?;
    }
    let reach = ImpactFacts::new(writing, terms)?;
    let reasons = changes.corrected.iter().map(|correction| {
        let (touched, differs) = affected_cells(&reach, correction)?;
        let differs: Vec<_> = differs.iter().map(ToString::to_string).collect();
        Ok::<_, ApplyError>(NewInvalidation {
            cause: InvalidationCause::Attribute,
            reason: format!("{}: {}", correction.now.symbol, differs.join(", ")),
            cells: touched.into_cells(),
        })
    });
    writing.invalidate_all(reasons, terms.now)
}

/// What a correction touches, and by which changes.
fn affected_cells(
    reach: &ImpactFacts<'_>,
    Correction { was, now }: &Correction<Security>,
) -> Result<(AffectedCells, Vec<Change>), ApplyError> {
    let classified = [
        Change::between("sector", &was.sector, &now.sector),
        Change::between("class", &was.class, &now.class),
    ];
    let agreed = [
        Change::between("multiplier", &was.multiplier, &now.multiplier),
        Change::between("currency", &was.currency, &now.currency),
    ];
    let mut touched = AffectedCells::new();
    if classified.iter().any(Option::is_some) {
        touched = touched.union(reach.affected_by_classification(now.id)?);
    }
    if agreed.iter().any(Option::is_some) {
        touched = touched.union(reach.affected_by_pricing_terms(now.id)?);
    }
    let differs = classified.into_iter().chain(agreed).flatten().collect();
    Ok((touched, differs))
}
