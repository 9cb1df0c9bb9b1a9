//! Transactions, and the macro that gives each subject its part of them.
//!
//! The queries and changes of a subject are methods of two views, one of each kind of transaction:
//! `reading.ledger().done(..)`, `writing.ledger().set_done(..)`. A view that changes also reads.
//! The transactions themselves have only methods that concern the whole database.

use std::ops::Deref;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::derived_tables::is_derived;
use super::error::StoreError;
use super::left_log::renew_identity;
use super::location::Location;

/// A read transaction: all its reads see the same state.
#[derive(Debug, Clone, Copy)]
pub struct ReadTransaction<'c> {
    pub(super) connection: &'c Connection,
}

/// A write transaction, which holds the write lock from its start. It reads its own writes.
#[derive(Debug)]
pub struct WriteTransaction<'c> {
    reading: ReadTransaction<'c>,
}

impl<'c> WriteTransaction<'c> {
    /// Wraps a connection that is in a write transaction.
    pub(super) fn on(connection: &'c Connection) -> Self {
        Self {
            reading: ReadTransaction { connection },
        }
    }
}

impl<'c> Deref for WriteTransaction<'c> {
    type Target = ReadTransaction<'c>;

    fn deref(&self) -> &ReadTransaction<'c> {
        &self.reading
    }
}

/// Defines the views of one subject and the methods of both transactions that return them.
macro_rules! subject {
    ($accessor:ident: $read:ident, $write:ident, $what:literal) => {
        #[doc = concat!("Reads ", $what, ".")]
        #[derive(Debug, Clone, Copy)]
        pub struct $read<'c> {
            pub(in crate::store) connection: &'c rusqlite::Connection,
        }

        #[doc = concat!("Changes and reads ", $what, ".")]
        #[derive(Debug, Clone, Copy)]
        pub struct $write<'c> {
            reading: $read<'c>,
        }

        impl<'c> std::ops::Deref for $write<'c> {
            type Target = $read<'c>;

            fn deref(&self) -> &$read<'c> {
                &self.reading
            }
        }

        impl<'c> crate::store::ReadTransaction<'c> {
            #[doc = concat!("Returns the view that reads ", $what, ".")]
            pub fn $accessor(&self) -> $read<'c> {
                let connection = self.connection;
                $read { connection }
            }
        }

        impl<'c> crate::store::WriteTransaction<'c> {
            #[doc = concat!("Returns the view that changes ", $what, ".")]
            pub fn $accessor(&self) -> $write<'c> {
                let connection = self.connection;
                $write {
                    reading: $read { connection },
                }
            }
        }
    };
}
pub(super) use subject;

impl ReadTransaction<'_> {
    /// Runs SQLite's checks of pages, indexes and foreign keys, and returns one line for each
    /// defect.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let mut lines = Vec::new();
        // 20 bounds the lines of a badly damaged file.
        let mut pages = self.connection.prepare("PRAGMA integrity_check(20)")?;
        for line in pages.query_map([], |row| row.get::<_, String>(0))? {
            lines.push(line?);
        }
        lines.retain(|line| line != "ok");
        // `integrity_check` does not look at foreign keys.
        let mut keys = self.connection.prepare("PRAGMA foreign_key_check")?;
        let broken = keys.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(2)?))
        })?;
        for row in broken {
            let (table, refers_to) = row?;
            // Bookkeeping is repaired, so `unusable_rows` finds it.
            if !is_derived(&table) {
                lines.push(format!(
                    "a row of `{table}` refers to a missing row of `{refers_to}`"
                ));
            }
        }
        Ok(lines)
    }

    /// Copies the state that this transaction sees to a new location, syncs the copy and returns
    /// its size in bytes. The copy gets its name only when it is complete.
    ///
    /// # Errors
    ///
    /// A file exists at `target`, or the copy cannot be written or synced.
    pub fn copy_to(&self, target: impl Into<Location>) -> Result<u64, StoreError> {
        let target = target.into();
        target.create_atomically(|mut copy| {
            // All pages in one step, under the snapshot of this transaction: in WAL mode the copy
            // neither waits for a writer nor delays one.
            Backup::new(self.connection, &mut copy)?.step(-1)?;
            renew_identity(&copy, &target)?;
            // A drop would hide an error of closing.
            copy.close().map_err(|(_, error)| error)?;
            Ok(())
        })
    }
}
