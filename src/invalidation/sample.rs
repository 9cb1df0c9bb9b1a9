//! Builds sessions and movements for the tests of this folder. There is a session every second day,
//! so that tests can use days between sessions.

use super::affected_cells::AffectedCells;
use crate::domain::{Day, Phase, PortfolioId, Quantity, SecurityId, Transaction, TransactionKind};

/// The ids of a phase, session by session.
pub(super) type Table = Vec<Vec<u32>>;

/// Returns the day with this number; even days are sessions.
pub(super) fn day(number: i32) -> Day {
    Day::MIN.saturating_add(number)
}

/// Returns the first `count` sessions.
pub(super) fn sessions(count: i32) -> Vec<Day> {
    (0..count).map(|at| day(2 * at)).collect()
}

/// Builds a movement of security 1 by a portfolio on a day, without price or amount.
pub(super) fn entry(
    (portfolio, on, kind, quantity): (u32, i32, TransactionKind, i32),
) -> Transaction {
    Transaction {
        security: Some(SecurityId(1)),
        quantity: Quantity::whole(quantity),
        reference: format!("{portfolio} {on} {kind} {quantity}"),
        ..Transaction::new(PortfolioId(portfolio), day(on), kind)
    }
}

/// Returns the affected ids of a phase, for the first `count` sessions.
pub(super) fn table(affected: &AffectedCells, phase: Phase, count: i32) -> Table {
    let cells = affected.clone().into_cells();
    let ids = |session: &Day| cells.get(&(*session, phase));
    let list = |session| ids(&session).map_or(Vec::new(), |ids| ids.iter().collect());
    sessions(count).into_iter().map(list).collect()
}
