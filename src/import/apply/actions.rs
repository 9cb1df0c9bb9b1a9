//! Validates corporate actions against the database and records them.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{ApplyError, ImportContext, InvalidatedCells};
use super::impact_facts::ImpactFacts;
use super::reason_text;
use crate::domain::{InvalidationCause, SecurityId};
use crate::import::actions::{ActionChanges, ActionRow, SplitChange, validate_actions};
use crate::import::existing::ExistingRecords;
use crate::import::row_reader::Rows;
use crate::import::verdict::Validated;
use crate::invalidation::AffectedCells;
use crate::store::{NewInvalidation, ReadTransaction, StoreError, WriteTransaction};

/// Validates actions against the splits of the securities they name.
pub(super) fn validate(
    reading: &ReadTransaction<'_>,
    rows: &Rows<ActionRow>,
) -> Result<Validated<ActionChanges>, StoreError> {
    let known = ExistingRecords::default().with_securities(reading.securities().all()?);
    let named: BTreeSet<SecurityId> = (rows.lines.iter())
        .filter_map(|line| line.row.as_ref().ok())
        .filter_map(|row| Some(known.find_security(&row.symbol)?.id))
        .collect();
    let mut splits = Vec::new();
    for security in named {
        splits.extend(reading.splits().of_security(security)?);
    }
    Ok(validate_actions(rows, &known.with_splits(splits)))
}

/// Sets splits. The splits of one security form one invalidation.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    changes: ActionChanges,
) -> Result<InvalidatedCells, ApplyError> {
    let splits: Vec<_> = changes.splits.iter().map(|change| change.split).collect();
    writing.splits().set(&splits)?;
    // After the write, so that the facts include the new splits.
    let facts = ImpactFacts::new(writing, context)?;
    let mut late: BTreeMap<SecurityId, Vec<SplitChange>> = BTreeMap::new();
    for change in changes.splits {
        if facts.is_covered(change.split.day) {
            late.entry(change.split.security).or_default().push(change);
        }
    }
    let invalidations = late.into_iter().map(|(security, changes)| {
        let security = facts.security(security)?;
        let (mut affected, mut texts) = (AffectedCells::new(), Vec::new());
        for change in &changes {
            affected = affected.union(facts.affected_by_split(security, &change.split)?);
            texts.push(reason_text::split(&security.symbol, change));
        }
        Ok::<_, ApplyError>(NewInvalidation {
            cause: InvalidationCause::Action,
            reason: texts.join(", "),
            cells: affected.into_cells(),
        })
    });
    writing
        .invalidations()
        .invalidate_all(invalidations, context.now)
}
