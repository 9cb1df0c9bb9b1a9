//! Imports files into the sources, with a verdict for each row.
//!
//! **Reading** turns a file's name and bytes into typed rows with their line numbers. It refuses
//! files that are not a known table, such as an HTML page or a quota message, and dates in an
//! ambiguous order. **Validation** compares the rows with the [`ExistingRecords`]; it gives a
//! [`Verdict`] for each row, and the changes that the valid rows make. Both steps are pure: they use
//! no disk and no clock.
//!
//! [`apply`] validates a file and makes its changes in one transaction of the store, together with
//! the invalidations they cause. Invalid rows are held back; a file of transactions is imported
//! completely or not at all. [`inbox`] does all of this for the files of a folder.
//!
//! | file | holds |
//! |---|---|
//! | `options` | the options that a user declares for a file |
//! | `source_text`, `decode` | files → text in UTF-8, within limits |
//! | `content`, `title`, `table`, `dates`, `numbers`, `row_reader` | bytes → text → fields → typed values |
//! | `currency` | currencies and their hundredths |
//! | `error`, `row_error`, `row_error_kind`, `row_hint`, `life_error`, `unbookable_error` | refusals of a file, and of a row, with the next step |
//! | `existing`, `verdict`, `warning` | the records to compare with, and the result of the comparison |
//! | `restatement` | closes and splits that contradict the stored ones by the factor of a split |
//! | `formulas` | texts that a spreadsheet would run as formulas |
//! | `one_row` | a record given field by field, as a file |
//! | `profile`, `profile_error`, `preview` | files of other programs, read by profiles as transactions |
//! | `portfolios`, `securities`, `actions`, `transactions`, `prices` | one kind of file each: read and validate it |
//! | `apply` | make the changes of a file |
//! | `inbox` | import the files of a folder |

mod actions;
pub mod apply;
mod content;
mod currency;
mod dates;
mod decode;
mod error;
mod existing;
mod formulas;
pub mod inbox;
mod life_error;
mod neighbours;
mod numbers;
mod one_row;
mod options;
mod portfolio_checks;
mod portfolios;
mod preview;
pub mod prices;
pub mod profile;
mod profile_error;
mod restatement;
mod row_error;
mod row_error_kind;
mod row_hint;
mod row_reader;
#[cfg(test)]
mod sample;
mod securities;
mod source_text;
mod symbols;
mod table;
mod title;
mod transactions;
mod unbookable_error;
mod verdict;
mod warning;

pub use actions::{ActionChanges, ActionRow, ActionTerms, read_actions, validate_actions};
pub use error::{ImportError, Refusal};
pub use existing::ExistingRecords;
pub use formulas::protect_from_formulas;
pub use life_error::LifeRowError;
pub use one_row::{manual_id, one_row, one_row_options};
pub use options::{
    AdjustedAsOf, Basis, Corrections, DateOrder, DecimalMark, Encoding, ImportOptions, Jumps,
    KnownRows, PriceWarning, Restatements, UnknownRecords, ValidRows, Warnings,
};
pub use portfolios::{
    PORTFOLIO_COLUMNS, PortfolioChanges, PortfolioRow, read_portfolios, validate_portfolios,
};
pub use preview::{Preview, PreviewResult, PreviewRow, preview_export};
pub use prices::{
    PriceChanges, PriceRow, PriceRows, PriceRules, Shape, read_prices, validate_prices,
};
pub use profile_error::{ProfileRefusal, ProfileRowError, Proposed};
pub use restatement::{Restatement, SplitJump, SplitRatio, UnseenSplit};
pub use row_error::RowError;
pub use row_error_kind::RowErrorKind;
pub use row_reader::{Line, OptionalField, Rows};
pub use securities::{
    SECURITY_COLUMNS, SecurityChanges, SecurityRow, read_securities, validate_securities,
};
pub use source_text::{ReadError, read_file};
pub use transactions::{
    TRANSACTION_COLUMNS, TransactionChanges, TransactionRow, read_transactions,
    validate_transactions,
};
pub use unbookable_error::UnbookableError;
pub use verdict::{Counts, LineVerdict, Validated, Verdict};
pub use warning::Warning;
