//! Reads and validates files of securities: `symbol, name?, class?, sector?, currency?,
//! multiplier?, inactive_from?, calendar?, symbol_from?, valid_from?`.
//!
//! The symbol identifies a security, also one that is called otherwise today. An absent column leaves
//! the existing value. With a `valid_from`, class, sector and multiplier change on that day.

mod changes;
mod merge;
mod read;
#[cfg(test)]
mod tests;
mod validate;

pub use changes::SecurityChanges;
pub use read::{SECURITY_COLUMNS, SecurityRow, read_securities};
pub use validate::validate_securities;
