//! Active alerts as last notified, and the outbox of notifications that are not delivered yet.
//!
//! Both change in one transaction, so neither a crash nor a dead network loses a notification or
//! sends one twice for the same change.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Row, params};

use super::columns::{Micros, StoredSet};
use super::error::StoreError;
use super::select::select;
use super::transaction::subject;
use crate::domain::IdSet;

/// An alert condition that was notified and has not cleared.
#[derive(Debug, Clone, PartialEq)]
pub struct ActiveAlertRow {
    /// Name of the condition, the key of the table.
    pub kind: String,
    /// Time at which the alert was raised.
    pub since: DateTime<Utc>,
    /// Portfolios that it concerns; empty if it concerns all of them.
    pub portfolios: IdSet,
    /// Other things that it concerns, such as paths of files.
    pub items: BTreeSet<String>,
}

/// A notification that no receiver has accepted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxMessageRow {
    /// Row id; ascending in the order of creation.
    pub id: i64,
    /// Time at which the notification was queued.
    pub created: DateTime<Utc>,
    /// Name of the channel that delivers it.
    pub channel: String,
    /// The message as JSON, in the format of `notify`.
    pub content: String,
    /// Number of failed attempts so far.
    pub attempts: u32,
    /// Earliest time of the next attempt.
    pub next_attempt: DateTime<Utc>,
}

pub(super) fn row_to_active_alert(row: &Row<'_>) -> Result<ActiveAlertRow, StoreError> {
    let items: Option<String> = row.get(4)?;
    let items = items.map(|items| serde_json::from_str(&items)).transpose();
    Ok(ActiveAlertRow {
        kind: row.get(0)?,
        since: row.get::<_, Micros>(1)?.0,
        portfolios: StoredSet::from_row(row, 2)?,
        items: items.map_err(StoreError::damaged)?.unwrap_or_default(),
    })
}

pub(super) fn row_to_message(row: &Row<'_>) -> Result<OutboxMessageRow, StoreError> {
    Ok(OutboxMessageRow {
        id: row.get(0)?,
        created: row.get::<_, Micros>(1)?.0,
        channel: row.get(2)?,
        content: row.get(3)?,
        attempts: row.get(4)?,
        next_attempt: row.get::<_, Micros>(5)?.0,
    })
}

subject!(alerts: ReadAlerts, WriteAlerts, "the active alerts");

impl ReadAlerts<'_> {
    /// Returns the active alerts, by kind.
    pub(crate) fn active(&self) -> Result<Vec<ActiveAlertRow>, StoreError> {
        let sql = "SELECT kind, since, portfolios, count, items FROM alert_state ORDER BY kind";
        select(self.connection, sql, [], row_to_active_alert)
    }
}

subject!(outbox: ReadOutbox, WriteOutbox, "the notifications that are not delivered yet");

impl ReadOutbox<'_> {
    /// Returns the undelivered notifications, oldest first.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn messages(&self) -> Result<Vec<OutboxMessageRow>, StoreError> {
        let sql =
            "SELECT id, created, channel, content, attempts, next_attempt FROM outbox ORDER BY id";
        select(self.connection, sql, [], row_to_message)
    }
}

impl WriteAlerts<'_> {
    /// Replaces the active alerts with `alerts`.
    pub(crate) fn set_active(&self, alerts: &[ActiveAlertRow]) -> Result<(), StoreError> {
        self.connection.execute("DELETE FROM alert_state", [])?;
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO alert_state (kind, since, portfolios, count, items)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for alert in alerts {
            let (bytes, count) = StoredSet::to_bytes(&alert.portfolios);
            let items = serde_json::to_string(&alert.items).map_err(StoreError::damaged)?;
            statement.execute(params![
                alert.kind,
                Micros(alert.since),
                bytes,
                count,
                items
            ])?;
        }
        Ok(())
    }
}

impl WriteOutbox<'_> {
    /// Queues a notification that is due at once.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn add(&self, channel: &str, content: &str, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.connection.execute(
            "INSERT INTO outbox (created, channel, content, attempts, next_attempt)
             VALUES (?1, ?2, ?3, 0, ?1)",
            params![Micros(at), channel, content],
        )?;
        Ok(())
    }

    /// Deletes the undelivered notifications of a channel, before a newer one replaces them.
    pub(crate) fn delete_to(&self, channel: &str) -> Result<(), StoreError> {
        self.connection
            .execute("DELETE FROM outbox WHERE channel = ?1", [channel])?;
        Ok(())
    }

    /// Claims a notification for one attempt, for `time` from `now`. Returns false if another
    /// process has claimed it or it has left the outbox.
    pub(crate) fn claim(
        &self,
        id: i64,
        now: DateTime<Utc>,
        time: TimeDelta,
    ) -> Result<bool, StoreError> {
        let changed = self.connection.execute(
            "UPDATE outbox SET claimed_until = ?3
             WHERE id = ?1 AND (claimed_until IS NULL OR claimed_until <= ?2)",
            params![id, Micros(now), Micros(now + time)],
        )?;
        Ok(changed == 1)
    }

    /// Deletes a notification that was delivered or given up.
    pub(crate) fn delete(&self, id: i64) -> Result<(), StoreError> {
        self.connection
            .execute("DELETE FROM outbox WHERE id = ?1", [id])?;
        Ok(())
    }

    /// Counts a failed attempt, sets the time of the next one, and ends the claim.
    pub(crate) fn postpone(&self, id: i64, next_attempt: DateTime<Utc>) -> Result<(), StoreError> {
        self.connection.execute(
            "UPDATE outbox SET attempts = attempts + 1, next_attempt = ?2, claimed_until = NULL
             WHERE id = ?1",
            params![id, Micros(next_attempt)],
        )?;
        Ok(())
    }
}
