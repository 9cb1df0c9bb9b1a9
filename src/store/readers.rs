//! Lends connections for reading, and opens them again when another file has taken the database's
//! name.
//!
//! A connection is opened by the caller that needs it, on a file of the machine and elsewhere, so an
//! error of opening is returned at once.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::connection;
use super::error::StoreError;
use super::location::{FileId, Location};

/// Maximum number of connections that read a file at once. On a file system of its own there is no
/// maximum: a wait there would stop threads that take turns.
const MAX_READERS: usize = 4;
/// Time to wait for a connection while all are in use.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The reading connections of one database. The last one that is closed empties and removes the log.
#[derive(Debug, Clone)]
pub(super) struct Readers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    location: Location,
    connections: Mutex<Connections>,
    is_returned: Condvar,
}

#[derive(Debug)]
struct Connections {
    /// The file that the connections read.
    file: FileId,
    idle: Vec<Connection>,
    lent: usize,
}

impl Readers {
    /// Prepares reading from a database that is already checked. Opens no connection yet.
    pub(super) fn new(location: &Location) -> Result<Self, StoreError> {
        Ok(Self(Arc::new(Shared {
            location: location.clone(),
            connections: Mutex::new(Connections {
                file: location.file_id()?,
                idle: Vec::new(),
                lent: 0,
            }),
            is_returned: Condvar::new(),
        })))
    }

    /// Lends a connection to `work`, or waits until one is free.
    pub(super) fn lend<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut lent = self.0.take()?;
        // Returned after an error too: the transaction of `work` has ended by then.
        work(
            lent.connection
                .as_mut()
                .expect("it is returned by the drop"),
        )
    }
}

impl Shared {
    fn take(&self) -> Result<Lent<'_>, StoreError> {
        let file = self.location.file_id()?;
        self.follow(file)?;
        let mut connections = self.wait_for_free()?;
        connections.lent += 1;
        let idle = connections.idle.pop();
        // From here on, the drop of `lent` counts it as returned.
        let mut lent = Lent {
            shared: self,
            connection: idle,
            file: connections.file,
        };
        drop(connections);
        if lent.connection.is_none() {
            lent.connection = Some(self.open()?);
            // It may have opened a file that took the name meanwhile.
            self.location.ensure_is(file)?;
        }
        Ok(lent)
    }

    /// Closes the connections to the file before, if another database has its name now.
    fn follow(&self, file: FileId) -> Result<(), StoreError> {
        if self.connections().file == file {
            return Ok(());
        }
        connection::check(&self.location)?;
        let mut connections = self.connections();
        connections.file = file;
        connections.idle.clear();
        Ok(())
    }

    fn wait_for_free(&self) -> Result<MutexGuard<'_, Connections>, StoreError> {
        let connections = self.connections();
        if self.location.file_system().is_some() {
            return Ok(connections);
        }
        let waited = self
            .is_returned
            .wait_timeout_while(connections, MAX_WAIT, |found| found.lent >= MAX_READERS);
        let (connections, wait) = waited.unwrap_or_else(PoisonError::into_inner);
        match wait.timed_out() {
            true => Err(StoreError::NoReader(MAX_WAIT)),
            false => Ok(connections),
        }
    }

    fn open(&self) -> Result<Connection, StoreError> {
        // On the machine it may write, so that the last connection that is closed can empty and
        // remove the log; `query_only` forbids all else.
        let flags = match self.location.file_system() {
            None => connection::write_flags(),
            Some(_) => connection::read_flags(),
        };
        let mut connection = self.location.connect(flags)?;
        connection::prepare_reader(&mut connection)?;
        Ok(connection)
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that is returned when it is dropped.
struct Lent<'s> {
    shared: &'s Shared,
    connection: Option<Connection>,
    /// The file that the connection reads.
    file: FileId,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let connection = self.connection.take();
        let mut connections = self.shared.connections();
        connections.lent -= 1;
        if connections.file == self.file {
            connections.idle.extend(connection);
        }
        drop(connections);
        self.shared.is_returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Instant;

    use rusqlite::Connection;

    use crate::store::left_log::log_path;
    use crate::store::{Store, StoreError};

    fn names(store: &Store) -> Result<usize, StoreError> {
        store.read(|reading| Ok(reading.portfolios().all()?.len()))
    }

    #[test]
    fn a_dropped_store_has_closed_all_connections() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("books.db");
        drop(Store::create(path.clone()).unwrap());
        for round in 0..50 {
            let store = Store::open(path.clone()).unwrap();
            assert_eq!(names(&store).unwrap(), 0);
            drop(store);
            assert!(!log_path(&path).exists(), "round {round}");
        }
    }

    #[test]
    fn readers_follow_a_replaced_file_and_miss_a_deleted_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("books.db");
        let other = folder.path().join("other.db");
        let store = Store::create(path.clone()).unwrap();
        assert_eq!(names(&store).unwrap(), 0);
        drop(Store::create(other.clone()).unwrap());
        add_portfolio(&other);
        std::fs::rename(&other, &path).unwrap();
        assert_eq!(names(&store).unwrap(), 1);
        std::fs::remove_file(&path).unwrap();
        let deleted = names(&store);
        assert!(matches!(deleted, Err(StoreError::Moved(_))), "{deleted:?}");
    }

    fn add_portfolio(path: &Path) {
        let connection = Connection::open(path).unwrap();
        let columns = "INSERT INTO portfolio (id, key, name, currency, inception)";
        let values = "VALUES (1, '7f8d6a4e-4b5f-5a3e-8e0a-2d1c0b9a8f7e', 'A', 'USD', 20000)";
        connection
            .execute(&format!("{columns} {values}"), [])
            .unwrap();
    }

    #[test]
    fn a_damaged_schema_is_an_error_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("books.db");
        let store = Store::create(path.clone()).unwrap();
        drop(store);
        let connection = Connection::open(&path).unwrap();
        let sql = "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE ' || name \
                   WHERE type = 'table' AND name = 'portfolio'";
        connection.execute_batch(sql).unwrap();
        drop(connection);
        #[expect(clippy::disallowed_methods, reason = "the test measures a wait")]
        let start = Instant::now();
        let store = Store::open(path).unwrap();
        let read = names(&store).unwrap_err();
        assert!(read.is_damaged(), "{read:?}");
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }
}
