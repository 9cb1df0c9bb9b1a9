//! Reads and validates files of closing prices, in Plimsoll's own forms and in those of common
//! vendors.
//!
//! | file | does |
//! |---|---|
//! | `shape` | define the shapes, and detect them by the header |
//! | `layout` | find the columns of a file |
//! | `journal` | read the prices of hledger and Beancount |
//! | `read`, `price_row` | read a file into one row for each price |
//! | `raw_closes` | convert closes to raw closes, find implausible ones |
//! | `restated` | find closes that a missing split explains |
//! | `validate` | compare the closes with the stored ones |

mod journal;
mod layout;
mod price_row;
mod raw_closes;
mod read;
mod restated;
mod shape;
mod validate;

pub use price_row::PriceRow;
pub use read::{PriceRows, read_prices};
pub use shape::Shape;
pub use validate::{PriceChanges, PriceRules, validate_prices};
