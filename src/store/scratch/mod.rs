//! Scratch databases: SQLite files that a harness makes for the job of another program, fills with
//! rows, and in which triggers record every write of that program.
//!
//! A scratch database has a mark. Files without it are never written, so that a path to a database
//! in use does no harm.

mod file;
#[cfg(test)]
mod tests;
mod values;
mod watch;

pub use file::ScratchFile;
pub use values::{
    RecordedWrite, ScratchRow, ScratchValue, WatchedTable, WriteFault, WriteFaultKind, WriteKind,
};
