//! Files become sources, with a verdict for each row.
//!
//! Two pure steps and one that writes. **Reading** takes a file's name and bytes and gives typed rows with their
//! lines; a body that is no table of ours (a page of HTML, a quota message, dates in an order
//! nobody can tell) is refused here. **Judging** holds the rows against what is [`ExistingRecords`] and
//! gives a [`Verdict`] for each, and the changes to make when all of them stand: all of a file or
//! nothing of it. [`apply`] judges and makes the changes in one transaction of the store, with the
//! invalidations they cause. Reading and judging touch no disk and no clock. [`inbox`] does all of
//! it for the files of a folder.

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
