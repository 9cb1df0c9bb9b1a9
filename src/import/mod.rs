//! Files become sources, with a verdict for each row.
//!
//! Two pure steps and one that writes. **Reading** takes a file's name and bytes and gives typed rows with their
//! lines; a body that is no table of ours (a page of HTML, a quota message, dates in an order
//! nobody can tell) is refused here. **Judging** holds the rows against what is [`Known`] and
//! gives a [`Verdict`] for each, and the changes to make when all of them stand: all of a file or
//! nothing of it. [`apply`] judges and makes the changes in one transaction of the store, with the
//! invalidations they cause. Reading and judging touch no disk and no clock. [`inbox`] does all of
//! it for the files of a folder.

mod actions;
pub mod apply;
mod cells;
mod content;
mod dates;
mod error;
mod flaw;
pub mod inbox;
mod known;
mod near;
mod portfolios;
pub mod prices;
#[cfg(test)]
mod sample;
mod securities;
mod table;
mod transactions;
mod verdict;

pub use actions::{ActionChanges, ActionRow, SplitChange, judge_actions, read_actions};
pub use cells::{Line, Rows, Said};
pub use dates::DateOrder;
pub use error::{ImportError, Refusal};
pub use flaw::{Flaw, Reason};
pub use known::Known;
pub use portfolios::{PortfolioChanges, PortfolioRow, judge_portfolios, read_portfolios};
pub use prices::{
    Basis, Caution, Jumps, PriceChanges, PriceOptions, PriceRow, PriceRows, PriceRules, Shape,
    judge_prices, read_prices,
};
pub use securities::{SecurityChanges, SecurityRow, judge_securities, read_securities};
pub use transactions::{TransactionChanges, TransactionRow, judge_transactions, read_transactions};
pub use verdict::{Change, Correction, Counts, Judged, LineVerdict, Verdict};
