//! Stores the world that a database was made from: its name and its time.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use crate::store::columns::Micros;
use crate::store::error::StoreError;
use crate::store::transaction::{ReadTransaction, WriteTransaction};

/// The world that a database was made from. Its time replaces that of the machine, so that the
/// sessions after it are not reported as missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWorld {
    /// Name of the world.
    pub name: String,
    /// Time at which the world stands still.
    pub now: DateTime<Utc>,
}

impl ReadTransaction<'_> {
    /// Returns the world of this database; `None` for one of real sources.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn world(&self) -> Result<Option<StoredWorld>, StoreError> {
        Ok(self
            .connection
            .query_row("SELECT name, now FROM world", [], |row| {
                Ok(StoredWorld {
                    name: row.get(0)?,
                    now: row.get::<_, Micros>(1)?.0,
                })
            })
            .optional()?)
    }
}

impl WriteTransaction<'_> {
    /// Stores the name and time of the world that this database is made from.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn set_world(&self, world: &StoredWorld) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT OR REPLACE INTO world (only, name, now) VALUES (1, ?1, ?2)",
            params![world.name, Micros(world.now)],
        )?;
        Ok(())
    }
}
