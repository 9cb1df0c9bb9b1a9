//! Lends connections for reading, and opens them again when another file has taken the database's
//! name.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::active_reads::ActiveReads;
use super::connection;
use super::error::StoreError;
use super::file_pool::FilePool;
use super::file_system::FileId;
use super::location::Location;

/// The reading connections of one database. The last one that is closed empties and removes the log.
#[derive(Debug, Clone)]
pub(super) struct Readers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    location: Location,
    current: Mutex<Current>,
    active: ActiveReads,
}

/// The file that has the name, and the connections to it.
#[derive(Debug, Clone)]
struct Current {
    file: FileId,
    connections: Connections,
}

#[derive(Debug, Clone)]
enum Connections {
    /// The pool for a file of the machine. It opens connections in threads of its own.
    Pool(Arc<FilePool>),
    /// The unused connections on another file system, which the caller opens: in the threads of a
    /// pool, the order of calls there would vary.
    Idle(Arc<Mutex<Vec<Connection>>>),
}

impl Readers {
    /// Prepares reading from a database that is already checked. Opens no connection yet.
    pub(super) fn new(location: &Location) -> Result<Self, StoreError> {
        Ok(Self(Arc::new(Shared {
            location: location.clone(),
            current: Mutex::new(Current::new(location, location.file_id()?)?),
            active: ActiveReads::default(),
        })))
    }

    /// Lends a connection to `work`. In a pool, waits until one is free.
    pub(super) fn lend<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let location = &self.0.location;
        let work = |connection: &mut Connection| {
            let _active = self.0.active.begin(location);
            work(connection)
        };
        let Current { file, connections } = self.0.current()?;
        match connections {
            Connections::Pool(pool) => pool.lend(|connection| {
                // A new one may have opened a file that took the name meanwhile.
                location.ensure_is(file)?;
                work(connection)
            }),
            Connections::Idle(idle) => {
                let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
                let unused = idle().pop();
                let mut lent = unused.map_or_else(|| open(location), Ok)?;
                let done = work(&mut lent);
                // Kept after an error too: the transaction of `work` has ended by then.
                idle().push(lent);
                done
            }
        }
    }

    /// Returns whether a read of this process began before the last commit in the log.
    pub(super) fn has_outdated(&self) -> bool {
        self.0.active.has_outdated(&self.0.location)
    }
}

impl Shared {
    /// Returns the connections to the file that has the name now. Those to the file before are closed
    /// when the last of them is returned.
    fn current(&self) -> Result<Current, StoreError> {
        let file = self.location.file_id()?;
        let lock = || self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().clone();
        if known.file == file {
            return Ok(known);
        }
        drop(known);
        connection::check(&self.location)?;
        let current = Current::new(&self.location, file)?;
        let before = mem::replace(&mut *lock(), current.clone());
        // Dropped without the lock, since a pool waits for its connections.
        drop(before);
        Ok(current)
    }
}

impl Current {
    fn new(location: &Location, file: FileId) -> Result<Self, StoreError> {
        let connections = match location.vfs() {
            None => Connections::Pool(Arc::new(FilePool::new(location.path())?)),
            Some(_) => Connections::Idle(Arc::default()),
        };
        Ok(Self { file, connections })
    }
}

fn open(location: &Location) -> Result<Connection, StoreError> {
    let mut connection = location.connect(connection::read_flags())?;
    connection::prepare_reader(&mut connection)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Instant;

    use rusqlite::Connection;

    use crate::store::{Location, Store, StoreError};

    fn names(store: &Store) -> Result<usize, StoreError> {
        store.read(|reading| Ok(reading.portfolios().all()?.len()))
    }

    #[test]
    fn a_dropped_store_has_closed_all_connections() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("books.db");
        drop(Store::create(path.clone()).unwrap());
        for round in 0..200 {
            let store = Store::open(path.clone()).unwrap();
            assert_eq!(names(&store).unwrap(), 0);
            drop(store);
            assert!(!Location::from(&path).log().exists(), "round {round}");
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
