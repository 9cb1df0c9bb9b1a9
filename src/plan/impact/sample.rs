//! Sessions and movements for the tests of this folder: a session every second day, so that there
//! are days between them.

use super::AffectedCells;
use crate::domain::{
    Day, Money, Phase, PortfolioId, Quantity, SecurityId, Transaction, TransactionKind,
};

/// The subjects of a phase, session by session.
pub(super) type Table = Vec<Vec<u32>>;

/// A day; the even ones are sessions.
pub(super) fn day(number: i32) -> Day {
    Day::MIN.saturating_add(number)
}

/// So many sessions.
pub(super) fn sessions(count: i32) -> Vec<Day> {
    (0..count).map(|at| day(2 * at)).collect()
}

/// A movement of security 1 by a portfolio on a day, without price or amount.
pub(super) fn entry(
    (portfolio, on, kind, quantity): (u32, i32, TransactionKind, i32),
) -> Transaction {
    Transaction {
        portfolio: PortfolioId(portfolio),
        day: day(on),
        kind,
        security: Some(SecurityId(1)),
        quantity: Quantity::whole(quantity),
        price: None,
        amount: None,
        fee: Money::ZERO,
        reference: format!("{portfolio} {on} {kind} {quantity}"),
    }
}

/// What is touched of a phase.
pub(super) fn table(touched: &AffectedCells, phase: Phase, sessions_of_it: i32) -> Table {
    let cells = touched.clone().into_cells();
    let who = |session: &Day| cells.get(&(*session, phase));
    let list = |session| who(&session).map_or(Vec::new(), |who| who.iter().collect());
    sessions(sessions_of_it).into_iter().map(list).collect()
}
