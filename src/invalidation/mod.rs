//! Finds the cells that a changed source affects. It must not miss one: a cell that stays in the
//! ledger is not computed again.
//!
//! Pure: sessions, transactions, splits and closes are the input; the output is the set of cells to
//! remove from the ledger, done or not. The cost grows with the transactions of the changed
//! security and with the sessions passed, never with cells: the holders are one bitmap that is
//! updated from session to session.
//!
//! A close affects two things. The price **as of** a session is that close until the next one; it
//! is in the books of all portfolios that hold the security then. The **return** of the session,
//! and that of the next close, stay in every risk figure for the length of its window. The rules
//! are in `docs/invalidation.md`.
//!
//! Sessions are passed as an interval of the calendar that starts one session before the change, if
//! there is one, and ends with the last day of the ledger. An index is a position in this interval.

mod affected_cells;
mod affected_sessions;
mod holding;
mod ownership;
mod price;
#[cfg(test)]
mod sample;
mod source;

pub use affected_cells::AffectedCells;
pub use affected_sessions::{AffectedSessions, CloseSpan};
pub use ownership::Ownership;
pub use price::{affected_by_benchmark_or_factor, affected_by_price, affected_by_rate};
pub use source::{
    affected_by_classification, affected_by_split, affected_by_terms, affected_by_transactions,
};
