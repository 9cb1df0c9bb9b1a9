//! The lease: at most one run at work, and a run that lost it can't write.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension, params};

use super::columns::Micros;
use super::{ReadTransaction, RunNumber, StoreError, WriteTransaction};
use crate::domain::RunId;
use crate::environment::{Environment, Liveness, Process};

/// The right to write as one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The run that holds it.
    pub run: RunNumber,
    /// The secret that each commit must show.
    pub token: String,
}

/// A lease as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseHolder {
    /// The run.
    pub number: RunNumber,
    /// The run's id.
    pub run: RunId,
    /// The process.
    pub process: Process,
    /// When it was last renewed.
    pub renewed: DateTime<Utc>,
    /// When it ends.
    pub expires: DateTime<Utc>,
}

impl fmt::Display for LeaseHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.process.host.split('/').next().unwrap_or_default();
        write!(f, "process {} on {host}", self.process.pid)
    }
}

impl LeaseHolder {
    /// Whether the lease still binds others: not expired, and its process not seen to be gone.
    pub fn is_live(&self, environment: &Environment) -> bool {
        self.expires > environment.wall_clock.now()
            && environment.liveness(&self.process) != Liveness::Gone
    }
}

impl ReadTransaction<'_> {
    /// Refuses while a live run holds the lease; who holds it otherwise, if anybody does.
    pub fn ensure_no_live_lease(
        &self,
        environment: &Environment,
    ) -> Result<Option<LeaseHolder>, StoreError> {
        match self.lease_holder()? {
            Some(holder) if holder.is_live(environment) => Err(StoreError::LeaseHeld {
                run: holder.run,
                expires: holder.expires,
                owner: holder.to_string(),
            }),
            other => Ok(other),
        }
    }

    /// Who holds the lease, live or not.
    pub fn lease_holder(&self) -> Result<Option<LeaseHolder>, StoreError> {
        Ok(self
            .connection
            .query_row(
                "SELECT l.run, r.key, l.host, l.pid, l.started, l.renewed, l.expires
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
                    })
                },
            )
            .optional()?)
    }
}

impl WriteTransaction<'_> {
    /// Refuses while another run is live; otherwise closes a dead one as abandoned, and gives
    /// back its holder.
    pub fn clear_dead_lease(
        &self,
        environment: &Environment,
    ) -> Result<Option<LeaseHolder>, StoreError> {
        let Some(holder) = self.ensure_no_live_lease(environment)? else {
            return Ok(None);
        };
        self.abandon_run(holder.number, environment.clock.now())?;
        self.connection.execute("DELETE FROM lease", [])?;
        Ok(Some(holder))
    }

    /// Takes the lease for a run; [`WriteTransaction::clear_dead_lease`] must have come before.
    pub fn acquire_lease(
        &self,
        run: RunNumber,
        environment: &Environment,
        length: TimeDelta,
    ) -> Result<Lease, StoreError> {
        let token = environment.ids.next().to_string();
        let now = environment.wall_clock.now();
        let process = &environment.process;
        self.connection.execute(
            "INSERT INTO lease (only, run, token, host, pid, started, renewed, expires)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
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

    /// Shows the token and renews the lease; an error when it was taken over.
    pub fn renew_lease(
        &self,
        lease: &Lease,
        environment: &Environment,
        length: TimeDelta,
    ) -> Result<(), StoreError> {
        let now = environment.wall_clock.now();
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

    /// Shows the token without renewing.
    pub fn check_lease(&self, lease: &Lease) -> Result<(), StoreError> {
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

    /// Gives the lease back.
    pub fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        self.check_lease(lease)?;
        self.connection
            .execute("DELETE FROM lease WHERE token = ?1", [&lease.token])?;
        Ok(())
    }
}
