//! Reads and validates files of transactions: `id, portfolio, date, time?, kind, symbol?, quantity?,
//! price?, amount?, fee?, counterpart?, lots?`.
//!
//! The kind decides which fields a row must have and must not have; reading checks this. A row with
//! an existing id must be equal to it, or the user has asked for corrections; else it is refused.

mod doubts;
mod holdings;
mod links;
mod read;
mod unbookable;
mod validate;

pub(super) use doubts::is_held_long;
pub(super) use holdings::{Shortfall, shortfalls};
pub(super) use links::missing_references;
pub use read::{TRANSACTION_COLUMNS, TransactionRow, read_transactions};
pub(super) use read::{is_header, read_translated};
pub(super) use unbookable::is_large;
pub use validate::{TransactionChanges, validate_transactions};
