//! Bringing judged changes into the store, with the invalidations that they cause.
//!
//! One file is one write transaction: in it the file is judged against the books as they are then,
//! its rows are recorded, everything that they touch leaves the ledger, and the revision of the
//! sources is counted up, so that a run at work notices. Nothing slips in between, and nothing of
//! a refused file or a dry run stays.
//!
//! | file | does |
//! |---|---|
//! | `intake` | one file, from bytes to what was taken |
//! | `portfolios`, `securities`, `actions`, `prices`, `transactions` | what is known, and what to change, by kind of file |
//! | `reach`, `wording` | what a change takes out of the ledger, and why |
//! | `lifecycle` | deleting, restoring and closing a portfolio |

mod actions;
mod error;
mod impact_facts;
mod import_file;
mod import_result;
mod lifecycle;
mod portfolios;
mod prices;
mod reason_text;
mod securities;
mod transactions;

pub use error::ApplyError;
pub use import_file::{ImportContext, ImportOptions, Mode, SourceFile, import_file, was_imported};
pub use import_result::{FileKind, ImportResult, ImportStatus};
pub use lifecycle::{LifecycleChangeError, close, delete, restore};
