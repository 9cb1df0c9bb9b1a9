//! Files of transactions: `id, portfolio, date, kind, symbol?, quantity?, price?, amount?,
//! fee?`.
//!
//! Which of the cells must be filled, and which must not, depends on the kind; that is settled
//! while reading. A transaction is never corrected: the same id says the same, or is refused.

mod read;
mod validate;

pub use read::{TransactionRow, read_transactions};
pub use validate::{TransactionChanges, validate_transactions};
