//! The doors to one database file: many readers, one writer, each in a transaction.

use std::ops::Deref;
use std::path::Path;
use std::sync::OnceLock;

use rusqlite::{Connection, TransactionBehavior};

use super::readers::Readers;
use super::{Location, SimulatedDisk, StoreError, StoreFault, connection, mounts};

/// A database, to read from any thread. Writing goes through [`Store::writer`].
#[derive(Debug, Clone)]
pub struct Store {
    location: Location,
    readers: Readers,
}

/// The one connection that writes.
#[derive(Debug)]
pub struct Writer {
    location: Location,
    connection: Connection,
}

/// A read transaction: everything read through it is of one state.
#[derive(Debug, Clone, Copy)]
pub struct ReadTransaction<'c> {
    pub(super) connection: &'c Connection,
}

/// A write transaction, which holds the write lock from its start. It reads its own writes.
#[derive(Debug)]
pub struct WriteTransaction<'c> {
    reading: ReadTransaction<'c>,
}

impl<'c> Deref for WriteTransaction<'c> {
    type Target = ReadTransaction<'c>;

    fn deref(&self) -> &ReadTransaction<'c> {
        &self.reading
    }
}

impl Store {
    /// Makes a new database with nothing in it.
    pub fn create(place: impl Into<Location>) -> Result<Self, StoreError> {
        let place = place.into();
        drop(connection::create(&place)?);
        Self::open(place)
    }

    /// Opens a database that exists. One with an older schema is brought up to date.
    pub fn open(place: impl Into<Location>) -> Result<Self, StoreError> {
        let place = place.into();
        match connection::check(&place) {
            Err(StoreError::Older { .. }) => drop(connection::open(&place)?),
            other => other?,
        }
        let readers = Readers::new(&place)?;
        Ok(Self {
            location: place,
            readers,
        })
    }

    /// Where the file is; on a simulated disk, its name there.
    pub fn path(&self) -> &Path {
        self.location.path()
    }

    /// The name of the network file system that the file lies on, if it does: SQLite's locks
    /// can't be trusted there.
    pub fn network_file_system(&self) -> Option<String> {
        match &self.location {
            Location::File(path) => mounts::network_file_system(path),
            Location::Disk(_) => None,
        }
    }

    /// Reads in one transaction.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&ReadTransaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.readers.lend(|connection| {
            let transaction = connection.transaction().map_err(StoreError::from)?;
            work(&ReadTransaction {
                connection: &transaction,
            })
        })
    }

    /// The connection that writes; its log is empty and its schema is up to date.
    pub fn writer(&self) -> Result<Writer, StoreError> {
        Ok(Writer {
            location: self.location.clone(),
            connection: connection::open(&self.location)?,
        })
    }
}

impl SimulatedDisk {
    /// A disk with a database that holds nothing. It is made once; all others are copies.
    pub fn with_new_database() -> Result<Self, StoreError> {
        static FIRST: OnceLock<SimulatedDisk> = OnceLock::new();
        if let Some(first) = FIRST.get() {
            return Ok(first.fork());
        }
        let disk = Self::new();
        drop(Store::create(&disk)?);
        Ok(FIRST.get_or_init(|| disk).fork())
    }
}

impl Writer {
    /// Writes in one transaction that holds the write lock from its start. All of it is kept
    /// when `work` returns well, and nothing of it otherwise.
    pub fn write<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&WriteTransaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let on = |connection| WriteTransaction {
            reading: ReadTransaction { connection },
        };
        if self.location.has_fault(StoreFault::NoTransaction) {
            return work(&on(&self.connection));
        }
        let transaction = self
            .connection
            .transaction_with_behavior(self.behavior())
            .map_err(StoreError::from)?;
        let kept = work(&on(&transaction))?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(kept)
    }

    /// The write lock is taken at the start; anything else is a slip.
    fn behavior(&self) -> TransactionBehavior {
        if self.location.has_fault(StoreFault::DeferredTransaction) {
            TransactionBehavior::Deferred
        } else {
            TransactionBehavior::Immediate
        }
    }

    pub(super) fn has_fault(&self, slip: StoreFault) -> bool {
        self.location.has_fault(slip)
    }

    /// Reads in one transaction, on this connection.
    pub fn read<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&ReadTransaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.connection.transaction().map_err(StoreError::from)?;
        work(&ReadTransaction {
            connection: &transaction,
        })
    }

    /// Empties the write-ahead log into the database. Must succeed after any error of a commit,
    /// before new work: a log whose sync once failed is not to be appended to.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        connection::checkpoint(&self.connection, &self.location)
    }

    /// Where the file is; on a simulated disk, its name there.
    pub fn path(&self) -> &Path {
        self.location.path()
    }

    /// Does to the file what no method here would: for tests that damage it on purpose. How many
    /// rows that touched.
    #[cfg(test)]
    pub(crate) fn damage(&self, sql: &str) -> usize {
        let off = self.connection.pragma_update(None, "foreign_keys", false);
        off.and_then(|()| self.connection.execute(sql, [])).unwrap()
    }
}

impl ReadTransaction<'_> {
    /// Runs SQLite's own checks of pages, indexes and foreign keys; the lines it has to say.
    pub fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let mut said = Vec::new();
        let mut pages = self.connection.prepare("PRAGMA integrity_check(20)")?;
        for line in pages.query_map([], |row| row.get::<_, String>(0))? {
            said.push(line?);
        }
        said.retain(|line| line != "ok");
        let mut keys = self.connection.prepare("PRAGMA foreign_key_check")?;
        let broken = keys.query_map([], |row| {
            let table: String = row.get(0)?;
            let refers_to: String = row.get(2)?;
            Ok(format!("a row of `{table}` refers to no `{refers_to}`"))
        })?;
        for line in broken {
            said.push(line?);
        }
        Ok(said)
    }
}
