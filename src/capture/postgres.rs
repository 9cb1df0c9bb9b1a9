//! Captures a state from another program's live PostgreSQL database.
//!
//! It reads in one read-only transaction, so that the program can go on writing. No message may
//! contain the password, not even one that the server sends.

use std::error::Error as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use postgres::config::{Host, SslMode};
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, Config, Error, NoTls};

use super::error::CaptureError;
use super::foreign::capture_rows;
use super::map::{Map, Table};
use super::postgres_error::{PostgresError, quote_identifier, quote_qualified};
use super::redaction::{PostgresUrl, redact_passwords};
use super::rows::{RowSource, RowVisitor};
use super::state::State;
use crate::engine::Settings;

/// Timeout of the connection, if the URL has none.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Begins the transaction: one state for all reads, dates and times in the form that `values` parses,
/// rows in their physical order, and no endless wait for a session that alters a table.
const BEGIN: &str = "\
    BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL DateStyle = 'ISO, YMD';
    SET LOCAL TimeZone = 'UTC';
    SET LOCAL synchronize_seqscans = off;
    SET LOCAL max_parallel_workers_per_gather = 0;
    SET LOCAL lock_timeout = '10s'";

/// Finds a table by its name or by `schema.name`. Returns its quoted name, and its columns, each with
/// the permission to read it.
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

/// Captures the state in a PostgreSQL database, read by a map, at the time `now`.
///
/// # Errors
///
/// Fails if the URL is invalid, the server is unreachable or refuses the login, a table or column of
/// the map is missing or may not be read, or a value cannot be parsed.
pub fn capture_postgres(
    url: &PostgresUrl,
    map: &Map,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<State, CaptureError> {
    capture_rows(LiveDatabase::open(url)?, map, settings, now)
}

/// A connection with one read-only transaction that ends when it is dropped.
struct LiveDatabase {
    client: Client,
    redactor: Redactor,
}

/// Removes the password from messages.
struct Redactor {
    password: Option<String>,
}

impl Redactor {
    /// Returns the server's message, or else the innermost cause, without passwords.
    fn redacted_reason(&self, error: &Error) -> String {
        let message = match error.as_db_error() {
            Some(error) => error.message().to_owned(),
            None => {
                let mut message = error.to_string();
                let mut cause = error.source();
                while let Some(error) = cause {
                    message = error.to_string();
                    cause = error.source();
                }
                message
            }
        };
        let message = match self.password.as_deref() {
            None | Some("") => message,
            Some(password) => message.replace(password, "***"),
        };
        redact_passwords(&message)
    }

    fn table_error(&self, table: &Table, error: &Error) -> PostgresError {
        PostgresError::Table {
            table: table.name.clone(),
            line: table.line,
            reason: self.redacted_reason(error),
        }
    }
}

/// A table's quoted name, and its columns, each with the permission to read it.
struct FoundTable {
    name: String,
    columns: Vec<(String, bool)>,
}

impl LiveDatabase {
    fn open(url: &PostgresUrl) -> Result<Self, PostgresError> {
        let config = parse_config(url)?;
        let password = config.get_password();
        let redactor = Redactor {
            password: password.map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        };
        let client = config.connect(NoTls).map_err(|error| {
            let server = server_address(&config);
            let reason = redactor.redacted_reason(&error);
            // An I/O error means that no server answered; all else comes from the server.
            match error
                .source()
                .is_some_and(|cause| cause.is::<std::io::Error>())
            {
                true => PostgresError::Unreachable { server, reason },
                false => PostgresError::Login { server, reason },
            }
        })?;
        let mut database = Self { client, redactor };
        let begun = database.client.batch_execute(BEGIN);
        begun.map_err(|error| database.database_error(&error))?;
        Ok(database)
    }

    fn database_error(&self, error: &Error) -> PostgresError {
        PostgresError::Database(self.redactor.redacted_reason(error))
    }

    fn find_table(&mut self, table: &Table) -> Result<Option<FoundTable>, PostgresError> {
        let names = [quote_identifier(&table.name), quote_qualified(&table.name)];
        let rows = self.client.query(COLUMNS, &[&names[0], &names[1]]);
        let rows = rows.map_err(|error| self.redactor.table_error(table, &error))?;
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
        let table_error = |error| self.redactor.table_error(table, &error);
        let none = std::iter::empty::<&(dyn ToSql + Sync)>();
        let mut rows = self.client.query_raw(&sql, none).map_err(table_error)?;
        let mut values = vec![None; columns.len()];
        while let Some(row) = rows.next().map_err(table_error)? {
            for (at, value) in values.iter_mut().enumerate() {
                *value = row.try_get(at).map_err(table_error)?;
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
        let is_forbidden = |name: &String| columns.contains(&(name.clone(), false));
        let mut named = table.columns.iter();
        if let Some(column) = named.find(|column| is_forbidden(&column.name)) {
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
        // `check_columns` found the table in the same transaction.
        let from = (self.find_table(table)?)
            .map_or_else(|| quote_identifier(&table.name), |found| found.name);
        let cancel_token = self.client.cancel_token();
        let read = self.read_rows(table, &from, take);
        if read.is_err() {
            // Otherwise the server sends all remaining rows before the connection closes.
            let _ = cancel_token.cancel_query(NoTls);
        }
        read
    }
}

fn parse_config(url: &PostgresUrl) -> Result<Config, PostgresError> {
    let text = url.expose();
    // With an unescaped `@` in the password, the rest of the password would become the host, which
    // messages show.
    if text.contains("://") && text.matches('@').count() > 1 {
        let reason = ": it has more than one `@`";
        return Err(PostgresError::Url(reason.to_owned()));
    }
    let parsed = text.parse::<Config>();
    let mut config = parsed.map_err(|error| {
        // Of the client's messages only this one repeats no part of the URL.
        let message = error.source().map(ToString::to_string).unwrap_or_default();
        let is_safe = message.starts_with("invalid value for option");
        PostgresError::Url(if is_safe {
            format!(": {message}")
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

/// Returns host and port of each server in the URL.
fn server_address(config: &Config) -> String {
    let ports = config.get_ports();
    let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let mut hosts: Vec<String> = hosts.collect();
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
