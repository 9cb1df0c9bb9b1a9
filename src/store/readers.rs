//! Lends connections for reading: a pool for a file of the machine, else connections on demand.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::connection;
use super::error::StoreError;
use super::file_pool::FilePool;
use super::location::Location;

/// The reading connections of one database.
#[derive(Debug, Clone)]
pub(super) enum Readers {
    /// The pool for a file. It opens connections in threads of its own.
    Pool(Arc<FilePool>),
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
        Ok(Self::Pool(Arc::new(FilePool::new(place.path())?)))
    }

    /// Lends a connection to `work`. In a pool, waits until one is free.
    pub(super) fn lend<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Pool(pool) => {
                let mut lent = pool.get()?;
                work(&mut lent.connection)
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
