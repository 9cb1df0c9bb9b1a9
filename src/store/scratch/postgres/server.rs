//! Makes and drops scratch databases on a PostgreSQL server.
//!
//! Each has a comment as its mark, with the run that made it. The run stays connected while it lives,
//! under its own name, so that the next run can tell the databases of a killed one, and drops them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use postgres::{Client, Error};
use uuid::Uuid;

use super::watch::HANG_LOCK;
use crate::store::foreign::{identifier, qualified_identifier};
use crate::store::postgres::{LibpqVariables, PostgresConnection, PostgresError, PostgresLogin};
use crate::store::redaction::PostgresUrl;

/// The first version with `DROP DATABASE … WITH (FORCE)`.
const OLDEST_VERSION: i32 = 130_000;
/// The longest wait for the end of a session that was told to end.
const END_WAIT: Duration = Duration::from_secs(10);
/// The time between two looks for the end of sessions.
const POLL: Duration = Duration::from_millis(2);

/// Marks a database. The age is that of the server's clock.
const MARK: &str = "\
    DO $plimsoll$ BEGIN
        EXECUTE pg_catalog.format(
            'COMMENT ON DATABASE %I IS %L', '{database}',
            'plimsoll job, run {run}, made '
                || extract(epoch FROM pg_catalog.clock_timestamp())::bigint);
    END $plimsoll$";

/// Marked databases older than a minute whose run is not connected any more.
const ABANDONED: &str = "\
    SELECT d.datname::text FROM pg_catalog.pg_database d
    CROSS JOIN LATERAL pg_catalog.regexp_match(
        pg_catalog.shobj_description(d.oid, 'pg_database'),
        '^plimsoll job, run ([0-9a-f]{32}), made ([0-9]{1,12})$') AS mark
    WHERE d.datname LIKE 'plimsoll\\_job\\_%' AND mark IS NOT NULL
      AND mark[2]::bigint < extract(epoch FROM pg_catalog.now()) - 60
      AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_stat_activity a
          WHERE a.application_name = 'plimsoll-job ' || mark[1])";

/// Sessions of other programs in a database. The kind of a session of another role can be hidden; the
/// server's own processes then have no user.
const SESSIONS: &str = "\
    FROM pg_catalog.pg_stat_activity
    WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid()
      AND coalesce(backend_type, 'client backend') = 'client backend' AND usesysid IS NOT NULL";

/// A connection to a server, with the right to make databases.
pub(crate) struct ScratchServer {
    login: PostgresLogin,
    /// The run that makes the databases.
    run: String,
    client: Mutex<Client>,
    /// The number of databases that were made.
    made: AtomicU64,
}

impl fmt::Debug for ScratchServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ScratchServer({:?})", self.login)
    }
}

impl ScratchServer {
    /// Connects to a server, and drops the scratch databases of runs that were killed. `run` is the
    /// id of this run.
    ///
    /// # Errors
    ///
    /// The URL is invalid, the server cannot be reached or is too old, the user may not create
    /// databases, or the database of the URL has one of `tables`, so that it may be in use.
    pub(crate) fn connect(
        url: &PostgresUrl,
        variables: &LibpqVariables,
        run: Uuid,
        tables: &[&str],
    ) -> Result<Self, PostgresError> {
        let run = run.simple().to_string();
        let login = PostgresLogin::parse(url, variables)?;
        let login = login.to_database(None, &format!("plimsoll-job {run}"));
        let PostgresConnection { client, .. } = login.clone().connect()?;
        let server = Self {
            login,
            run,
            client: Mutex::new(client),
            made: AtomicU64::new(0),
        };
        server.check_rights()?;
        server.check_unused(tables)?;
        server.drop_abandoned()?;
        Ok(server)
    }

    /// Makes an empty database, or a copy of another one. Returns its name.
    pub(super) fn create_database(&self, template: Option<&str>) -> Result<String, PostgresError> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let name = format!("plimsoll_job_{}_{number}", &self.run[..12]);
        let mut sql = format!("CREATE DATABASE {}", identifier(&name));
        if let Some(template) = template {
            // A template that is in use is refused, and a session ends after its connection.
            self.end_sessions(template, END_WAIT)?;
            sql += &format!(" TEMPLATE {}", identifier(template));
        }
        self.execute(&sql)?;
        let mark = MARK
            .replace("{database}", &name)
            .replace("{run}", &self.run);
        match self.execute(&mark) {
            Ok(()) => Ok(name),
            Err(error) => {
                // Without its mark no later run would drop it.
                let _ = self.drop_database(&name);
                Err(error)
            }
        }
    }

    /// Drops a database, and disconnects all programs from it.
    pub(super) fn drop_database(&self, name: &str) -> Result<(), PostgresError> {
        let name = identifier(name);
        self.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    }

    /// Waits until no program is connected to a database; disconnects those that still are after
    /// `grace`.
    pub(super) fn end_sessions(
        &self,
        database: &str,
        grace: Duration,
    ) -> Result<(), PostgresError> {
        let count = format!("SELECT pg_catalog.count(*) {SESSIONS}");
        // Those of other roles can only be waited for without the right to end them.
        let end = format!(
            "SELECT pg_catalog.pg_terminate_backend(pid) {SESSIONS}
                AND (pg_catalog.pg_has_role(usesysid, 'USAGE')
                    OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE'))"
        );
        let mut waited = Duration::ZERO;
        let mut is_ended = false;
        loop {
            let sessions = self.client().query_one(&count, &[&database]);
            let sessions: i64 = sessions.map_err(|error| self.error(&error))?.get(0);
            if sessions == 0 {
                return Ok(());
            }
            if waited >= grace && !is_ended {
                let ended = self.client().execute(&end, &[&database]);
                ended.map_err(|error| self.error(&error))?;
                is_ended = true;
            }
            if waited >= grace + END_WAIT {
                return Err(PostgresError::Connected(database.to_owned()));
            }
            thread::sleep(POLL);
            waited += POLL;
        }
    }

    /// Returns whether a write in a database holds the lock of a fault that hangs.
    pub(super) fn has_hanging_write(&self, database: &str) -> Result<bool, PostgresError> {
        let (class, object) = HANG_LOCK;
        let held = format!(
            "SELECT EXISTS (
                 SELECT FROM pg_catalog.pg_locks l
                 JOIN pg_catalog.pg_database d ON d.oid = l.database
                 WHERE d.datname = $1 AND l.locktype = 'advisory' AND l.granted
                   AND l.classid::bigint = {class} AND l.objid::bigint = {object})"
        );
        let held = self.client().query_one(&held, &[&database]);
        Ok(held.map_err(|error| self.error(&error))?.get(0))
    }

    pub(super) const fn login(&self) -> &PostgresLogin {
        &self.login
    }

    fn check_rights(&self) -> Result<(), PostgresError> {
        let row = self.client().query_one(
            "SELECT pg_catalog.current_setting('server_version_num')::int,
                    pg_catalog.current_setting('server_version'),
                    current_user::text, rolcreatedb OR rolsuper
             FROM pg_catalog.pg_roles WHERE rolname = current_user",
            &[],
        );
        let row = row.map_err(|error| self.error(&error))?;
        if row.get::<_, i32>(0) < OLDEST_VERSION {
            return Err(PostgresError::OldServer(row.get(1)));
        }
        match row.get(3) {
            true => Ok(()),
            false => Err(PostgresError::NoCreate(row.get(2))),
        }
    }

    fn check_unused(&self, tables: &[&str]) -> Result<(), PostgresError> {
        for table in tables {
            let names = [identifier(table), qualified_identifier(table)];
            let found = self.client().query_one(
                "SELECT coalesce(pg_catalog.to_regclass($1::text), pg_catalog.to_regclass($2::text))
                        IS NOT NULL",
                &[&names[0], &names[1]],
            );
            if found.map_err(|error| self.error(&error))?.get(0) {
                return Err(PostgresError::InUse {
                    database: self.login.database().to_owned(),
                    table: (*table).to_owned(),
                });
            }
        }
        Ok(())
    }

    fn drop_abandoned(&self) -> Result<(), PostgresError> {
        let names = self.client().query(ABANDONED, &[]);
        for row in names.map_err(|error| self.error(&error))? {
            let name: String = row.get(0);
            match self.drop_database(&name) {
                Ok(()) => tracing::info!("dropped `{name}`, which a killed run left behind"),
                // Another run may drop it at this moment.
                Err(error) => tracing::warn!("failed to drop `{name}` of a killed run: {error}"),
            }
        }
        Ok(())
    }

    fn execute(&self, sql: &str) -> Result<(), PostgresError> {
        let executed = self.client().batch_execute(sql);
        executed.map_err(|error| self.error(&error))
    }

    fn client(&self) -> MutexGuard<'_, Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, error: &Error) -> PostgresError {
        PostgresError::Database(self.login.redactor().redacted_reason(error))
    }
}
