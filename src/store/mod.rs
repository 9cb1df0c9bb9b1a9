//! All SQL, pragmas, migrations and transactions: the only place that names rusqlite.
//!
//! A [`Store`] is a database in a file or on a [simulated disk](disk). [`Store::read`] gives a
//! [`ReadTransaction`], which sees one state throughout. [`Writer::write`] gives a
//! [`WriteTransaction`], which holds the write lock from its start and commits as a whole or not at
//! all. Both have one method for each query or change; each file here adds those of one subject.

mod alerts;
mod backup;
mod columns;
mod commit;
mod connection;
mod contents;
pub mod disk;
mod error;
mod failures;
mod faults;
mod foreign;
mod invalidations;
mod lease;
mod ledger;
mod location;
mod migrations;
mod mounts;
mod outputs;
mod readers;
mod runs;
mod sources;
#[expect(clippy::module_inception, reason = "the file is named for the type")]
mod store;
mod tokens;

pub use alerts::{ActiveAlertRow, OutboxMessageRow};
pub use commit::{Batch, CommitContext, FailedPhase};
pub use contents::{Contents, Difference};
pub use disk::SimulatedDisk;
pub use error::StoreError;
pub use failures::Failure;
pub use faults::StoreFault;
pub use foreign::ForeignFile;
pub use invalidations::{CellInvalidation, NewInvalidation};
pub use lease::{Lease, LeaseHolder};
pub use location::Location;
pub use outputs::{PackedCells, PackedStatistics, RawRows};
pub use runs::{NewRun, Progress, RunNumber, RunRow, RunState};
pub use sources::{ImportRecord, ModelNumber, Revision, StoredWorld};
pub use store::{ReadTransaction, Store, WriteTransaction, Writer};
pub use tokens::TokenRow;
