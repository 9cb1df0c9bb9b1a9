//! Splits that are added or corrected late.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::affected_cells::AffectedCells;
use super::affected_sessions::AffectedSessions;
use super::facts::Facts;
use super::freshest_prices::FreshestPrices;
use super::ledger::remove_cells;
use super::ownership::Ownership;
use super::price_uses::affected_by_price_uses;
use crate::domain::{
    ActionName, Calendar, Day, InvalidationCause, NewInvalidation, PhaseCells, PhaseSet,
    PortfolioId, Security, SecurityId, Split, SplitChange, SplitKind, split_terms,
};
use crate::phases::LONGEST_WINDOW;
use crate::store::{StoreError, WriteTransaction};

/// Invalidates the cells that stored splits affect, and returns them. The splits of one security
/// form one invalidation.
///
/// # Errors
///
/// The database cannot be read or written.
pub(crate) fn invalidate_splits(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    splits: &[SplitChange],
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let facts = Facts::new(writing, calendar)?;
    let mut late: BTreeMap<SecurityId, Vec<SplitChange>> = BTreeMap::new();
    for change in splits {
        facts.check_unpriced_from(writing, change.split.day)?;
        if facts.is_covered(change.split.day) {
            late.entry(change.split.security).or_default().push(*change);
        }
    }
    let invalidations = late.into_iter().map(|(security, changes)| {
        let security = facts.security(security)?;
        let (mut affected, mut texts) = (AffectedCells::default(), Vec::new());
        for change in &changes {
            affected = affected.union(affected_by_split(&facts, security, &change.split)?);
            texts.push(reason(&security.symbol, change));
        }
        Ok(NewInvalidation {
            cause: InvalidationCause::Action,
            reason: texts.join(", "),
            cells: affected.into_cells(),
        })
    });
    remove_cells(writing, invalidations, now)
}

/// Invalidates the cells that a deleted split affects, and returns them: those that it would affect if
/// it were added.
///
/// # Errors
///
/// The database cannot be read or written.
pub(crate) fn invalidate_deleted_split(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    (kind, split): (SplitKind, &Split),
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let facts = Facts::new(writing, calendar)?;
    if !facts.is_covered(split.day) {
        return Ok(PhaseCells::new());
    }
    facts.check_unpriced_from(writing, split.day)?;
    let security = facts.security(split.security)?;
    let terms = split_terms(split);
    let (day, symbol) = (split.day, security.symbol_on(split.day));
    let deleted = NewInvalidation {
        cause: InvalidationCause::Action,
        reason: format!(
            "{} {terms} of {symbol} on {day} deleted",
            ActionName::Split(kind)
        ),
        cells: affected_by_split(&facts, security, split)?.into_cells(),
    };
    remove_cells(writing, [Ok(deleted)], now)
}

/// Returns the cells affected by a stored split: those of the portfolios whose quantity differs,
/// and those that use older prices, which the split adjusts.
fn affected_by_split(
    facts: &Facts<'_>,
    security: &Security,
    split: &Split,
) -> Result<AffectedCells, StoreError> {
    facts.affected(|facts| affected_on_sessions(facts, security, split))
}

fn affected_on_sessions(
    facts: &Facts<'_>,
    security: &Security,
    split: &Split,
) -> Result<AffectedCells, StoreError> {
    let owners = facts.ownership(security.id, facts.sessions(split.day)?, |_| true)?;
    let affected = affected_by_unit_price(facts, security, split.day, &owners)?;
    Ok(affected.union(affected_by_quantity(split.day, &owners)))
}

/// Returns the cells that use the price of one unit from before `day`, or its return on that day, where
/// one unit becomes another. `owners` is the ownership from that day on.
pub(super) fn affected_by_unit_price(
    facts: &Facts<'_>,
    security: &Security,
    day: Day,
    owners: &Ownership<'_>,
) -> Result<AffectedCells, StoreError> {
    let sessions = owners.sessions;
    let later = &sessions[sessions.partition_point(|session| *session < day)..];
    let close = facts.reading.closes().first_on(security.id, later)?;
    let changed = AffectedSessions::from_split(sessions, day, close, LONGEST_WINDOW);
    let days = BTreeSet::from([day]);
    let freshest = FreshestPrices::Closes(&days);
    affected_by_price_uses(facts, security, &freshest, &changed, owners)
}

/// Returns all cells, from the session of a split or another action on, of the portfolios that held
/// the security just before it, or moved it on an earlier day that counts on the same session; and
/// those of the receivers of their lots, from the transfer on.
///
/// `owners` includes the split in its new form. The split can decide which of these portfolios hold
/// the security later; it changes no others.
pub(super) fn affected_by_quantity(day: Day, owners: &Ownership<'_>) -> AffectedCells {
    let mut affected = AffectedCells::default();
    let after = &owners.sessions[owners.session_index(day)..];
    let holders = owners.affected_by_split(day);
    affected.add_days(after, PhaseSet::CELL_PHASES, &holders);
    let givers = holders.iter().map(|id| (PortfolioId(id), day));
    for (receiver, day) in owners.receivers(givers) {
        affected.add_portfolio_from(owners.sessions, day, receiver);
    }
    affected
}

/// Describes a split that was added or corrected.
fn reason(symbol: &str, change: &SplitChange) -> String {
    let (day, now) = (change.split.day, split_terms(&change.split));
    let kind = ActionName::Split(change.kind);
    match &change.was {
        Some(was) => {
            let was = split_terms(was);
            format!("{kind} of {symbol} on {day} corrected from {was} to {now}")
        }
        None => format!("{kind} {now} of {symbol} on {day} added late"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Phase, TransactionKind};
    use crate::invalidation::sample::{Table, day, entry, sessions, table};

    use TransactionKind::{Buy, Sell, TransferOut};

    fn split(on: i32) -> Split {
        Split {
            security: SecurityId(1),
            day: day(on),
            new: 2,
            old: 1,
        }
    }

    fn snapshots_affected_by_split(on: i32, entries: &[(u32, i32, TransactionKind, i32)]) -> Table {
        let sessions = sessions(6);
        let entries = entries.iter().map(|fields| entry(*fields));
        let owners = Ownership::new(&sessions, entries, [split(on)]);
        table(&affected_by_quantity(day(on), &owners), Phase::Snapshot, 6)
    }

    #[test]
    fn a_split_affects_prior_owners_from_then_on() {
        let trades = [
            (1, 0, Buy, 5),
            (1, 4, Sell, 10),
            (2, 4, Buy, 5),
            (3, 0, Buy, 5),
            (3, 2, Sell, 5),
        ];
        let ever_after = vec![1];
        let none = Vec::new;
        assert_eq!(
            snapshots_affected_by_split(4, &trades),
            [
                none(),
                none(),
                ever_after.clone(),
                ever_after.clone(),
                ever_after.clone(),
                ever_after
            ]
        );
    }

    #[test]
    fn a_split_affects_a_pending_transfer() {
        // Transferred on a day without a session, so it is valued on the next one, after the split.
        let trades = [(1, 0, Buy, 5), (1, 3, TransferOut, 5)];
        let affected = snapshots_affected_by_split(4, &trades);
        assert_eq!(affected[1..3], [vec![], vec![1]]);
    }

    #[test]
    fn a_split_reason_names_its_ratio() {
        let split_of = |new, old| Split {
            security: SecurityId(1),
            day: "2026-01-05".parse().unwrap(),
            new,
            old,
        };
        let mut change = SplitChange {
            kind: SplitKind::Split,
            was: None,
            split: split_of(2, 1),
        };
        assert_eq!(
            reason("AAPL", &change),
            "split 2:1 of AAPL on 2026-01-05 added late"
        );
        change.was = Some(split_of(3, 2));
        assert_eq!(
            reason("AAPL", &change),
            "split of AAPL on 2026-01-05 corrected from 3:2 to 2:1"
        );
    }
}
