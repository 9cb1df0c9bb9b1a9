//! Reads all rows of a database, to compare two databases.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use rusqlite::types::ValueRef;

use super::error::StoreError;
use super::transaction::ReadTransaction;

/// Tables that record how the books came about: runs and leases, the count of changes to the
/// sources, failures, invalidations, notifications, requests for prices and verifications. Two databases with equal books
/// can differ here.
const HISTORY_TABLES: [&str; 11] = [
    "alert_state",
    "failure",
    "invalidated",
    "invalidation",
    "lease",
    "outbox",
    "price_refusal",
    "price_request",
    "revision",
    "run",
    "verification",
];

/// The rows of some tables, compared bit by bit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents(BTreeMap<String, Arc<Rows>>);

/// The rows of a table in the order of its key, encoded value after value: equal tables have equal
/// bytes. They become text only where a difference is shown.
#[derive(Debug, PartialEq, Eq, Default)]
struct Rows {
    columns: Vec<String>,
    values: Vec<u8>,
}

/// The first difference between two databases: a table, and a row of each that the other lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Name of the table.
    pub table: String,
    /// First row that only the first database has, if any.
    pub only_first: Option<String>,
    /// First row that only the second database has, if any.
    pub only_second: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            table,
            only_first,
            only_second,
        } = self;
        let row = |row: &Option<String>| row.as_deref().unwrap_or("no other row").to_owned();
        write!(
            f,
            "`{table}` has {} and should have {}",
            row(only_first),
            row(only_second)
        )
    }
}

impl Contents {
    /// Returns all tables except those that record how the books came about.
    #[must_use]
    pub fn without_history(&self) -> Self {
        self.without(&HISTORY_TABLES)
    }

    /// Returns all tables except `run`.
    #[must_use]
    pub(crate) fn without_runs(&self) -> Self {
        self.without(&["run"])
    }

    /// Returns all tables except those.
    #[must_use]
    pub fn without(&self, left_out: &[&str]) -> Self {
        let tables = self.0.iter();
        let tables = tables.filter(|(table, _)| !left_out.contains(&table.as_str()));
        Self(
            tables
                .map(|(table, rows)| (table.clone(), Arc::clone(rows)))
                .collect(),
        )
    }

    /// Returns the first difference from `other`, by table; `None` if there is none.
    pub fn difference(&self, other: &Self) -> Option<Difference> {
        let tables: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let differs = tables
            .into_iter()
            .find(|table| self.0.get(*table) != other.0.get(*table))?;
        let rows = |contents: &Self| {
            contents
                .0
                .get(differs)
                .map_or_else(BTreeSet::new, |rows| rows.to_lines())
        };
        let (first, second) = (rows(self), rows(other));
        Some(Difference {
            table: differs.clone(),
            only_first: first.difference(&second).next().cloned(),
            only_second: second.difference(&first).next().cloned(),
        })
    }
}

impl Rows {
    /// Appends the next value of a row.
    fn push(&mut self, value: ValueRef<'_>) {
        let (kind, bytes): (u8, &[u8]) = match value {
            ValueRef::Null => (0, &[]),
            ValueRef::Integer(number) => (1, &number.to_le_bytes()),
            // Bits, not numbers: zeros of different sign are different outputs.
            ValueRef::Real(number) => (2, &number.to_bits().to_le_bytes()),
            ValueRef::Text(text) => (3, text),
            ValueRef::Blob(bytes) => (4, bytes),
        };
        self.values.push(kind);
        self.values.extend((bytes.len() as u32).to_le_bytes());
        self.values.extend(bytes);
    }

    /// Returns each row as one line of text.
    fn to_lines(&self) -> BTreeSet<String> {
        let mut rest = self.values.as_slice();
        let mut rows = BTreeSet::new();
        while !rest.is_empty() {
            let values = self.columns.iter().map(|column| {
                let value = text(&mut rest).unwrap_or_default();
                format!("{column} {value}")
            });
            rows.insert(values.collect::<Vec<_>>().join(", "));
        }
        rows
    }
}

/// Decodes the next value as text. Different numbers give different text, zeros of either sign too.
fn text(values: &mut &[u8]) -> Option<String> {
    let (kind, rest) = values.split_first()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (bytes, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *values = rest;
    let word = || Some(u64::from_le_bytes(bytes.try_into().ok()?));
    Some(match kind {
        0 => "-".to_owned(),
        1 => word()?.cast_signed().to_string(),
        2 => format!("{:?}", f64::from_bits(word()?)),
        3 => String::from_utf8_lossy(bytes).into_owned(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

impl ReadTransaction<'_> {
    /// Returns every row of every table, except those that check the others.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or a stored value is damaged.
    pub fn contents(&self) -> Result<Contents, StoreError> {
        let mut tables = self.connection.prepare(
            "SELECT name FROM sqlite_schema
             WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
             AND name <> 'file_state' ORDER BY name",
        )?;
        let names = tables.query_map([], |row| row.get::<_, String>(0))?;
        let mut contents = Contents::default();
        for name in names {
            let name = name?;
            let rows = self.rows_of_table(&name)?;
            contents.0.insert(name, Arc::new(rows));
        }
        Ok(contents)
    }

    fn rows_of_table(&self, table: &str) -> Result<Rows, StoreError> {
        // Without ORDER BY, SQLite reads a table in the order of its key.
        let mut statement = self.connection.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = statement.column_names().into_iter();
        let mut rows = Rows {
            columns: columns.map(ToOwned::to_owned).collect(),
            values: Vec::new(),
        };
        let count = rows.columns.len();
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            for at in 0..count {
                rows.push(row.get_ref(at)?);
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(columns: &[&str], values: &[ValueRef<'_>]) -> Contents {
        let mut rows = Rows {
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            values: Vec::new(),
        };
        values.iter().for_each(|value| rows.push(*value));
        Contents([("t".to_owned(), Arc::new(rows))].into())
    }

    #[test]
    fn difference_names_rows_found_in_only_one_database() {
        let (number, text) = (ValueRef::Integer(-1), ValueRef::Text(b"two"));
        let same = rows(&["a", "b"], &[number, text]);
        assert_eq!(same.difference(&same.clone()), None);
        let other = rows(
            &["a", "b"],
            &[number, text, ValueRef::Null, ValueRef::Blob(&[7])],
        );
        let difference = same.difference(&other).unwrap();
        assert_eq!(
            difference.to_string(),
            "`t` has no other row and should have a -, b 07"
        );
        let other = rows(&["a", "b"], &[ValueRef::Real(0.1), text]);
        assert_eq!(
            other.difference(&same).unwrap().to_string(),
            "`t` has a 0.1, b two and should have a -1, b two"
        );
    }

    #[test]
    fn zeros_of_either_sign_differ() {
        let zero = rows(&["a"], &[ValueRef::Real(0.0)]);
        let negative = rows(&["a"], &[ValueRef::Real(-0.0)]);
        assert!(zero.difference(&negative).is_some());
    }

    #[test]
    fn history_tables_are_left_out_of_the_comparison() {
        let rows = || Arc::new(Rows::default());
        let tables = ["ledger", "run", "lease", "snapshot"];
        let all = Contents(tables.map(|name| (name.to_owned(), rows())).into());
        let names = |contents: Contents| contents.0.into_keys().collect::<Vec<_>>();
        assert_eq!(names(all.without_history()), ["ledger", "snapshot"]);
        assert_eq!(names(all.without_runs()), ["lease", "ledger", "snapshot"]);
    }
}
