//! A state from another program's live PostgreSQL: only read, in one transaction, while that
//! program goes on writing. Nothing that is said of it holds the password.

use std::error::Error as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use postgres::config::{Host, SslMode};
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, Config, Error, NoTls};
use thiserror::Error;

use super::foreign::capture_rows;
use super::map::{Map, Table};
use super::redaction::{PostgresUrl, redact_passwords};
use super::rows::{RowSource, RowVisitor};
use super::{CaptureError, State};
use crate::engine::Settings;

/// How long is waited for a server that doesn't answer, where the URL doesn't say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// One state for all that is read; days and instants as they are read; rows in the order in
/// which they lie; and no endless wait for somebody who alters a table.
const BEGIN: &str = "\
    BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL DateStyle = 'ISO, YMD';
    SET LOCAL TimeZone = 'UTC';
    SET LOCAL synchronize_seqscans = off;
    SET LOCAL max_parallel_workers_per_gather = 0;
    SET LOCAL lock_timeout = '10s'";

/// A table by its name or by `schema.name`: how SQL names it, its columns, and whether they may
/// be read.
const COLUMNS: &str = "\
    SELECT c.oid::pg_catalog.regclass::text, a.attname::text,
           pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.oid = coalesce(pg_catalog.to_regclass($1::text), pg_catalog.to_regclass($2::text))
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ORDER BY a.attnum";

const TABLES: &str = "\
    SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname::text
                ELSE n.nspname || '.' || c.relname END
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'";

/// Why a PostgreSQL database could not be read. What a server says is told without passwords.
#[derive(Debug, Error)]
pub enum PostgresError {
    /// The URL can't be read. It isn't shown: where it is wrong, anything may be the password.
    #[error("the URL of the PostgreSQL database cannot be read{0}")]
    Url(String),
    /// The URL asks for what the program doesn't do.
    #[error(
        "the URL asks for TLS (`sslmode=require`), which a capture from PostgreSQL does not speak"
    )]
    TlsUnsupported,
    /// No server answers.
    #[error("the PostgreSQL server at `{server}` cannot be reached: {reason}")]
    Unreachable {
        /// Host and port.
        server: String,
        /// What the system said.
        reason: String,
    },
    /// The server doesn't let us in.
    #[error("the PostgreSQL server at `{server}` refuses the connection: {reason}")]
    Login {
        /// Host and port.
        server: String,
        /// What it said.
        reason: String,
    },
    /// A column that is there may not be read.
    #[error(
        "the column `{column}` of `{table}`, line {line} of the map, may not be read by the \
         user of the URL"
    )]
    Permission {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Where the map names it.
        line: usize,
    },
    /// A table can't be read, or not to its end.
    #[error("`{table}`, which line {line} of the map names, cannot be read: {reason}")]
    Table {
        /// Its name.
        table: String,
        /// Where the map names it.
        line: usize,
        /// What the server said.
        reason: String,
    },
    /// What the server answered to a question that is not about one table.
    #[error("the PostgreSQL database cannot be read: {0}")]
    Database(String),
}

impl PostgresError {
    /// What to do about it, where that can be said.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Url(_) => {
                "write it as postgres://USER:PASSWORD@HOST:5432/DATABASE, with `%40` for an `@` in the password"
            }
            Self::TlsUnsupported => {
                "read through a tunnel, or export the tables and use --from-csv"
            }
            Self::Unreachable { .. } => {
                "does the URL name the right host and port, and is the server up?"
            }
            Self::Login { .. } => {
                "the URL names user, password and database; PLIMSOLL_POSTGRES can hold it"
            }
            Self::Permission { table, column, .. } => {
                return Some(format!(
                    "its owner can allow it: GRANT SELECT ({}) ON {} TO the user",
                    quote_identifier(column),
                    quote_qualified(table)
                ));
            }
            Self::Table { .. } | Self::Database(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// Captures what a PostgreSQL database holds, read by a map, at the time `now`.
pub fn capture_postgres(
    url: &PostgresUrl,
    map: &Map,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<State, CaptureError> {
    capture_rows(LiveDatabase::open(url)?, map, settings, now)
}

/// A database, held in one read-only transaction until it is dropped.
struct LiveDatabase {
    client: Client,
    secrets: Redactor,
}

/// What may not be said.
struct Redactor {
    password: Option<String>,
}

impl Redactor {
    /// Why something could not be, in the words of whoever knows best.
    fn redacted_reason(&self, error: &Error) -> String {
        let said = match error.as_db_error() {
            Some(error) => error.message().to_owned(),
            None => {
                let mut said = error.to_string();
                let mut cause = error.source();
                while let Some(error) = cause {
                    said = error.to_string();
                    cause = error.source();
                }
                said
            }
        };
        let said = match self.password.as_deref() {
            None | Some("") => said,
            Some(password) => said.replace(password, "***"),
        };
        redact_passwords(&said)
    }

    fn table_error(&self, table: &Table, error: &Error) -> PostgresError {
        PostgresError::Table {
            table: table.name.clone(),
            line: table.line,
            reason: self.redacted_reason(error),
        }
    }
}

/// A table as SQL names it, and its columns, each with whether it may be read.
struct FoundTable {
    name: String,
    columns: Vec<(String, bool)>,
}

impl LiveDatabase {
    fn open(url: &PostgresUrl) -> Result<Self, PostgresError> {
        let config = parse_config(url)?;
        let password = config.get_password();
        let secrets = Redactor {
            password: password.map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        };
        let client = config.connect(NoTls).map_err(|error| {
            let server = server_address(&config);
            let why = secrets.redacted_reason(&error);
            match error
                .source()
                .is_some_and(|cause| cause.is::<std::io::Error>())
            {
                true => PostgresError::Unreachable {
                    server,
                    reason: why,
                },
                false => PostgresError::Login {
                    server,
                    reason: why,
                },
            }
        })?;
        let mut database = Self { client, secrets };
        let begun = database.client.batch_execute(BEGIN);
        begun.map_err(|error| database.database_error(&error))?;
        Ok(database)
    }

    fn database_error(&self, error: &Error) -> PostgresError {
        PostgresError::Database(self.secrets.redacted_reason(error))
    }

    fn find_table(&mut self, table: &Table) -> Result<Option<FoundTable>, PostgresError> {
        let names = [quote_identifier(&table.name), quote_qualified(&table.name)];
        let rows = self.client.query(COLUMNS, &[&names[0], &names[1]]);
        let rows = rows.map_err(|error| self.secrets.table_error(table, &error))?;
        Ok(rows.first().map(|first| FoundTable {
            name: first.get(0),
            columns: rows.iter().map(|row| (row.get(1), row.get(2))).collect(),
        }))
    }

    fn read_rows(
        &mut self,
        table: &Table,
        from: &str,
        take: RowVisitor<'_>,
    ) -> Result<(), CaptureError> {
        let columns = table.columns.iter();
        let columns: Vec<_> = columns
            .map(|column| format!("{}::text", quote_identifier(&column.name)))
            .collect();
        let sql = format!("SELECT {} FROM {from}", columns.join(", "));
        let wrong = |error| self.secrets.table_error(table, &error);
        let none = std::iter::empty::<&(dyn ToSql + Sync)>();
        let mut rows = self.client.query_raw(&sql, none).map_err(wrong)?;
        let mut values = vec![None; columns.len()];
        while let Some(row) = rows.next().map_err(wrong)? {
            for (at, value) in values.iter_mut().enumerate() {
                *value = row.try_get(at).map_err(wrong)?;
            }
            take(&values)?;
        }
        Ok(())
    }
}

impl RowSource for LiveDatabase {
    fn origin(&self) -> &'static str {
        "the PostgreSQL database of another program"
    }

    fn column_names(&mut self, table: &Table) -> Result<Vec<String>, CaptureError> {
        let columns = self
            .find_table(table)?
            .map_or_else(Vec::new, |found| found.columns);
        let closed = |name: &String| columns.contains(&(name.clone(), false));
        if let Some(column) = table.columns.iter().find(|column| closed(&column.name)) {
            return Err(CaptureError::from(PostgresError::Permission {
                table: table.name.clone(),
                column: column.name.clone(),
                line: column.line,
            }));
        }
        Ok(columns.into_iter().map(|(name, _)| name).collect())
    }

    fn table_names(&mut self) -> Result<Vec<String>, CaptureError> {
        let rows = self.client.query(TABLES, &[]);
        let rows = rows.map_err(|error| self.database_error(&error))?;
        let mut names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        names.sort();
        Ok(names)
    }

    fn visit_rows(&mut self, table: &Table, take: RowVisitor<'_>) -> Result<(), CaptureError> {
        // That there is such a table was checked, in the same transaction.
        let from = (self.find_table(table)?)
            .map_or_else(|| quote_identifier(&table.name), |found| found.name);
        let stop = self.client.cancel_token();
        let read = self.read_rows(table, &from, take);
        if read.is_err() {
            // The rows that nobody wants any more would all be sent before the connection ends.
            let _ = stop.cancel_query(NoTls);
        }
        read
    }
}

fn parse_config(url: &PostgresUrl) -> Result<Config, PostgresError> {
    let text = url.expose();
    if text.contains("://") && text.matches('@').count() > 1 {
        let why = ": it has more than one `@`";
        return Err(PostgresError::Url(why.to_owned()));
    }
    let read = text.parse::<Config>();
    let mut config = read.map_err(|error| {
        // Of what the client says only this repeats nothing that was given.
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        let is_safe = said.starts_with("invalid value for option");
        PostgresError::Url(if is_safe {
            format!(": {said}")
        } else {
            String::new()
        })
    })?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(PostgresError::Url(": it names no host".to_owned()));
    }
    if config.get_ssl_mode() == SslMode::Require {
        return Err(PostgresError::TlsUnsupported);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("plimsoll");
    }
    Ok(config)
}

/// Host and port of each server that the URL names.
fn server_address(config: &Config) -> String {
    let ports = config.get_ports();
    let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let named = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let mut hosts: Vec<String> = named.collect();
    if hosts.is_empty() {
        let addresses = config.get_hostaddrs().iter();
        hosts = addresses.map(ToString::to_string).collect();
    }
    let hosts = hosts.iter().enumerate();
    let servers: Vec<_> = hosts
        .map(|(at, host)| format!("{host}:{}", port(at)))
        .collect();
    servers.join(",")
}

fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name in which the first full stop parts the schema from the table.
fn quote_qualified(name: &str) -> String {
    let parts: Vec<_> = name.splitn(2, '.').map(quote_identifier).collect();
    parts.join(".")
}
