//! Securities: what they are held against, and recording them.

use super::intake::TakenOut;
use super::reach::Reach;
use super::{IntakeError, Terms};
use crate::domain::Security;
use crate::import::{
    Change, Correction, Judged, Known, Rows, SecurityChanges, SecurityRow, judge_securities,
};
use crate::plan::InvalidationCause;
use crate::plan::impact::AffectedCells;
use crate::store::{NewInvalidation, ReadTransaction, StoreError, WriteTransaction};

/// Judges securities against all securities.
pub(super) fn judge(
    reading: &ReadTransaction<'_>,
    rows: &Rows<SecurityRow>,
) -> Result<Judged<SecurityChanges>, StoreError> {
    let known = Known::default().with_securities(reading.securities()?);
    Ok(judge_securities(rows, &known))
}

/// Adds and changes securities. A name touches nothing, and neither does a security's becoming
/// inactive: that says only whose price is waited for.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    terms: &Terms<'_>,
    changes: SecurityChanges,
) -> Result<TakenOut, IntakeError> {
    for new in &changes.added {
        writing.add_security(new)?;
    }
    for Correction { now, .. } in &changes.corrected {
        writing.change_security(now)?;
    }
    let reach = Reach::new(writing, terms)?;
    let reasons = changes.corrected.iter().map(|correction| {
        let (touched, differs) = touched(&reach, correction)?;
        let differs: Vec<_> = differs.iter().map(ToString::to_string).collect();
        Ok::<_, IntakeError>(NewInvalidation {
            cause: InvalidationCause::Attribute,
            reason: format!("{}: {}", correction.now.symbol, differs.join(", ")),
            cells: touched.into_cells(),
        })
    });
    writing.invalidate_all(reasons, terms.now)
}

/// What a correction touches, and by which changes.
fn touched(
    reach: &Reach<'_>,
    Correction { was, now }: &Correction<Security>,
) -> Result<(AffectedCells, Vec<Change>), IntakeError> {
    let classified = [
        Change::of("sector", &was.sector, &now.sector),
        Change::of("class", &was.class, &now.class),
    ];
    let agreed = [
        Change::of("multiplier", &was.multiplier, &now.multiplier),
        Change::of("currency", &was.currency, &now.currency),
    ];
    let mut touched = AffectedCells::new();
    if classified.iter().any(Option::is_some) {
        touched = touched.union(reach.of_classification(now.id)?);
    }
    if agreed.iter().any(Option::is_some) {
        touched = touched.union(reach.of_terms(now.id)?);
    }
    let differs = classified.into_iter().chain(agreed).flatten().collect();
    Ok((touched, differs))
}
