//! Checks that the shares of the cost that the actions of a day move are at most the whole cost.

use std::collections::BTreeMap;

use super::row::ActionChanges;
use super::terms::SeenActions;
use crate::domain::CorporateAction;
use crate::import::existing::ExistingRecords;
use crate::import::row_error::RowError;

/// Takes out actions whose shares of the cost add up to more than the whole with those of the other
/// actions of the day, as they are after the file: the last of the day, until the rest fits. Returns the
/// errors by line.
pub(super) fn refuse_shares_beyond_cost(
    changes: &mut ActionChanges,
    known: &ExistingRecords,
    seen: &SeenActions,
) -> BTreeMap<u64, RowError> {
    let mut errors = BTreeMap::new();
    loop {
        let is_kept = |stored: &&CorporateAction| {
            let mut changes = changes.actions.iter();
            !changes.any(|change| change.action.key() == stored.key())
        };
        let kept: Vec<_> = known.actions().filter(is_kept).collect();
        let failing = changes.actions.iter().enumerate().rev();
        let mut failing = failing.filter_map(|(at, change)| {
            let new = changes.actions.iter().map(|change| &change.action);
            let others = kept.iter().copied().chain(new);
            let reason = change.action.check_shares(others).err()?;
            Some((at, reason))
        });
        let Some((at, reason)) = failing.next() else {
            return errors;
        };
        let refused = changes.actions.remove(at).action;
        let share = refused.cost_share.map(|share| share.to_string());
        let error = RowError::in_column("cost_share", share.unwrap_or_default(), reason);
        errors.extend(seen.line(&refused.key()).map(|line| (line, error)));
    }
}
