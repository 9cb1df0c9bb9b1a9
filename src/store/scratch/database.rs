//! Defines scratch databases of all kinds, and connections to them.

use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

use super::values::{RecordedWrite, ScratchRow, ScratchValue, WatchedTable, WriteFault};
use crate::store::error::StoreError;
#[cfg(feature = "postgres")]
use crate::store::postgres::PostgresLogin;

/// A scratch database. It is removed when the value is dropped.
pub(crate) trait ScratchDatabase: Debug + Send + Sync {
    /// Returns the place at which other programs find the database.
    fn location(&self) -> ScratchLocation<'_>;

    /// Runs the script that makes the tables.
    fn run_script(&self, script: &str) -> Result<(), StoreError>;

    /// Connects to the database before it has its mark.
    fn connect_unmarked(&self) -> Result<Box<dyn ScratchConnection>, StoreError>;

    /// Connects to the database, which must have its mark.
    fn connect(&self) -> Result<Box<dyn ScratchConnection>, StoreError>;

    /// Copies the database with its rows. No other program may be connected to it.
    fn copy(&self) -> Result<Box<dyn ScratchDatabase>, StoreError>;

    /// Waits until no other program is connected, and disconnects those that still are after
    /// `grace`. Until then a server may still execute a statement of a process that was killed.
    fn end_sessions(&self, grace: Duration) -> Result<(), StoreError>;

    /// Returns whether another program is in a write now. It does not notice the question.
    fn is_in_write(&self) -> Result<bool, StoreError>;

    /// Returns whether [`Self::is_in_write`] sees the armed fault and no other write.
    fn sees_fault(&self) -> bool;

    /// Removes the password of the server from an output.
    fn redacted(&self, output: String) -> String;
}

/// The place of a scratch database.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ScratchLocation<'d> {
    /// A SQLite file, by its path.
    File(&'d Path),
    /// A database of a PostgreSQL server, by its name.
    #[cfg(feature = "postgres")]
    Postgres(&'d PostgresLogin, &'d str),
}

/// The error of an insertion, with the row that the database refused, if it was one.
pub(crate) type InsertError = (StoreError, Option<ScratchRow>);

/// A connection to a scratch database.
pub(crate) trait ScratchConnection {
    /// Marks the database, and records the writes to these tables from now on.
    fn mark(&mut self, watched: &[WatchedTable]) -> Result<(), StoreError>;

    /// Returns the tables with their columns, the views, and the triggers that record writes, as a text
    /// that changes with them.
    fn schema(&mut self) -> Result<String, StoreError>;

    /// Returns whether a name is that of a view.
    fn is_view(&mut self, table: &str) -> Result<bool, StoreError>;

    /// Inserts rows in one transaction, in any order of their foreign keys.
    fn insert(&mut self, rows: &[ScratchRow]) -> Result<(), InsertError>;

    /// Sets a column of the rows that have a key.
    fn update(
        &mut self,
        table: &str,
        value: (&str, &ScratchValue),
        key: (&str, &ScratchValue),
    ) -> Result<(), StoreError>;

    /// Keeps other connections from writing until this one is dropped. They can read.
    fn lock_writes(&mut self) -> Result<(), StoreError>;

    /// Forgets the recorded writes, and arms a fault or none.
    fn prepare_run(&mut self, fault: Option<WriteFault>) -> Result<(), StoreError>;

    /// Returns the committed writes since [`Self::prepare_run`], in their order.
    fn writes(&mut self) -> Result<Vec<RecordedWrite>, StoreError>;
}
