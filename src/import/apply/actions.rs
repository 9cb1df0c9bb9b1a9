//! Corporate actions: what they are held against, and recording them.

use std::collections::{BTreeMap, BTreeSet};

use super::impact_facts::ImpactFacts;
use super::import_file::InvalidatedCells;
use super::{ApplyError, ImportContext, reason_text};
use crate::domain::SecurityId;
use crate::import::{
    ActionChanges, ActionRow, ExistingRecords, Rows, SplitChange, Validated, validate_actions,
};
use crate::plan::InvalidationCause;
use crate::plan::impact::AffectedCells;
use crate::store::{NewInvalidation, ReadTransaction, StoreError, WriteTransaction};

/// Judges actions against the splits of the securities they name.
pub(super) fn validate(
    reading: &ReadTransaction<'_>,
    rows: &Rows<ActionRow>,
) -> Result<Validated<ActionChanges>, StoreError> {
    let known = ExistingRecords::default().with_securities(reading.securities()?);
    let named: BTreeSet<SecurityId> = (rows.lines.iter())
        .filter_map(|line| line.row.as_ref().ok())
        .filter_map(|row| Some(known.find_security(&row.symbol)?.id))
        .collect();
    let mut splits = Vec::new();
    for security in named {
        splits.extend(reading.splits_of(security)?);
    }
    Ok(validate_actions(rows, &known.with_splits(splits)))
}

/// Sets splits. Each security's are one reason for what they take out of the ledger.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    terms: &ImportContext<'_>,
    changes: ActionChanges,
) -> Result<InvalidatedCells, ApplyError> {
    let splits: Vec<_> = changes.splits.iter().map(|change| change.split).collect();
    writing.set_splits(&splits)?;
    let reach = ImpactFacts::new(writing, terms)?;
    let mut late: BTreeMap<SecurityId, Vec<SplitChange>> = BTreeMap::new();
    for change in changes.splits {
        if reach.is_covered(change.split.day) {
            late.entry(change.split.security).or_default().push(change);
        }
    }
    let reasons = late.into_iter().map(|(security, changes)| {
        let security = reach.security(security)?;
        let (mut touched, mut why) = (AffectedCells::new(), Vec::new());
        for change in &changes {
            touched = touched.union(reach.affected_by_split(security, &change.split)?);
            why.push(reason_text::split(&security.symbol, change));
        }
        Ok::<_, ApplyError>(NewInvalidation {
            cause: InvalidationCause::Action,
            reason: why.join(", "),
            cells: touched.into_cells(),
        })
    });
    writing.invalidate_all(reasons, terms.now)
}
