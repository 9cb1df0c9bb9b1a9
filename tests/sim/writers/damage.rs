//! Changes a value of each column of each output: `verify` finds it.

use plimsoll::disk::SimulatedDisk;
use plimsoll::store::FileSystem as _;
use rusqlite::Connection;

use super::scene::{Found, Scene};

/// The tables of outputs with rows in the scene.
const OUTPUTS: [&str; 5] = [
    "snapshot",
    "position",
    "exposure",
    "risk",
    "security_statistics",
];

/// Connects as another program does, which keeps no digests.
pub(super) fn connect(disk: &SimulatedDisk) -> rusqlite::Result<Connection> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let name = disk.full_name("books.db".as_ref());
    Connection::open_with_flags_and_vfs(name, flags, disk.vfs().unwrap())
}

/// Returns the columns of a table and the types of their values, without the key.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(String, String)>> {
    let sql = format!("SELECT name, type FROM pragma_table_info('{table}') WHERE pk = 0");
    let mut columns = connection.prepare(&sql)?;
    let rows = columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Changes one row at a time, as a program with SQL does.
pub(crate) fn damage_outputs() -> Found {
    let fail = |error: rusqlite::Error| error.to_string();
    let scene = Scene::new();
    let known = connect(&scene.disk).map_err(fail)?;
    for table in OUTPUTS {
        for (column, kind) in columns(&known, table).map_err(fail)? {
            // A number stays one that could be right.
            let value = match kind.as_str() {
                "BLOB" => "x'0102'".to_owned(),
                _ => format!("coalesce({column}, 6) + 1"),
            };
            let disk = scene.disk.fork();
            let connection = connect(&disk).map_err(fail)?;
            let sql = format!(
                "UPDATE {table} SET {column} = {value} WHERE rowid =
                 (SELECT rowid FROM {table} ORDER BY {column} IS NULL, rowid DESC LIMIT 1)"
            );
            let changed = connection.execute(&sql, []).map_err(fail)?;
            drop(connection);
            if changed == 1 && scene.verified(&disk).is_ok() {
                return Err(format!("a change of `{table}.{column}` is not found"));
            }
        }
    }
    Ok(())
}

#[test]
fn a_changed_output_is_found_by_verify() {
    assert_eq!(damage_outputs(), Ok(()));
}
