//! Corporate actions: what they are held against, and recording them.

use std::collections::{BTreeMap, BTreeSet};

use super::intake::TakenOut;
use super::reach::Reach;
use super::{IntakeError, Terms, wording};
use crate::domain::SecurityId;
use crate::import::{ActionChanges, ActionRow, Judged, Known, Rows, SplitChange, judge_actions};
use crate::plan::InvalidationCause;
use crate::plan::impact::AffectedCells;
use crate::store::{NewInvalidation, ReadTransaction, StoreError, WriteTransaction};

/// Judges actions against the splits of the securities they name.
pub(super) fn judge(
    reading: &ReadTransaction<'_>,
    rows: &Rows<ActionRow>,
) -> Result<Judged<ActionChanges>, StoreError> {
    let known = Known::default().with_securities(reading.securities()?);
    let named: BTreeSet<SecurityId> = (rows.lines.iter())
        .filter_map(|line| line.row.as_ref().ok())
        .filter_map(|row| Some(known.find_security(&row.symbol)?.id))
        .collect();
    let mut splits = Vec::new();
    for security in named {
        splits.extend(reading.splits_of(security)?);
    }
    Ok(judge_actions(rows, &known.with_splits(splits)))
}

/// Sets splits. Each security's are one reason for what they take out of the ledger.
pub(super) fn apply(
    writing: &WriteTransaction<'_>,
    terms: &Terms<'_>,
    changes: ActionChanges,
) -> Result<TakenOut, IntakeError> {
    let splits: Vec<_> = changes.splits.iter().map(|change| change.split).collect();
    writing.set_splits(&splits)?;
    let reach = Reach::new(writing, terms)?;
    let mut late: BTreeMap<SecurityId, Vec<SplitChange>> = BTreeMap::new();
    for change in changes.splits {
        if reach.covers(change.split.day) {
            late.entry(change.split.security).or_default().push(change);
        }
    }
    let reasons = late.into_iter().map(|(security, changes)| {
        let security = reach.security(security)?;
        let (mut touched, mut why) = (AffectedCells::new(), Vec::new());
        for change in &changes {
            touched = touched.union(reach.of_split(security, &change.split)?);
            why.push(wording::split(&security.symbol, change));
        }
        Ok::<_, IntakeError>(NewInvalidation {
            cause: InvalidationCause::Action,
            reason: why.join(", "),
            cells: touched.into_cells(),
        })
    });
    writing.invalidate_all(reasons, terms.now)
}
