//! The lease: at most one run is active, and a run that lost the lease cannot write.
//!
//! A lease names its process. It ends when it expires or when its process is seen to be gone; the
//! next run then closes the dead one as abandoned. Expiry is measured on the wall clock, never on
//! the clock of a world, because two processes must agree on it.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension, params};

use super::columns::Micros;
use super::error::StoreError;
use super::runs::RunNumber;
use super::transaction::{WriteTransaction, subject};
use crate::domain::RunId;
use crate::environment::{Environment, Liveness, Process};

/// The right of one run to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Run that holds the lease.
    pub run: RunNumber,
    /// Random token that each commit compares with the stored one.
    pub token: String,
}

/// The stored lease as other processes see it, without its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseHolder {
    /// Row id of the run that holds the lease.
    pub number: RunNumber,
    /// Public id of that run.
    pub run: RunId,
    /// Process that executes the run.
    pub process: Process,
    /// Wall-clock time at which the run took the lease; unknown for a run of an older version.
    pub acquired: Option<DateTime<Utc>>,
    /// Wall-clock time of the last renewal.
    pub renewed: DateTime<Utc>,
    /// Wall-clock time at which the lease ends unless it is renewed.
    pub expires: DateTime<Utc>,
}

impl fmt::Display for LeaseHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The stored host also holds the boot id after a `/`, which people do not need.
        let host = self.process.host.split('/').next().unwrap_or_default();
        write!(f, "process {} on {host}", self.process.pid)
    }
}

impl LeaseHolder {
    /// Returns whether the lease still excludes other runs: it has not expired, and its process is
    /// not known to be gone.
    pub(crate) fn is_live(&self, environment: &Environment) -> bool {
        self.expires > environment.wall_clock.now()
            && environment.liveness(&self.process) != Liveness::Gone
    }
}

subject!(lease: ReadLease, WriteLease, "the lease");

impl ReadLease<'_> {
    /// Fails while a live run holds the lease. Returns the dead holder otherwise, if there is one.
    pub(crate) fn ensure_none_live(
        &self,
        environment: &Environment,
    ) -> Result<Option<LeaseHolder>, StoreError> {
        match self.holder()? {
            Some(holder) if holder.is_live(environment) => Err(StoreError::LeaseHeld {
                run: holder.run,
                expires: holder.expires,
                owner: holder.to_string(),
            }),
            other => Ok(other),
        }
    }

    /// Returns the holder of the lease, live or not.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn holder(&self) -> Result<Option<LeaseHolder>, StoreError> {
        Ok(self
            .connection
            .query_row(
                "SELECT l.run, r.key, l.host, l.pid, l.started, l.renewed, l.expires, l.acquired
                 FROM lease AS l JOIN run AS r ON r.id = l.run",
                [],
                |row| {
                    Ok(LeaseHolder {
                        number: row.get(0)?,
                        run: row.get(1)?,
                        process: Process {
                            host: row.get(2)?,
                            pid: row.get(3)?,
                            start_ticks: row.get::<_, i64>(4)? as u64,
                        },
                        renewed: row.get::<_, Micros>(5)?.0,
                        expires: row.get::<_, Micros>(6)?.0,
                        acquired: row.get::<_, Option<Micros>>(7)?.map(|time| time.0),
                    })
                },
            )
            .optional()?)
    }
}

impl WriteLease<'_> {
    /// Fails while another run is live. Otherwise closes a dead one as abandoned and returns its
    /// holder.
    pub(crate) fn clear_dead(
        &self,
        environment: &Environment,
    ) -> Result<Option<LeaseHolder>, StoreError> {
        let Some(holder) = self.ensure_none_live(environment)? else {
            return Ok(None);
        };
        WriteTransaction::on(self.connection)
            .runs()
            .abandon(holder.number, environment.clock.now())?;
        self.connection.execute("DELETE FROM lease", [])?;
        Ok(Some(holder))
    }

    /// Takes the lease for a run. Call `clear_dead` before, in the same transaction: the table has
    /// room for one row.
    ///
    /// # Errors
    ///
    /// Another run holds the lease, or the database cannot be written.
    pub fn acquire(
        &self,
        run: RunNumber,
        environment: &Environment,
        length: TimeDelta,
    ) -> Result<Lease, StoreError> {
        // The wall clock, not that of a world: two processes must agree on the end of a lease.
        let token = environment.ids.next().to_string();
        let now = environment.wall_clock.now();
        let process = &environment.process;
        self.connection.execute(
            "INSERT INTO lease (only, run, token, host, pid, started, renewed, expires, acquired)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6)",
            params![
                run,
                token,
                process.host,
                process.pid,
                process.start_ticks as i64,
                Micros(now),
                Micros(now + length)
            ],
        )?;
        Ok(Lease { run, token })
    }

    /// Renews the lease; fails with [`StoreError::LeaseLost`] if another run took it over.
    pub(crate) fn renew(
        &self,
        lease: &Lease,
        environment: &Environment,
        length: TimeDelta,
    ) -> Result<(), StoreError> {
        let now = environment.wall_clock.now();
        // One statement checks and renews: a lease that was taken over has another token.
        let renewed = self
            .connection
            .prepare_cached("UPDATE lease SET renewed = ?2, expires = ?3 WHERE token = ?1")?
            .execute(params![lease.token, Micros(now), Micros(now + length)])?;
        if renewed == 1 {
            Ok(())
        } else {
            Err(StoreError::LeaseLost)
        }
    }

    /// Fails with [`StoreError::LeaseLost`] if another run took the lease over. Renews nothing.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn check(&self, lease: &Lease) -> Result<(), StoreError> {
        let held: bool = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM lease WHERE token = ?1)")?
            .query_row([&lease.token], |row| row.get(0))?;
        if held {
            Ok(())
        } else {
            Err(StoreError::LeaseLost)
        }
    }

    /// Deletes the lease at the end of its run.
    pub(crate) fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.check(lease)?;
        self.connection
            .execute("DELETE FROM lease WHERE token = ?1", [&lease.token])?;
        Ok(())
    }
}
