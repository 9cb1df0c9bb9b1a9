//! Finds what changes the price of the same value: splits, and changes of the multiplier.

use std::collections::BTreeMap;

use super::columns::{SessionSplit, Slot};
use super::rates::is_currency_pair;
use crate::domain::{Day, Security, SecurityId, Split};

/// Returns the splits and the changes of multipliers, by slot and ascending by session. `securities`
/// are in the order of their slots, `splits` ascend by day, and `session` finds the session on which
/// events of a day count. One after the last session is never applied.
pub(super) fn session_splits(
    securities: &[Security],
    splits: &[Split],
    slot: impl Fn(SecurityId) -> Option<Slot>,
    session: impl Fn(Day) -> usize,
) -> BTreeMap<usize, Vec<SessionSplit>> {
    let mut by_slot: BTreeMap<usize, Vec<SessionSplit>> = BTreeMap::new();
    for &Split {
        security,
        day,
        new,
        old,
    } in splits
    {
        if let Some(slot) = slot(security) {
            let (session, new, old) = (session(day), new.into(), old.into());
            let split = SessionSplit { session, new, old };
            by_slot.entry(slot.index()).or_default().push(split);
        }
    }
    // A rate is the price of one unit of its currency, whatever the multiplier.
    let securities = securities.iter().enumerate();
    for (slot, security) in securities.filter(|(_, known)| !is_currency_pair(known)) {
        for change in security.multiplier_changes() {
            let (new, old) = change.ratio();
            let session = session(change.day);
            let own = by_slot.entry(slot).or_default();
            own.push(SessionSplit { session, new, old });
            own.sort_by_key(|split| split.session);
        }
    }
    by_slot
}
