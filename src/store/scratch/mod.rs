//! Scratch databases: those that a harness makes for the job of another program, fills with rows, and
//! in which triggers record every write of that program. They are SQLite files, or databases of a
//! PostgreSQL server.
//!
//! A scratch database has a mark. Databases without it are never written, so that a path or URL of a
//! database in use does no harm.

mod database;
mod file;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod statements;
#[cfg(test)]
mod tests;
mod values;
mod watch;

#[cfg(feature = "postgres")]
pub(crate) use self::postgres::{PostgresScratch, ScratchServer};
pub(crate) use database::{ScratchConnection, ScratchDatabase, ScratchLocation};
pub(crate) use sqlite::SqliteScratch;
pub use values::{
    RecordedWrite, ScratchRow, ScratchValue, WatchedTable, WriteFault, WriteFaultKind, WriteKind,
};
