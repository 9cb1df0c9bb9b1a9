//! Lends connections for reading, and opens them again when another file has taken the database's
//! name.
//!
//! The last connection that is closed empties and removes the log. So the thread that needs a
//! connection opens it, and the thread that drops the last handle closes all of them: none is open
//! after a command has ended, and the calls to the disk have the same order each time. The pool,
//! which has a thread of its own, only hands out the slots for them.

use std::convert::Infallible;
use std::mem;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use r2d2::{ManageConnection, PooledConnection};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;
use scheduled_thread_pool::ScheduledThreadPool;

use super::active_reads::ActiveReads;
use super::connection;
use super::error::StoreError;
use super::file_system::FileId;
use super::location::Location;

/// Maximum number of connections that read a file at once.
const READERS: u32 = 4;
/// The thread that makes slots, for the pools of all databases.
static MAKER: LazyLock<Arc<ScheduledThreadPool>> = LazyLock::new(|| {
    let pool = ScheduledThreadPool::builder().num_threads(1);
    Arc::new(pool.thread_name_pattern("readers-{}").build())
});

/// The reading connections of one database.
#[derive(Debug, Clone)]
pub(super) struct Readers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    location: Location,
    current: Mutex<Arc<Pool>>,
    active: ActiveReads,
}

/// The connections to the file that has the name, closed with the last handle of the pool.
#[derive(Debug)]
struct Pool {
    file: FileId,
    connections: SqliteConnectionManager,
    slots: r2d2::Pool<Slots>,
}

impl Readers {
    /// Prepares reading from a database that is already checked. Opens no connection yet.
    pub(super) fn new(location: &Location) -> Result<Self, StoreError> {
        Ok(Self(Arc::new(Shared {
            location: location.clone(),
            current: Mutex::new(Pool::new(location, location.file_id()?)),
            active: ActiveReads::default(),
        })))
    }

    /// Lends a connection to `work`, or waits until one is free.
    pub(super) fn lend<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let pool = self.0.current()?;
        let mut slot = pool.lend()?;
        let connection = match &mut *slot {
            Some(idle) => idle,
            none => none.insert(pool.open(&self.0.location)?),
        };
        let _active = self.0.active.begin(&self.0.location);
        work(connection)
    }

    /// Returns whether a read of this process began before the last commit in the log.
    pub(super) fn has_outdated(&self) -> bool {
        self.0.active.has_outdated(&self.0.location)
    }
}

impl Shared {
    /// Returns the pool of the file that has the name now. Connections to the file before are closed
    /// when the last of them is returned.
    fn current(&self) -> Result<Arc<Pool>, StoreError> {
        let file = self.location.file_id()?;
        let lock = || self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let known = Arc::clone(&lock());
        if known.file == file {
            return Ok(known);
        }
        drop(known);
        connection::check(&self.location)?;
        let current = Pool::new(&self.location, file);
        let before = mem::replace(&mut *lock(), Arc::clone(&current));
        // Closed without the lock: other threads may read the new file meanwhile.
        drop(before);
        Ok(current)
    }
}

impl Pool {
    fn new(location: &Location, file: FileId) -> Arc<Self> {
        // A connection may write, so that the last one that is closed can empty and remove the log;
        // `query_only` forbids all else.
        let connections = location.connections(connection::write_flags());
        let slots = r2d2::Pool::builder()
            .max_size(READERS)
            .min_idle(Some(0))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_on_check_out(false)
            .thread_pool(Arc::clone(&MAKER))
            .build_unchecked(Slots);
        Arc::new(Self {
            file,
            connections: connections.with_init(connection::prepare_reader),
            slots,
        })
    }

    /// Takes a slot, which has a connection if it was used before.
    fn lend(&self) -> Result<PooledConnection<Slots>, StoreError> {
        self.slots.get().map_err(|_| StoreError::ReadersBusy)
    }

    fn open(&self, location: &Location) -> Result<Connection, StoreError> {
        let opened = self.connections.connect();
        let connection = opened.map_err(|error| location.with_path(error))?;
        // Another file may have taken the name meanwhile.
        location.ensure_is(self.file)?;
        Ok(connection)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // The pool's thread may keep the slots for a moment longer. None is lent any more.
        let mut emptied = Vec::new();
        while let Some(mut slot) = self.slots.try_get() {
            drop(slot.take());
            emptied.push(slot);
        }
    }
}

/// Makes the slots of a pool.
#[derive(Debug)]
struct Slots;

impl ManageConnection for Slots {
    /// None until the first user opens the connection.
    type Connection = Option<Connection>;
    type Error = Infallible;

    fn connect(&self) -> Result<Option<Connection>, Infallible> {
        Ok(None)
    }

    fn is_valid(&self, _: &mut Option<Connection>) -> Result<(), Infallible> {
        Ok(())
    }

    fn has_broken(&self, _: &mut Option<Connection>) -> bool {
        false
    }
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
        let shown = format!("{read:?}");
        assert!(shown.contains("malformed database schema"), "{shown}");
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }
}
