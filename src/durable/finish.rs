//! The order of calls that gives a complete file its name, on any file system.

use std::path::{Path, PathBuf};

/// Extension of a file that is not complete yet.
pub(super) const EXTENSION: &str = "unfinished";

/// The calls that give one complete file its final name.
pub trait FinishCalls {
    /// The error of a call.
    type Error;

    /// Makes the bytes durable under the temporary name, and returns their number.
    ///
    /// # Errors
    ///
    /// The file cannot be synced.
    fn sync(&self) -> Result<u64, Self::Error>;

    /// Renames the file, and replaces one that has the final name.
    ///
    /// # Errors
    ///
    /// The file cannot be renamed.
    fn rename(&self) -> Result<(), Self::Error>;

    /// Makes the final name durable.
    ///
    /// # Errors
    ///
    /// The folder cannot be synced.
    fn sync_folder(&self) -> Result<(), Self::Error>;
}

/// Returns the temporary name of a file until it is complete.
pub fn unfinished_path(target: &Path) -> PathBuf {
    target.with_added_extension(EXTENSION)
}

/// Gives a complete file its final name durably, and returns its size in bytes.
///
/// # Errors
///
/// A call fails. The file has its temporary name, or the final one without a guarantee.
pub fn finish<C: FinishCalls>(calls: &C) -> Result<u64, C::Error> {
    // Synced before the rename: a power cut must not leave the name without the bytes.
    let bytes = calls.sync()?;
    calls.rename()?;
    calls.sync_folder()?;
    Ok(bytes)
}
