//! Marks, fills and reads a scratch database of a PostgreSQL server.

use std::collections::BTreeMap;

use postgres::{Client, Error};

use super::watch::{HARNESS_TABLES, triggers};
use crate::store::error::StoreError;
use crate::store::foreign::{identifier, qualified_identifier};
use crate::store::postgres::{PasswordRedactor, PostgresError};
use crate::store::scratch::database::{InsertError, ScratchConnection};
use crate::store::scratch::statements::{insert_statement, update_statement};
use crate::store::scratch::values::{
    RecordedWrite, ScratchRow, ScratchValue, WatchedTable, WriteFault, WriteKind,
};

/// The session: times without a zone are in UTC, texts are as they are written, no endless wait for a
/// program that holds a lock, and no wait for a disk.
const SESSION: &str = "\
    SET TimeZone = 'UTC';
    SET DateStyle = 'ISO, YMD';
    SET standard_conforming_strings = on;
    SET lock_timeout = '10s';
    SET client_min_messages = warning;
    SET synchronous_commit = off";
/// The most rows of one statement.
const ROWS_PER_STATEMENT: usize = 500;

/// A connection to a scratch database of a server.
pub(super) struct PostgresScratchConnection {
    client: Client,
    redactor: PasswordRedactor,
    /// The qualified and quoted names of tables, by the name in the job file.
    tables: BTreeMap<String, String>,
}

impl PostgresScratchConnection {
    pub(super) fn new(client: Client, redactor: PasswordRedactor) -> Result<Self, PostgresError> {
        let mut connection = Self {
            client,
            redactor,
            tables: BTreeMap::new(),
        };
        connection.execute(SESSION)?;
        Ok(connection)
    }

    pub(super) fn is_marked(&mut self) -> Result<bool, PostgresError> {
        let marked = "SELECT pg_catalog.to_regclass('plimsoll.scratch') IS NOT NULL";
        let marked = self.client.query_one(marked, &[]);
        Ok(marked.map_err(|error| self.error(&error))?.get(0))
    }

    fn execute(&mut self, sql: &str) -> Result<(), PostgresError> {
        let executed = self.client.batch_execute(sql);
        executed.map_err(|error| self.error(&error))
    }

    fn error(&self, error: &Error) -> PostgresError {
        PostgresError::Database(self.redactor.redacted_reason(error))
    }

    /// Returns the name of a table for statements. It is found by its name or by `schema.name`.
    fn table(&mut self, name: &str) -> Result<String, PostgresError> {
        if let Some(known) = self.tables.get(name) {
            return Ok(known.clone());
        }
        let found = self.client.query_opt(
            "SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class c
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.oid = coalesce(pg_catalog.to_regclass($1::text),
                                    pg_catalog.to_regclass($2::text))",
            &[&identifier(name), &qualified_identifier(name)],
        );
        let Some(row) = found.map_err(|error| self.error(&error))? else {
            return Err(PostgresError::Database(format!(
                "there is no table `{name}`"
            )));
        };
        let parts: [String; 2] = [row.get(0), row.get(1)];
        let quoted = parts.map(|part| identifier(&part)).join(".");
        self.tables.insert(name.to_owned(), quoted.clone());
        Ok(quoted)
    }

    /// Moves the sequences of columns on to the largest value, so that the job draws new ones.
    fn advance_sequences(&mut self, rows: &[ScratchRow]) -> Result<(), PostgresError> {
        let mut columns: BTreeMap<(&str, &str), ()> = BTreeMap::new();
        for row in rows {
            let given = row.values.iter();
            columns.extend(given.map(|(column, _)| ((row.table.as_str(), column.as_str()), ())));
        }
        for (table, column) in columns.into_keys() {
            let quoted = self.table(table)?;
            let sequence = self.client.query_opt(
                "SELECT pg_catalog.pg_get_serial_sequence($1::text, $2::text)",
                &[&quoted, &column],
            );
            let sequence = sequence.map_err(|error| self.error(&error))?;
            let Some(sequence) = sequence.and_then(|row| row.get::<_, Option<String>>(0)) else {
                continue;
            };
            self.execute(&format!(
                "SELECT pg_catalog.setval({}, greatest(
                    (SELECT max({}) FROM {quoted}), (SELECT last_value FROM {sequence})))",
                literal(&sequence),
                identifier(column),
            ))?;
        }
        Ok(())
    }

    /// Returns the statements that insert rows, some rows at a time.
    fn insert_statements(&mut self, rows: &[ScratchRow]) -> Result<Vec<String>, PostgresError> {
        let has_same_columns = |a: &ScratchRow, b: &ScratchRow| {
            let names = |row: &ScratchRow| -> Vec<String> {
                row.values.iter().map(|(name, _)| name.clone()).collect()
            };
            a.table == b.table && names(a) == names(b)
        };
        let mut statements = Vec::new();
        for of_table in rows.chunk_by(has_same_columns) {
            for rows in of_table.chunks(ROWS_PER_STATEMENT) {
                let table = self.table(&rows[0].table)?;
                let values = rows.iter().map(|row| {
                    let values = row.values.iter();
                    values.map(|(_, value)| value_text(value)).collect()
                });
                let values: Vec<Vec<String>> = values.collect();
                statements.push(insert_statement(&table, &rows[0], &values));
            }
        }
        Ok(statements)
    }

    /// Finds the row that a failed insertion was refused for.
    fn find_refused(&mut self, rows: &[ScratchRow]) -> Result<Option<InsertError>, PostgresError> {
        self.execute("ROLLBACK; BEGIN; SET CONSTRAINTS ALL DEFERRED")?;
        for row in rows {
            for statement in self.insert_statements(std::slice::from_ref(row))? {
                if let Err(error) = self.execute(&statement) {
                    self.execute("ROLLBACK")?;
                    return Ok(Some((error.into(), Some(row.clone()))));
                }
            }
        }
        self.execute("ROLLBACK")?;
        Ok(None)
    }
}

impl ScratchConnection for PostgresScratchConnection {
    fn mark(&mut self, watched: &[WatchedTable]) -> Result<(), StoreError> {
        self.execute(HARNESS_TABLES)?;
        for watched in watched {
            let table = self.table(&watched.table)?;
            self.execute(&triggers(watched, &table))?;
        }
        Ok(())
    }

    fn schema(&mut self) -> Result<String, StoreError> {
        // Partitions, indexes and statistics change no row. A trigger that partitions inherit counts
        // once.
        let schema = self.client.query_one(
            "SELECT coalesce(pg_catalog.string_agg(part, ';' ORDER BY part), '') FROM (
                SELECT n.nspname || '.' || c.relname || ' ' || coalesce(a.attname, '') || ' '
                       || coalesce(pg_catalog.format_type(a.atttypid, a.atttypmod), '')
                FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                LEFT JOIN pg_catalog.pg_attribute a
                    ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
                    AND c.relpersistence <> 't' AND n.nspname <> 'information_schema'
                    AND n.nspname NOT LIKE 'pg\\_%'
                UNION ALL
                SELECT tgname || ' ' || tgrelid::text FROM pg_catalog.pg_trigger
                WHERE tgname LIKE 'plimsoll\\_watch\\_%' AND tgparentid = 0 AND tgenabled <> 'D'
             ) parts (part)",
            &[],
        );
        Ok(schema.map_err(|error| self.error(&error))?.get(0))
    }

    fn is_view(&mut self, table: &str) -> Result<bool, StoreError> {
        let quoted = self.table(table)?;
        let kind = self.client.query_one(
            "SELECT relkind IN ('v', 'm') FROM pg_catalog.pg_class
             WHERE oid = $1::text::pg_catalog.regclass",
            &[&quoted],
        );
        Ok(kind.map_err(|error| self.error(&error))?.get(0))
    }

    fn insert(&mut self, rows: &[ScratchRow]) -> Result<(), InsertError> {
        let outside = |error: PostgresError| (StoreError::from(error), None);
        if rows.is_empty() {
            return Ok(());
        }
        let statements = self.insert_statements(rows).map_err(outside)?;
        let all = statements.join("; ");
        let sql = format!("BEGIN; SET CONSTRAINTS ALL DEFERRED; {all}; COMMIT");
        if let Err(error) = self.execute(&sql) {
            let refused = self.find_refused(rows).map_err(outside)?;
            return Err(refused.unwrap_or_else(|| outside(error)));
        }
        self.advance_sequences(rows).map_err(outside)
    }

    fn update(
        &mut self,
        table: &str,
        (column, value): (&str, &ScratchValue),
        (key_column, key): (&str, &ScratchValue),
    ) -> Result<(), StoreError> {
        let table = self.table(table)?;
        let (value, key) = (value_text(value), value_text(key));
        self.execute(&update_statement(
            &table,
            (column, &value),
            (key_column, &key),
        ))?;
        Ok(())
    }

    fn lock_writes(&mut self) -> Result<(), StoreError> {
        // Rows can still be locked, by which jobs let each other wait.
        let lock = "DO $plimsoll$
            DECLARE of_table pg_catalog.regclass;
            BEGIN
                FOR of_table IN SELECT DISTINCT tgrelid FROM pg_catalog.pg_trigger
                    WHERE tgname LIKE 'plimsoll\\_watch\\_%' AND tgparentid = 0
                LOOP
                    EXECUTE pg_catalog.format(
                        'LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', of_table);
                END LOOP;
            END $plimsoll$";
        self.execute("BEGIN")?;
        Ok(self.execute(lock)?)
    }

    fn prepare_run(&mut self, fault: Option<WriteFault>) -> Result<(), StoreError> {
        let mut sql = "DELETE FROM plimsoll.writes; DELETE FROM plimsoll.fault; \
                       SELECT pg_catalog.setval('plimsoll.write_numbers', 1, false)"
            .to_owned();
        if let Some(fault) = fault {
            let (number, kind) = (fault.number, fault.kind.name());
            sql += &format!("; INSERT INTO plimsoll.fault VALUES ({number}, '{kind}')");
        }
        Ok(self.execute(&sql)?)
    }

    fn writes(&mut self) -> Result<Vec<RecordedWrite>, StoreError> {
        let rows = self.client.query(
            "SELECT source, kind, portfolio, day FROM plimsoll.writes ORDER BY number",
            &[],
        );
        let rows = rows.map_err(|error| self.error(&error))?;
        let writes = rows.iter().map(|row| RecordedWrite {
            source: usize::try_from(row.get::<_, i32>(0)).unwrap_or_default(),
            kind: WriteKind::from_name(row.get(1)),
            portfolio: row.get(2),
            day: row.get(3),
        });
        Ok(writes.collect())
    }
}

/// Returns a value as it is in a statement. Literals have no type, so that the column gives it: `'1'`
/// is a number, a text, or true.
fn value_text(value: &ScratchValue) -> String {
    match value {
        ScratchValue::Null => "NULL".to_owned(),
        ScratchValue::Integer(number) => literal(&number.to_string()),
        ScratchValue::Real(number) => literal(&number.to_string()),
        ScratchValue::Text(text) => literal(text),
        ScratchValue::Blob(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            literal(&format!("\\x{digits}"))
        }
        ScratchValue::Expression(sql) => format!("({sql})"),
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_literals_without_a_type() {
        for (value, expected) in [
            (ScratchValue::Null, "NULL"),
            (ScratchValue::Integer(1), "'1'"),
            (ScratchValue::Real(0.5), "'0.5'"),
            (ScratchValue::Text("A's\\".to_owned()), "'A''s\\'"),
            (ScratchValue::Blob(vec![0, 255]), "'\\x00ff'"),
            (ScratchValue::Expression("now()".to_owned()), "(now())"),
        ] {
            assert_eq!(value_text(&value), expected);
        }
    }
}
