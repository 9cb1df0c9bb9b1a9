//! Marks a write-ahead log as synced that a writer could not empty because another connection reads
//! it, so that later writers may append to it.
//!
//! A log whose sync failed once must not be appended to: what follows in it can be lost after it was
//! acknowledged. A writer none of whose commits returned an error leaves a mark that names the state
//! of the log: the identity of the database, its generation, and the number of frames. The mark says
//! nothing of any other state, so a process that is killed leaves none, and a mark that a later commit
//! outdates need not be removed.

use std::io::{self, Read as _};

use rusqlite::Connection;

use super::error::StoreError;
use super::left_log::state_text;
use super::location::Location;

/// Returns the location of the mark of a database.
fn mark_of(place: &Location) -> Location {
    place.beside("-synced")
}

/// Reads the mark of a database; `None` if it has none.
fn read(place: &Location) -> Result<Option<Vec<u8>>, StoreError> {
    let mark = mark_of(place);
    let read = || -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        mark.open()?.read_to_end(&mut content)?;
        Ok(content)
    };
    match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        content => content.map(Some).map_err(|source| mark.file_error(source)),
    }
}

/// Returns the content of the mark of a log with so many frames; `None` if there is nothing to mark.
fn content(connection: &Connection, frames: i64) -> Result<Option<String>, StoreError> {
    if frames <= 0 {
        return Ok(None);
    }
    let state = state_text(connection)?;
    // The end tells a whole mark from the beginning of one.
    Ok(state.map(|state| format!("{state} {frames} frames synced\n")))
}

/// Returns whether all commits of a log with so many frames are known to be synced.
pub(super) fn is_synced(
    connection: &Connection,
    place: &Location,
    frames: i64,
) -> Result<bool, StoreError> {
    let Some(marked) = read(place)? else {
        return Ok(false);
    };
    let expected = content(connection, frames)?;
    Ok(expected.is_some_and(|expected| expected.as_bytes() == marked))
}

/// Returns whether a writer marked the log in its state now: it could not empty it.
pub(super) fn is_of_state(connection: &Connection, place: &Location) -> Result<bool, StoreError> {
    let Some(marked) = read(place)? else {
        return Ok(false);
    };
    let state = state_text(connection)?.map(|state| format!("{state} "));
    Ok(state.is_some_and(|state| marked.starts_with(state.as_bytes())))
}

/// Marks a log with so many frames as synced.
pub(super) fn set(
    connection: &Connection,
    place: &Location,
    frames: i64,
) -> Result<(), StoreError> {
    let Some(content) = content(connection, frames)? else {
        return Ok(());
    };
    mark_of(place).replace(content.as_bytes())
}

/// Removes the mark, if there is one.
pub(super) fn remove(place: &Location) -> Result<(), StoreError> {
    mark_of(place).remove_if_present()
}
