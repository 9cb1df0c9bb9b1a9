//! Keeps the calls to the files of watched folders. Calls to other folders are not kept.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The calls of each watched folder, and the number of its openings.
static WATCHED: Mutex<BTreeMap<String, (Vec<String>, u32)>> = Mutex::new(BTreeMap::new());

fn watched() -> MutexGuard<'static, BTreeMap<String, (Vec<String>, u32)>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts to record the calls to files of a folder, the part of SQLite's name before the last `/`.
pub(super) fn watch(folder: &str) {
    watched().insert(folder.to_owned(), Default::default());
}

/// Ends the recording and returns the calls.
pub(super) fn end_watch(folder: &str) -> Vec<String> {
    watched().remove(folder).unwrap_or_default().0
}

/// Adds a call to those of a folder, if it is watched.
pub(super) fn record(folder: &str, call: String) {
    if let Some((calls, _)) = watched().get_mut(folder) {
        calls.push(call);
    }
}

/// Counts the opening of a file, and returns its number; 0 if the folder is not watched.
pub(super) fn count_opening(folder: &str) -> u32 {
    watched().get_mut(folder).map_or(0, |(_, openings)| {
        *openings += 1;
        *openings
    })
}
