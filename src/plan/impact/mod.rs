//! Which cells of the ledger a changed source touches: exactly those, and never fewer.
//!
//! Pure: sessions, transactions, splits and closes go in, and what to take out of the ledger
//! comes out, whether or not it is done. The cost grows with the transactions of the security that
//! changed and with the sessions in reach, never with cells: who holds what is swept through the
//! sessions as one bitmap.
//!
//! Two things ripple from a close. The price **as of** a session is that close until the next
//! one; it is in the books of all who hold the security then. The **return** of the session, and
//! that of the next close, stay in every figure of risk for as long as its window. The rules are
//! spelled out in `docs/invalidation.md`.
//!
//! Sessions are passed as a stretch of the calendar that starts one session before the change,
//! where there is one, and ends with the last day of the ledger. A place is an index into it.

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
