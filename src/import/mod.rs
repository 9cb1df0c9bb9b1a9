//! Imports files into the sources, with a verdict for each row.
//!
//! Two steps are pure and one writes. **Reading** turns a file's name and bytes into typed rows with
//! their line numbers. It refuses a body that is not a known table: an HTML page, a quota message,
//! dates whose order is ambiguous. **Validation** compares the rows with the [`ExistingRecords`]; it
//! gives a [`Verdict`] for each row and, if no row is invalid, the changes to make. A file is
//! imported completely or not at all. [`apply`] validates and makes the changes in one transaction
//! of the store, together with the invalidations they cause. Reading and validation use no disk and
//! no clock. [`inbox`] does all of this for the files of a folder.

mod actions;
pub mod apply;
mod content;
mod dates;
mod error;
mod existing;
pub mod inbox;
mod nearest;
mod portfolios;
pub mod prices;
mod row_error;
mod row_reader;
#[cfg(test)]
mod sample;
mod securities;
mod table;
mod transactions;
mod verdict;

pub use actions::{ActionChanges, ActionRow, SplitChange, read_actions, validate_actions};
pub use dates::DateOrder;
pub use error::{ImportError, Refusal};
pub use existing::ExistingRecords;
pub use portfolios::{PortfolioChanges, PortfolioRow, read_portfolios, validate_portfolios};
pub use prices::{
    Basis, Jumps, PriceChanges, PriceOptions, PriceRow, PriceRows, PriceRules, PriceWarning, Shape,
    read_prices, validate_prices,
};
pub use row_error::{RowError, RowErrorKind};
pub use row_reader::{Line, OptionalField, Rows};
pub use securities::{SecurityChanges, SecurityRow, read_securities, validate_securities};
pub use transactions::{
    TransactionChanges, TransactionRow, read_transactions, validate_transactions,
};
pub use verdict::{Change, Correction, Counts, LineVerdict, Validated, Verdict};
