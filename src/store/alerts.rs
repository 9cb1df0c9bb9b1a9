//! What is wrong as far as it was told, and what is still to be told to the outside.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::columns::{Micros, StoredSet};
use super::{ReadTransaction, StoreError, WriteTransaction};
use crate::domain::IdSet;

/// A trouble that was told and is not over.
#[derive(Debug, Clone, PartialEq)]
pub struct ActiveAlertRow {
    /// Which.
    pub kind: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Which portfolios it concerns; none where it concerns all of them.
    pub portfolios: IdSet,
}

/// A letter to the outside that was not taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMessageRow {
    /// Inside.
    pub id: i64,
    /// When it was written.
    pub created: DateTime<Utc>,
    /// To whom.
    pub channel: String,
    /// What it says.
    pub content: String,
    /// How often it was sent in vain.
    pub attempts: u32,
    /// Not to be sent before then.
    pub next_attempt: DateTime<Utc>,
}

impl ReadTransaction<'_> {
    /// The troubles that stand, by name.
    pub fn active_alerts(&self) -> Result<Vec<ActiveAlertRow>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT kind, since, portfolios, count FROM alert_state ORDER BY kind")?;
        let mut rows = statement.query([])?;
        let mut troubles = Vec::new();
        while let Some(row) = rows.next()? {
            troubles.push(ActiveAlertRow {
                kind: row.get(0)?,
                since: row.get::<_, Micros>(1)?.0,
                portfolios: StoredSet::from_row(row, 2)?,
            });
        }
        Ok(troubles)
    }

    /// The letters that were not taken yet, in the order in which they were written.
    pub fn outbox_messages(&self) -> Result<Vec<OutboxMessageRow>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, created, channel, content, attempts, next_attempt FROM outbox ORDER BY id",
        )?;
        let letters = statement.query_map([], |row| {
            Ok(OutboxMessageRow {
                id: row.get(0)?,
                created: row.get::<_, Micros>(1)?.0,
                channel: row.get(2)?,
                content: row.get(3)?,
                attempts: row.get(4)?,
                next_attempt: row.get::<_, Micros>(5)?.0,
            })
        })?;
        Ok(letters.collect::<Result<_, _>>()?)
    }
}

impl WriteTransaction<'_> {
    /// These are the troubles that stand from here on.
    pub fn set_active_alerts(&self, troubles: &[ActiveAlertRow]) -> Result<(), StoreError> {
        self.connection.execute("DELETE FROM alert_state", [])?;
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO alert_state (kind, since, portfolios, count) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for trouble in troubles {
            let (bytes, count) = StoredSet::to_bytes(&trouble.portfolios);
            statement.execute(params![trouble.kind, Micros(trouble.since), bytes, count])?;
        }
        Ok(())
    }

    /// Writes a letter, to be sent at once.
    pub fn add_outbox_message(
        &self,
        channel: &str,
        content: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO outbox (created, channel, content, attempts, next_attempt)
             VALUES (?1, ?2, ?3, 0, ?1)",
            params![Micros(at), channel, content],
        )?;
        Ok(())
    }

    /// Takes back what was written to a channel and not taken yet: something newer says it all.
    pub fn delete_outbox_messages_to(&self, channel: &str) -> Result<(), StoreError> {
        self.connection
            .execute("DELETE FROM outbox WHERE channel = ?1", [channel])?;
        Ok(())
    }

    /// A letter was taken, or is given up.
    pub fn delete_outbox_message(&self, id: i64) -> Result<(), StoreError> {
        self.connection
            .execute("DELETE FROM outbox WHERE id = ?1", [id])?;
        Ok(())
    }

    /// A letter was sent in vain.
    pub fn postpone_outbox_message(
        &self,
        id: i64,
        next_try: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE outbox SET attempts = attempts + 1, next_attempt = ?2 WHERE id = ?1",
            params![id, Micros(next_try)],
        )?;
        Ok(())
    }
}
