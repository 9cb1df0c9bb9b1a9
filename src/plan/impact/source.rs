//! What splits, attributes and transactions touch.

use super::ownership::session_index;
use super::{AffectedCells, AffectedSessions, Ownership, affected_by_price};
use crate::domain::{Day, IdSet, Phase, PhaseSet, PortfolioId, SecurityId};

/// What a split on `day` touches that was added or corrected: for those who owned before it
/// everything from its session on, because what they hold is another quantity ever after; and what
/// its ripple touches, since the price before it is carried through it.
///
/// `owners` know the split as it is from now on. Who owns later may depend on it, but only among
/// those who owned before.
pub fn affected_by_split(
    security: SecurityId,
    day: Day,
    ripple: &AffectedSessions,
    owners: &Ownership<'_>,
) -> AffectedCells {
    let mut touched = affected_by_price(security, ripple, owners);
    let after = &owners.sessions[owners.session_index(day)..];
    touched.add_days(after, PhaseSet::CELL_PHASES, &owners.affected_by_split(day));
    touched
}

/// What a security's sector or class touches: weights and stress results of those who own it, on
/// every session on which they do.
pub fn affected_by_classification(owners: &Ownership<'_>) -> AffectedCells {
    let phases = PhaseSet::from_phase(Phase::Exposures).with(Phase::Risk);
    let mut touched = AffectedCells::new();
    let mut turns = owners.changes();
    let mut held = IdSet::new();
    for (at, day) in owners.sessions.iter().enumerate() {
        if let Some(turn) = turns.remove(&at) {
            held |= turn.started;
            held -= turn.ended;
        }
        touched.add(*day, phases, &held);
    }
    touched
}

/// What a security's multiplier or currency touches: everything of those who ever moved it, from
/// their first movement on, because it is in what they paid.
pub fn affected_by_terms(owners: &Ownership<'_>) -> AffectedCells {
    let mut touched = AffectedCells::new();
    for (at, who) in owners.first_movements() {
        touched.add_days(&owners.sessions[at..], PhaseSet::CELL_PHASES, &who);
    }
    touched
}

/// What a portfolio's transactions touch that were added on `first` and later, or its currency,
/// which counts from its first day: everything of it from there on.
pub fn affected_by_transactions(
    portfolio: PortfolioId,
    first: Day,
    sessions: &[Day],
) -> AffectedCells {
    let mut touched = AffectedCells::new();
    let after = &sessions[session_index(sessions, first)..];
    touched.add_days(after, PhaseSet::CELL_PHASES, &IdSet::from([portfolio.0]));
    touched
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Split, TransactionKind};
    use crate::plan::impact::sample::{Table, day, entry, sessions, table};

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
        let entries = entries.iter().map(|one| entry(*one));
        let owners = Ownership::new(&sessions, entries, [split(on)]);
        let ripple = AffectedSessions::from_split(&sessions, day(on), Some(day(on)), 1);
        table(
            &affected_by_split(SecurityId(1), day(on), &ripple, &owners),
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
        // Out on a day without a session, and valued on the next one by what it became.
        let trades = [(1, 0, Buy, 5), (1, 3, TransferOut, 5)];
        let touched = snapshots_affected_by_split(4, &trades);
        assert_eq!(touched[1..3], [vec![], vec![1]]);
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
        let touched = affected_by_transactions(PortfolioId(3), day(3), &sessions(4));
        let three = vec![3];
        assert_eq!(
            table(&touched, Phase::Risk, 4),
            [vec![], vec![], three.clone(), three]
        );
        let beyond = affected_by_transactions(PortfolioId(3), day(9), &sessions(4));
        assert!(beyond.is_empty());
    }
}
