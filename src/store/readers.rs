//! Lends connections for reading: a pool for a file of the machine, else connections on demand.

use std::sync::{Arc, Mutex, PoisonError};

use r2d2::Pool;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;

use super::connection;
use super::error::StoreError;
use super::location::Location;

/// Maximum number of connections that read a file at once.
const READERS: u32 = 4;

/// The reading connections of one database.
#[derive(Debug, Clone)]
pub(super) enum Readers {
    /// The pool for a file. It opens connections in threads of its own.
    Pool(Pool<SqliteConnectionManager>),
    /// The unused connections on another file system. A pool would open them in other threads and
    /// wait up to 30 seconds if one fails, so that the order of calls there would vary.
    Idle(Location, Arc<Mutex<Vec<Connection>>>),
}

impl Readers {
    /// Prepares reading from a database that is already checked. Opens no connection yet.
    pub(super) fn new(place: &Location) -> Result<Self, StoreError> {
        if place.file_system().is_some() {
            return Ok(Self::Idle(place.clone(), Arc::default()));
        }
        let manager = SqliteConnectionManager::file(place.path())
            .with_flags(connection::pool_flags())
            .with_init(connection::prepare_reader);
        let pool = Pool::builder()
            .max_size(READERS)
            // A connection reads the whole schema when it is opened, so none is opened before it is
            // needed.
            .min_idle(Some(0))
            // With this test, the pool would run a statement before each read.
            .test_on_check_out(false)
            .build(manager)?;
        Ok(Self::Pool(pool))
    }

    /// Lends a connection to `work`. In a pool, waits until one is free.
    pub(super) fn lend<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Pool(pool) => {
                let mut lent = pool.get().map_err(StoreError::from)?;
                work(&mut lent)
            }
            Self::Idle(place, idle) => {
                let idle = || idle.lock().unwrap_or_else(PoisonError::into_inner);
                let unused = idle().pop();
                let mut lent = unused.map_or_else(|| open(place), Ok)?;
                let done = work(&mut lent);
                // Kept after an error too: the transaction of `work` has ended by then.
                idle().push(lent);
                done
            }
        }
    }
}

fn open(place: &Location) -> Result<Connection, StoreError> {
    let mut connection = place.connect(connection::read_flags())?;
    connection::prepare_reader(&mut connection)?;
    Ok(connection)
}
