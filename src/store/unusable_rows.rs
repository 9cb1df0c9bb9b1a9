//! Finds rows of ledger and bookkeeping that cannot be read or refer to a missing row, and outputs
//! whose key names none. A repair deletes them: runs write them again, or do without.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::alerts::{row_to_active_alert, row_to_message};
use super::columns::{Micros, StoredSet};
use super::error::StoreError;
use super::failures::row_to_failure;
use super::invalidations::parse_cause;
use super::price_requests::{REQUEST, row_to_refusal, row_to_request};
use super::runs::row_to_run;
use super::transaction::{ReadTransaction, WriteTransaction};
use crate::domain::{Cell, Day, IdSet, Phase, PhaseCells, PortfolioId};

/// A row that no command can use.
#[derive(Debug, Clone, PartialEq)]
pub struct UnusableRow {
    /// Name of the table.
    pub table: &'static str,
    /// The columns of the key with their values, such as `day 20454, phase 99`.
    pub key: String,
    /// The reason why no command can use it.
    pub problem: String,
    values: Vec<Value>,
}

/// A table and how its rows are read.
struct Table {
    name: &'static str,
    /// The columns of its key.
    key: &'static [&'static str],
    /// What `read` reads, in SQL.
    columns: &'static str,
    read: fn(&Row<'_>) -> Result<(), StoreError>,
}

const TABLES: [Table; 10] = [
    Table {
        name: "ledger",
        key: &["day", "phase"],
        columns: "day, phase, ids, count",
        read: |row| {
            row.get::<_, Day>(0)?;
            check_has_output(row.get(1)?)?;
            StoredSet::from_row(row, 2).map(drop)
        },
    },
    Table {
        name: "invalidation",
        key: &["id"],
        columns: "at, cause, reason",
        read: |row| {
            row.get::<_, Micros>(0)?;
            parse_cause(&row.get::<_, String>(1)?)?;
            Ok(row.get::<_, String>(2).map(drop)?)
        },
    },
    Table {
        name: "invalidated",
        key: &["invalidation", "day", "phase"],
        columns: "day, phase, ids, count, EXISTS
            (SELECT 1 FROM invalidation AS i WHERE i.id = invalidated.invalidation)",
        read: |row| {
            row.get::<_, Day>(0)?;
            check_has_output(row.get(1)?)?;
            check_reference(row.get(4)?, "an invalidation")?;
            StoredSet::from_row(row, 2).map(drop)
        },
    },
    Table {
        name: "failure",
        key: &["day", "portfolio", "phase"],
        columns: "day, portfolio, phase, times, reason, last_at, EXISTS
            (SELECT 1 FROM portfolio AS p WHERE p.id = failure.portfolio)",
        read: |row| {
            check_reference(row.get(6)?, "a portfolio")?;
            row_to_failure(row).map(drop)
        },
    },
    Table {
        name: "run",
        key: &["id"],
        columns: super::runs::COLUMNS,
        read: |row| {
            let run = row_to_run(row)?;
            match run.report.as_str() {
                "" => Ok(()),
                report => check_json(report),
            }
        },
    },
    Table {
        name: "lease",
        key: &["only"],
        columns: "host, pid, started, renewed, expires, acquired, EXISTS
            (SELECT 1 FROM run AS r WHERE r.id = lease.run)",
        read: |row| {
            row.get::<_, String>(0)?;
            row.get::<_, u32>(1)?;
            row.get::<_, i64>(2)?;
            row.get::<_, Micros>(3)?;
            row.get::<_, Micros>(4)?;
            row.get::<_, Option<Micros>>(5)?;
            check_reference(row.get(6)?, "a run")
        },
    },
    Table {
        name: "alert_state",
        key: &["kind"],
        columns: "kind, since, portfolios, count, items",
        read: |row| row_to_active_alert(row).map(drop),
    },
    Table {
        name: "outbox",
        key: &["id"],
        columns: "id, created, channel, content, attempts, next_attempt",
        read: |row| check_json(&row_to_message(row)?.content),
    },
    Table {
        name: "price_request",
        key: &["only"],
        columns: REQUEST,
        read: |row| row_to_request(row).map(drop),
    },
    Table {
        name: "price_refusal",
        key: &["security", "day"],
        columns: "security, day, symbol, at, is_silent, EXISTS
            (SELECT 1 FROM security AS s WHERE s.id = price_refusal.security)",
        read: |row| {
            check_reference(row.get(5)?, "a security")?;
            row_to_refusal(row).map(drop)
        },
    },
];

/// The tables of outputs, and the tables whose ids the lower half of their keys has.
const OUTPUTS: [(&str, &str); 6] = [
    ("snapshot", "portfolio"),
    ("foreign_cash", "portfolio"),
    ("position", "portfolio"),
    ("exposure", "portfolio"),
    ("risk", "portfolio"),
    ("security_statistics", "security"),
];

fn check_has_output(phase: Phase) -> Result<(), StoreError> {
    match phase {
        Phase::Prices => Err(StoreError::damaged("the phase `prices` has no cells")),
        _ => Ok(()),
    }
}

fn check_reference(exists: bool, what: &str) -> Result<(), StoreError> {
    match exists {
        true => Ok(()),
        false => Err(StoreError::damaged(format!(
            "it refers to {what} that is missing"
        ))),
    }
}

fn check_json(text: &str) -> Result<(), StoreError> {
    let parsed = serde_json::from_str::<serde_json::Value>(text);
    parsed.map(drop).map_err(StoreError::damaged)
}

/// Returns the condition under which the key of an output names no day: it is outside of the keys
/// of all days.
fn unknown_day() -> String {
    let first = Cell::new(Day::MIN, PortfolioId(0)).key();
    let last = Cell::new(Day::MAX, PortfolioId(u32::MAX)).key();
    format!("cell < {first} OR cell > {last}")
}

/// Returns the condition under which the key of an output names no row of `owner`, or no day.
fn unknown_key(owner: &str) -> String {
    let unknown_day = unknown_day();
    format!("{unknown_day} OR (cell & 0xffffffff) NOT IN (SELECT id FROM {owner})")
}

impl Table {
    fn unusable(&self, connection: &Connection) -> Result<Vec<UnusableRow>, StoreError> {
        let Self { name, key, .. } = self;
        let (columns, keys) = (self.columns, key.join(", "));
        // The key comes last, so that `read` counts its own columns from 0.
        let sql = format!("SELECT {columns}, {keys} FROM {name} ORDER BY {keys}");
        let mut statement = connection.prepare(&sql)?;
        let before_key = statement.column_count() - key.len();
        let mut rows = statement.query([])?;
        let mut unusable = Vec::new();
        while let Some(row) = rows.next()? {
            let problem = match (self.read)(row) {
                Err(error) if error.is_damaged() => error.to_string(),
                read => {
                    read?;
                    continue;
                }
            };
            let values: Vec<Value> = (before_key..before_key + key.len())
                .map(|at| row.get(at))
                .collect::<Result<_, _>>()?;
            let named = key.iter().zip(&values);
            let named: Vec<_> = named
                .map(|(name, value)| format!("{name} {}", text(value)))
                .collect();
            unusable.push(UnusableRow {
                table: name,
                key: named.join(", "),
                problem,
                values,
            });
        }
        Ok(unusable)
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => format!("`{text}`"),
        other => format!("{other:?}"),
    }
}

impl ReadTransaction<'_> {
    /// Returns the rows of ledger and bookkeeping that no command can use.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn unusable_rows(&self) -> Result<Vec<UnusableRow>, StoreError> {
        let mut unusable = Vec::new();
        for table in &TABLES {
            unusable.extend(table.unusable(self.connection)?);
        }
        Ok(unusable)
    }

    /// Returns the number of outputs by table whose key names no day, and the number of rows of
    /// foreign cash whose key names no portfolio either.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn outputs_with_unknown_keys(&self) -> Result<Vec<(&'static str, u64)>, StoreError> {
        let mut unknown = Vec::new();
        for (table, owner) in OUTPUTS {
            // The unknown ids of the other tables are found with the ledger, session by session.
            let condition = match table {
                "foreign_cash" => unknown_key(owner),
                _ => unknown_day(),
            };
            let sql = format!("SELECT count(*) FROM {table} WHERE {condition}");
            let count: i64 = self.connection.query_row(&sql, [], |row| row.get(0))?;
            if count > 0 {
                unknown.push((table, count.unsigned_abs()));
            }
        }
        Ok(unknown)
    }
}

impl WriteTransaction<'_> {
    /// Deletes the outputs whose key names no portfolio, security or day, and returns how many there
    /// were.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn delete_outputs_of_unknown_ids(&self) -> Result<usize, StoreError> {
        let mut deleted = 0;
        for (table, owner) in OUTPUTS {
            let sql = format!("DELETE FROM {table} WHERE {}", unknown_key(owner));
            deleted += self.connection.execute(&sql, [])?;
        }
        Ok(deleted)
    }

    /// Deletes the rows of ledger and bookkeeping that no command can use, and returns how many there
    /// were.
    ///
    /// # Errors
    ///
    /// The database cannot be written.
    pub fn delete_unusable_rows(&self) -> Result<usize, StoreError> {
        // In the order of their references: a row becomes unusable when the one that it names goes, and
        // until the end of the transaction it names none.
        self.connection
            .pragma_update(None, "defer_foreign_keys", true)?;
        let mut deleted = 0;
        for table in &TABLES {
            let conditions: Vec<_> = (table.key.iter().zip(1..))
                .map(|(column, at)| format!("{column} = ?{at}"))
                .collect();
            let sql = format!(
                "DELETE FROM {} WHERE {}",
                table.name,
                conditions.join(" AND ")
            );
            for row in table.unusable(self.connection)? {
                deleted += self
                    .connection
                    .execute(&sql, params_from_iter(row.values))?;
            }
        }
        Ok(deleted)
    }

    /// Replaces each set of the ledger that cannot be read by all ids that have an output there, and
    /// returns these: more than the set had can be invalidated, but none too few.
    ///
    /// # Errors
    ///
    /// The database cannot be read or written.
    pub fn replace_unreadable_ledger_sets(&self) -> Result<PhaseCells, StoreError> {
        let mut replaced = PhaseCells::new();
        for row in TABLES[0].unusable(self.connection)? {
            let [Value::Integer(day), Value::Integer(phase)] = row.values.as_slice() else {
                continue;
            };
            let day = i32::try_from(*day).ok().and_then(Day::from_number);
            let phase = u8::try_from(*phase).ok().and_then(Phase::from_number);
            let Some((day, phase)) = day.zip(phase) else {
                continue;
            };
            let ids: IdSet = self.outputs().ids_with_output(day, phase)?;
            self.ledger().set_done(day, phase, &ids)?;
            replaced.insert((day, phase), ids);
        }
        Ok(replaced)
    }
}
