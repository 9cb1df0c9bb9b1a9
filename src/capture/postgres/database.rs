//! Captures a state from another program's live PostgreSQL database.
//!
//! It reads in one read-only transaction, so that the program can go on writing. No message may
//! contain the password, not even one that the server sends.

use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::PostgresTableError;
use crate::capture::error::CaptureError;
use crate::capture::foreign::capture_rows;
use crate::capture::map::{Map, Table};
use crate::capture::rows::{RowSource, RowVisitor};
use crate::capture::state::State;
use crate::capture::time::CaptureTime;
use crate::engine::Settings;
use crate::store::{
    LibpqVariables, PasswordRedactor, PostgresConnection, PostgresError, PostgresLogin,
    PostgresUrl, identifier, qualified_identifier,
};

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

/// Captures the state in a PostgreSQL database, read by a map, at a time. Password and TLS
/// come from the URL, or from `variables` and files, as in `libpq`.
///
/// # Errors
///
/// Fails if the URL is invalid, the server is unreachable or refuses the login, a table or column of
/// the map is missing or may not be read, or a value cannot be parsed.
pub fn capture_postgres(
    url: &PostgresUrl,
    variables: &LibpqVariables,
    map: &Map,
    settings: &Settings,
    time: CaptureTime,
) -> Result<State, CaptureError> {
    let login = PostgresLogin::parse(url, variables)?;
    capture_rows(LiveDatabase::connect(login)?, map, settings, time)
}

/// A connection with one read-only transaction that ends when it is dropped.
pub(in crate::capture) struct LiveDatabase {
    client: Client,
    /// For the connection that cancels a query.
    tls: MakeRustlsConnect,
    redactor: PasswordRedactor,
}

/// A table's quoted name, and its columns, each with the permission to read it.
struct FoundTable {
    name: String,
    columns: Vec<(String, bool)>,
}

impl LiveDatabase {
    pub(in crate::capture) fn connect(login: PostgresLogin) -> Result<Self, PostgresError> {
        let PostgresConnection {
            client,
            tls,
            redactor,
        } = login.connect()?;
        let mut database = Self {
            client,
            tls,
            redactor,
        };
        let begun = database.client.batch_execute(BEGIN);
        begun.map_err(|error| database.database_error(&error))?;
        Ok(database)
    }

    fn database_error(&self, error: &Error) -> PostgresError {
        PostgresError::Database(self.redactor.redacted_reason(error))
    }

    fn find_table(&mut self, table: &Table) -> Result<Option<FoundTable>, PostgresTableError> {
        let names = [identifier(&table.name), qualified_identifier(&table.name)];
        let rows = self.client.query(COLUMNS, &[&names[0], &names[1]]);
        let rows = rows.map_err(|error| table_error(&self.redactor, table, &error))?;
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
            .map(|column| format!("{}::text", identifier(&column.name)))
            .collect();
        let sql = format!("SELECT {} FROM {from}", columns.join(", "));
        let as_table_error = |error| table_error(&self.redactor, table, &error);
        let none = std::iter::empty::<&(dyn ToSql + Sync)>();
        let mut rows = self.client.query_raw(&sql, none).map_err(as_table_error)?;
        let mut values = vec![None; columns.len()];
        while let Some(row) = rows.next().map_err(as_table_error)? {
            for (at, value) in values.iter_mut().enumerate() {
                *value = row.try_get(at).map_err(as_table_error)?;
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
            return Err(CaptureError::from(PostgresTableError::Permission {
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
        let from =
            (self.find_table(table)?).map_or_else(|| identifier(&table.name), |found| found.name);
        let cancel_token = self.client.cancel_token();
        let read = self.read_rows(table, &from, take);
        if read.is_err() {
            // Otherwise the server sends all remaining rows before the connection closes.
            let _ = cancel_token.cancel_query(self.tls.clone());
        }
        read
    }
}

fn table_error(redactor: &PasswordRedactor, table: &Table, error: &Error) -> PostgresTableError {
    PostgresTableError::Table {
        table: table.name.clone(),
        line: table.line,
        reason: redactor.redacted_reason(error),
    }
}
