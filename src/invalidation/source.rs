//! Finds the cells affected by splits, attributes and transactions.

use super::ownership::session_index;
use super::{AffectedCells, AffectedSessions, Ownership, affected_by_price};
use crate::domain::{Day, IdSet, Phase, PhaseSet, PortfolioId, SecurityId};

/// Returns the cells affected by a split on `day` that was added or corrected:
///
/// - all cells from the split's session on, of the portfolios that held the security just before
///   it, or moved it on an earlier day that counts on the same session: their quantity differs;
/// - the cells affected by its `sessions`, because the split adjusts older prices.
///
/// `owners` includes the split in its new form. The split can decide which of these portfolios hold
/// the security later; it changes no others.
pub fn affected_by_split(
    security: SecurityId,
    day: Day,
    sessions: &AffectedSessions,
    owners: &Ownership<'_>,
) -> AffectedCells {
    let mut affected = affected_by_price(security, sessions, owners);
    let after = &owners.sessions[owners.session_index(day)..];
    affected.add_days(after, PhaseSet::CELL_PHASES, &owners.affected_by_split(day));
    affected
}

/// Returns the cells affected by a security's sector or class: exposures and risk of its holders,
/// on every session on which they hold it.
pub fn affected_by_classification(owners: &Ownership<'_>) -> AffectedCells {
    let phases = PhaseSet::from_phase(Phase::Exposures).with(Phase::Risk);
    let mut affected = AffectedCells::new();
    let mut changes = owners.changes();
    let mut holders = IdSet::new();
    for (at, day) in owners.sessions.iter().enumerate() {
        if let Some(change) = changes.remove(&at) {
            holders |= change.started;
            holders -= change.ended;
        }
        affected.add(*day, phases, &holders);
    }
    affected
}

/// Returns the cells affected by a security's multiplier or currency: all cells of the portfolios
/// that ever moved it, from their first movement on, because it changes the cash they paid.
pub fn affected_by_terms(owners: &Ownership<'_>) -> AffectedCells {
    let mut affected = AffectedCells::new();
    for (at, ids) in owners.first_movements() {
        affected.add_days(&owners.sessions[at..], PhaseSet::CELL_PHASES, &ids);
    }
    affected
}

/// Returns all cells of a portfolio from `first` on: those affected by added transactions of which
/// the earliest is dated `first`, or by the portfolio's currency if `first` is not after its first
/// day.
pub fn affected_by_transactions(
    portfolio: PortfolioId,
    first: Day,
    sessions: &[Day],
) -> AffectedCells {
    let mut affected = AffectedCells::new();
    let after = &sessions[session_index(sessions, first)..];
    affected.add_days(after, PhaseSet::CELL_PHASES, &IdSet::from([portfolio.0]));
    affected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Split, TransactionKind};
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
        let affected = AffectedSessions::from_split(&sessions, day(on), Some(day(on)), 1);
        table(
            &affected_by_split(SecurityId(1), day(on), &affected, &owners),
            Phase::Snapshot,
            6,
        )
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
    fn class_affects_held_sessions_and_multiplier_affects_all_since_first_trade() {
        let sessions = sessions(5);
        let trades = [(1, 2, Buy, 5), (1, 6, Sell, 5)].map(entry);
        let owners = Ownership::new(&sessions, trades, []);
        let (none, held) = (Vec::new, vec![1]);
        let class = affected_by_classification(&owners);
        let while_held = [none(), held.clone(), held.clone(), none(), none()];
        assert_eq!(table(&class, Phase::Risk, 5), while_held);
        assert_eq!(table(&class, Phase::Exposures, 5), while_held);
        assert!(table(&class, Phase::Snapshot, 5).concat().is_empty());
        let terms = table(&affected_by_terms(&owners), Phase::Positions, 5);
        assert_eq!(
            terms,
            [none(), held.clone(), held.clone(), held.clone(), held]
        );
    }

    #[test]
    fn a_transaction_on_a_day_without_a_session_counts_on_the_next() {
        let affected = affected_by_transactions(PortfolioId(3), day(3), &sessions(4));
        let three = vec![3];
        assert_eq!(
            table(&affected, Phase::Risk, 4),
            [vec![], vec![], three.clone(), three]
        );
        let beyond = affected_by_transactions(PortfolioId(3), day(9), &sessions(4));
        assert!(beyond.is_empty());
    }
}
