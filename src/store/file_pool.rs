//! Pools the reading connections of a file, and closes all of them before it is gone.
//!
//! The last connection that is closed empties and removes the log. The pool's own threads share
//! it for a moment after they hand over a new connection, so a command could end before its
//! connections were closed, and leave its log behind.

use std::mem;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use r2d2::{ManageConnection, Pool};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;

use super::connection;
use super::error::StoreError;

/// Maximum number of connections that read a file at once.
const READERS: u32 = 4;
/// Time to wait for the pool's threads, which only have to be scheduled once more.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// A pool of reading connections. Dropping it waits until each is closed.
#[derive(Debug)]
pub(super) struct FilePool {
    /// `None` only while it is dropped.
    pool: Option<Pool<CountedReaders>>,
    open: Arc<OpenCount>,
}

impl FilePool {
    /// Prepares a pool. Opens no connection yet.
    pub(super) fn new(path: &Path) -> Result<Self, StoreError> {
        let open = Arc::<OpenCount>::default();
        let manager = CountedReaders {
            connections: SqliteConnectionManager::file(path)
                // It may write, so that the last connection that is closed can empty and remove
                // the log; `query_only` forbids all else.
                .with_flags(connection::write_flags())
                .with_init(connection::prepare_reader),
            open: Arc::clone(&open),
        };
        let pool = Pool::builder()
            .max_size(READERS)
            // A connection reads the whole schema when it is opened, so none is opened before it is
            // needed.
            .min_idle(Some(0))
            // With this test, the pool would run a statement before each read.
            .test_on_check_out(false)
            .build(manager)?;
        Ok(Self {
            pool: Some(pool),
            open,
        })
    }

    /// Lends a connection to `work`, or waits until one is free. An error of opening one is returned
    /// at once.
    pub(super) fn lend<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let pool = self.pool.as_ref().expect("the pool is not being dropped");
        let mut lent = pool.get().map_err(StoreError::from)?;
        match &mut lent.opened {
            Ok(connection) => work(connection),
            // Any error is as good for the pool, which drops it on return.
            Err(error) => {
                let error = mem::replace(error, rusqlite::Error::InvalidQuery);
                Err(StoreError::from(error).into())
            }
        }
    }
}

impl Drop for FilePool {
    fn drop(&mut self) {
        drop(self.pool.take());
        self.open.wait_for_none();
    }
}

/// Opens reading connections and counts them.
#[derive(Debug)]
pub(super) struct CountedReaders {
    connections: SqliteConnectionManager,
    open: Arc<OpenCount>,
}

/// A connection that is counted until it is closed, or the error of opening it. The pool would retry
/// after an error of its own for 30 seconds, even if the schema is damaged.
#[derive(Debug)]
pub(super) struct CountedConnection {
    opened: rusqlite::Result<Connection>,
    // Declared last, so that it is dropped after the connection.
    _counted: Counted,
}

impl ManageConnection for CountedReaders {
    type Connection = CountedConnection;
    type Error = rusqlite::Error;

    fn connect(&self) -> rusqlite::Result<CountedConnection> {
        // Counted before it is opened, so that a drop meanwhile waits for it too.
        let counted = Counted::new(&self.open);
        Ok(CountedConnection {
            opened: self.connections.connect(),
            _counted: counted,
        })
    }

    fn is_valid(&self, counted: &mut CountedConnection) -> rusqlite::Result<()> {
        match &mut counted.opened {
            Ok(connection) => self.connections.is_valid(connection),
            Err(_) => Ok(()),
        }
    }

    fn has_broken(&self, counted: &mut CountedConnection) -> bool {
        match &mut counted.opened {
            Ok(connection) => self.connections.has_broken(connection),
            Err(_) => true,
        }
    }
}

/// The number of connections that are open or being opened.
#[derive(Debug, Default)]
struct OpenCount {
    count: Mutex<usize>,
    is_lower: Condvar,
}

impl OpenCount {
    fn wait_for_none(&self) {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self
            .is_lower
            .wait_timeout_while(count, CLOSE_WAIT, |count| *count > 0);
        // After the time the log stays, as after a crash; the next command replays it.
        drop(wait);
    }
}

/// One connection in the count.
#[derive(Debug)]
struct Counted(Arc<OpenCount>);

impl Counted {
    fn new(open: &Arc<OpenCount>) -> Self {
        *open.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Self(Arc::clone(open))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        *self.0.count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.is_lower.notify_all();
    }
}
