//! Files of transactions: `id, portfolio, date, kind, symbol?, quantity?, price?, amount?,
//! fee?`.
//!
//! Which of the cells must be filled, and which must not, depends on the kind; that is settled
//! while reading. A transaction is never corrected: the same id says the same, or is refused.

mod judge;
mod read;

pub use judge::{TransactionChanges, judge_transactions};
pub use read::{TransactionRow, read_transactions};
