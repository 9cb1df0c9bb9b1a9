//! All SQL, pragmas, migrations and transactions: the only place that names rusqlite.
//!
//! [`Store`] is a database file. [`Store::read`] gives a [`Reading`], a transaction in which
//! everything is of one state; [`Writer::write`] gives a [`Writing`], which holds the write lock
//! from its start and is kept whole or not at all. What can be read and written is said by
//! methods on the two, one subject a file.

mod columns;
mod connection;
mod error;
mod failures;
mod lease;
mod ledger;
mod migrations;
mod runs;
#[expect(clippy::module_inception, reason = "the file is named for the type")]
mod store;

pub use error::StoreError;
pub use failures::Failure;
pub use lease::{Lease, LeaseHolder};
pub use runs::{Progress, RunNumber, RunRow, RunStart, RunState};
pub use store::{Reading, Store, Writer, Writing};
