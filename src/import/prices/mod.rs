//! Reads and validates files of closing prices, in Plimsoll's own forms and in those of common
//! vendors.
//!
//! [`Shape`] detects the form by the header. Reading gives one row for each price. Validation
//! converts each close to a raw close and compares it with the stored ones.

mod jump;
mod layout;
mod raw;
mod read;
mod shape;
mod symbol;
mod validate;

pub use read::{PriceOptions, PriceRow, PriceRows, read_prices};
pub use shape::{PriceWarning, Shape};
pub use validate::{PriceChanges, PriceRules, validate_prices};
