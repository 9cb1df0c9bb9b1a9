//! Files of closing prices, in our own forms and in those of the usual vendors.
//!
//! [`Shape`] tells them apart by their headers, reading gives one row for each price, and judging
//! turns every close into the raw one before it is held against the books.

mod jump;
mod layout;
mod raw;
mod read;
mod shape;
mod symbol;
mod validate;

pub use read::{PriceOptions, PriceRow, PriceRows, read_prices};
pub use shape::{Basis, PriceWarning, Shape};
pub use validate::{Jumps, PriceChanges, PriceRules, validate_prices};
