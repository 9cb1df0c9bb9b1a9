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

mod holding;
mod owners;
mod price;
mod ripple;
#[cfg(test)]
mod sample;
mod source;
mod touched;

pub use owners::Owners;
pub use price::{of_price, of_rate, of_yardstick};
pub use ripple::{Ripple, SetClose};
pub use source::{of_classification, of_entries, of_split, of_terms};
pub use touched::Touched;
