//! The world that a database was made from, if it was: its name and its time.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use crate::store::columns::Micros;
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// A database that was made from a world stands at that world's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWorld {
    /// What the world is called.
    pub name: String,
    /// What time it is there.
    pub now: DateTime<Utc>,
}

impl ReadTransaction<'_> {
    /// The world this database was made from; nothing for a database of real sources.
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
    /// Says from which world this database is made, and what time it is there.
    pub fn set_world(&self, world: &StoredWorld) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT OR REPLACE INTO world (only, name, now) VALUES (1, ?1, ?2)",
            params![world.name, Micros(world.now)],
        )?;
        Ok(())
    }
}
