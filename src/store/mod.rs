//! All SQL, pragmas, migrations and transactions: the only place that names rusqlite. Connections to
//! PostgreSQL servers, for other programs' databases, are made here too.
//!
//! A [`Store`] is a database in a file, or on a [`FileSystem`] that the caller passes.
//! [`Store::read`] gives a [`ReadTransaction`], which sees one state throughout. [`Writer::write`]
//! gives a [`WriteTransaction`], which holds the write lock from its start and commits as a whole
//! or not at all. Both hand out a view for each subject, such as [`ReadTransaction::ledger`]; the
//! view's methods, one for each query or change, are in the file of the subject.

mod active_reads;
mod alerts;
mod checkpoint;
mod columns;
mod commit;
mod connection;
mod contents;
mod derived_tables;
mod error;
mod failures;
mod file_system;
mod foreign;
mod held_log;
mod invalidations;
mod lease;
mod ledger;
mod left_frames;
mod left_log;
mod location;
mod log_holders;
mod log_mark;
mod machine;
mod migrations;
mod mounts;
mod outputs;
#[cfg(feature = "postgres")]
mod postgres;
mod price_requests;
mod readers;
mod redaction;
mod restore;
mod row_digests;
mod row_hash;
mod runs;
mod scratch;
mod select;
mod sources;
#[expect(clippy::module_inception, reason = "the file is named for the type")]
mod store;
mod tokens;
mod transaction;
mod unusable_rows;
mod verification;

#[cfg(feature = "postgres")]
pub use self::postgres::{LibpqVariables, PostgresError};
#[cfg(feature = "postgres")]
pub(crate) use self::postgres::{
    PasswordInUrl, PasswordRedactor, PostgresConnection, PostgresLogin,
};
pub use alerts::{
    ActiveAlertRow, OutboxMessageRow, ReadAlerts, ReadOutbox, WriteAlerts, WriteOutbox,
};
pub use commit::{Batch, CommitContext, FailedPhase};
pub use contents::{Contents, Difference};
pub use error::StoreError;
pub use failures::{Failure, ReadFailures, WriteFailures};
pub use file_system::{FileId, FileSystem, FileVersion, OpenFile, UnfinishedFile};
pub use foreign::ForeignFile;
#[cfg(feature = "postgres")]
pub(crate) use foreign::{identifier, qualified_identifier};
pub use held_log::HeldLog;
pub use invalidations::{CellInvalidation, ReadInvalidations, WriteInvalidations};
pub use lease::{Lease, LeaseHolder, ReadLease, WriteLease};
pub use ledger::{ReadLedger, WriteLedger};
pub use location::Location;
pub use log_holders::LogLocks;
pub use outputs::{PackedCells, PackedStatistics, ReadOutputs, WriteOutputs};
pub use price_requests::{
    PriceFailureRow, PriceRefusalRow, PriceRequestRow, ReadPriceRequests, WritePriceRequests,
};
#[cfg(feature = "postgres")]
pub use redaction::PostgresUrl;
pub use redaction::redact_passwords;
pub use restore::Restored;
pub use row_digests::ChangedTable;
pub use runs::{NewRun, Progress, ReadRuns, RunNumber, RunRow, RunState, WriteRuns};
#[cfg(feature = "postgres")]
pub(crate) use scratch::{PostgresScratch, ScratchServer};
pub use scratch::{
    RecordedWrite, ScratchRow, ScratchValue, WatchedTable, WriteFault, WriteFaultKind, WriteKind,
};
pub(crate) use scratch::{ScratchConnection, ScratchDatabase, ScratchLocation, SqliteScratch};
pub use sources::{
    ImportRecord, ModelNumber, ReadAcceptedPrices, ReadActionChanges, ReadCalendar, ReadCloses,
    ReadCorporateActions, ReadEntries, ReadImports, ReadPortfolios, ReadRiskModels, ReadSecurities,
    ReadSecurityCalendars, ReadSplits, ReadTransactionChanges, ReplacedClose, Revision,
    StoredWorld, UnpricedCheck, WriteAcceptedPrices, WriteActionChanges, WriteCalendar,
    WriteCloses, WriteCorporateActions, WriteEntries, WriteImports, WritePortfolios,
    WriteRiskModels, WriteSecurities, WriteSecurityCalendars, WriteSplits, WriteTransactionChanges,
};
pub use store::{Store, Writer};
pub use tokens::{ReadTokens, TokenRow, WriteTokens};
pub use transaction::{ReadTransaction, WriteTransaction};
pub use unusable_rows::UnusableRow;
pub use verification::{DamageRow, ReadVerification, VerificationRow, WriteVerification};
