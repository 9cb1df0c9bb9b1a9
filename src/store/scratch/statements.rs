//! Writes the statements that are the same in all kinds of scratch databases.

use super::values::ScratchRow;
use crate::store::foreign::identifier;

/// The message of a write that fails on purpose.
pub(super) const FAILURE: &str = "write failure injected by plimsoll";

/// Returns the statement that inserts rows with the columns of `row` into a quoted table. `rows` has
/// the values of each row as they are in the statement.
pub(super) fn insert_statement(table: &str, row: &ScratchRow, rows: &[Vec<String>]) -> String {
    let columns = row.values.iter();
    let columns: Vec<_> = columns.map(|(name, _)| identifier(name)).collect();
    let rows = rows.iter().map(|values| format!("({})", values.join(", ")));
    format!(
        "INSERT INTO {table} ({}) VALUES {}",
        columns.join(", "),
        rows.collect::<Vec<_>>().join(", ")
    )
}

/// Returns the statement that sets a column of the rows of a quoted table that have a key.
pub(super) fn update_statement(
    table: &str,
    (column, value): (&str, &str),
    (key_column, key): (&str, &str),
) -> String {
    format!(
        "UPDATE {table} SET {} = {value} WHERE {} = {key}",
        identifier(column),
        identifier(key_column)
    )
}
