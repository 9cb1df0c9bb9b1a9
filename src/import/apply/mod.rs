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
mod intake;
mod lifecycle;
mod portfolios;
mod prices;
mod reach;
mod securities;
mod taken;
mod transactions;
mod wording;

pub use error::IntakeError;
pub use intake::{Declared, Mode, SourceFile, Terms, is_known, take_in};
pub use lifecycle::{LifeError, close, delete, restore};
pub use taken::{Ending, FileKind, Taken};
