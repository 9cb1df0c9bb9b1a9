//! Runs a query of the statement cache and decodes its rows.

use rusqlite::{Connection, Params, Row};

use super::error::StoreError;

/// Collects the decoded rows of a query, in its order.
pub(super) fn select<T, C: FromIterator<T>>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    mut decode: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<C, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let decoded = std::iter::from_fn(|| match rows.next() {
        Ok(row) => row.map(&mut decode),
        Err(error) => Some(Err(error.into())),
    });
    decoded.collect()
}

/// Returns the first decoded row of a query, if it has any.
pub(super) fn select_first<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    decode: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    rows.next()?.map(decode).transpose()
}
