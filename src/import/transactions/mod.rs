//! Reads and validates files of transactions: `id, portfolio, date, kind, symbol?, quantity?,
//! price?, amount?, fee?`.
//!
//! The kind decides which fields a row must have and must not have; reading checks this. A
//! transaction is never corrected: a row with an existing id must be equal to it, or is refused.

mod doubts;
mod read;
mod validate;

pub use read::{TransactionRow, read_transactions};
pub use validate::{TransactionChanges, validate_transactions};
