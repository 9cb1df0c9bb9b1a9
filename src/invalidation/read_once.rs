//! Reads a value on first use and keeps it.

use std::cell::OnceCell;

use crate::store::StoreError;

/// Returns the value of a `OnceCell`, reading it on first use. `OnceCell::get_or_init` does not
/// allow a fallible initialiser.
pub(super) fn get_or_read<T>(
    cell: &OnceCell<T>,
    read: impl FnOnce() -> Result<T, StoreError>,
) -> Result<&T, StoreError> {
    match cell.get() {
        Some(known) => Ok(known),
        None => {
            let read = read()?;
            Ok(cell.get_or_init(|| read))
        }
    }
}
