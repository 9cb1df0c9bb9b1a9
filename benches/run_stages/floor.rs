//! Measures the floor of a night: the time that prepared statements alone take for its rows. It is
//! the least time that SQLite and the disk need.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll::domain::PhaseSet;
use plimsoll::store::Store;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::command::BenchError;

/// The tables of outputs, which all have the day in the upper half of the column `cell`.
const TABLES: [&str; 5] = [
    "security_statistics",
    "snapshot",
    "position",
    "exposure",
    "risk",
];
/// The bits of a cell's key below its day.
const PORTFOLIO_BITS: u32 = 32;

/// The rows of one table on one day.
struct DayRows {
    insert: String,
    width: usize,
    /// Values row by row, each row in the order of the columns.
    values: Vec<Value>,
}

impl DayRows {
    fn count(&self) -> u64 {
        (self.values.len() / self.width.max(1)) as u64
    }
}

/// Writes all output rows of `night` into a new database, in transactions of as many cells as a
/// run's, and returns the time and the number of rows. The time of reading them is not counted.
#[expect(
    clippy::disallowed_methods,
    reason = "a bench measures durations itself"
)]
pub(crate) fn measure(
    night: &Path,
    folder: &Path,
    phases: PhaseSet,
    batch_cells: NonZeroUsize,
) -> Result<(Duration, u64), BenchError> {
    let folder = tempfile::tempdir_in(folder)?;
    let source = Connection::open_with_flags(night, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut target = target(&folder.path().join("floor.db"))?;
    let (mut took, mut rows) = (Duration::ZERO, 0);
    let mut pending: Vec<DayRows> = Vec::new();
    let mut write = |pending: &mut Vec<DayRows>| {
        let start = Instant::now();
        let transaction = target.transaction()?;
        for rows in pending.drain(..) {
            let mut statement = transaction.prepare_cached(&rows.insert)?;
            for row in rows.values.chunks_exact(rows.width) {
                statement.execute(params_from_iter(row))?;
            }
        }
        transaction.commit()?;
        took += start.elapsed();
        Ok::<_, BenchError>(())
    };
    for day in stored_days(&source)? {
        for table in TABLES {
            let day_rows = read(&source, table, day)?;
            rows += day_rows.count();
            pending.push(day_rows);
        }
        let cells = pending.iter().map(DayRows::count).sum::<u64>() / phases.len() as u64;
        if cells >= batch_cells.get() as u64 {
            write(&mut pending)?;
        }
    }
    write(&mut pending)?;
    Ok((took, rows))
}

/// Creates a database and opens it with the settings of a run's writer.
fn target(path: &Path) -> Result<Connection, BenchError> {
    drop(Store::create(path)?);
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    connection.pragma_update(None, "foreign_keys", 1)?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    Ok(connection)
}

fn stored_days(source: &Connection) -> Result<Vec<i64>, BenchError> {
    let days = TABLES.map(|table| format!("SELECT cell >> {PORTFOLIO_BITS} AS day FROM {table}"));
    let mut statement = source.prepare(&format!("{} ORDER BY day", days.join(" UNION ")))?;
    let days = statement.query_map([], |row| row.get(0))?;
    Ok(days.collect::<Result<_, _>>()?)
}

fn read(source: &Connection, table: &str, day: i64) -> Result<DayRows, BenchError> {
    let mut statement = source.prepare_cached(&format!(
        "SELECT * FROM {table} WHERE cell >= ?1 AND cell < ?2"
    ))?;
    let width = statement.column_count();
    let mut found = statement.query([day << PORTFOLIO_BITS, (day + 1) << PORTFOLIO_BITS])?;
    let mut values = Vec::new();
    while let Some(row) = found.next()? {
        for column in 0..width {
            values.push(row.get(column)?);
        }
    }
    let parameters = vec!["?"; width].join(", ");
    Ok(DayRows {
        insert: format!("INSERT OR REPLACE INTO {table} VALUES ({parameters})"),
        width,
        values,
    })
}
