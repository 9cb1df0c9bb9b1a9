//! Lists the files of a folder, and reads those that are not being written.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};

use crate::import::content::decode;

/// Time for which a file must be unchanged before it is read.
const MIN_AGE: TimeDelta = TimeDelta::seconds(2);

/// Returns the `*.csv` and `*.txt` files of a folder, sorted by name. Hidden files and links are
/// left out: a link could expose a file that the person who drops files may not read.
pub(super) fn list_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if has_table_extension(&path) && !is_hidden(&path) && entry.file_type()?.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Returns whether a file has the extension of a table, in upper or lower case.
pub(super) fn has_table_extension(path: &Path) -> bool {
    let extension = path.extension().map(OsStr::to_ascii_lowercase);
    extension.is_some_and(|name| name == "csv" || name == "txt")
}

/// Returns whether the name of a file begins with a dot.
pub(super) fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// Returns a file's name without its folder.
pub(super) fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Content of a file, and the size and time by which a later write shows.
#[derive(Debug)]
pub(super) struct StableFile {
    pub(super) bytes: Vec<u8>,
    modified: SystemTime,
}

/// Result of reading a file that may be in the middle of a write.
#[derive(Debug)]
pub(super) enum Reading {
    /// The file is complete, as far as its content and its times show.
    Stable(StableFile),
    /// The file changed in the last seconds, or while it was read.
    BeingWritten,
    /// The last line has no end, so more of it may follow.
    Unfinished,
}

/// Reads a file unless it seems to be in the middle of a write.
pub(super) fn read_if_stable(path: &Path, now: DateTime<Utc>) -> io::Result<Reading> {
    let before = fs::metadata(path)?;
    if is_fresh(&before, now)? {
        return Ok(Reading::BeingWritten);
    }
    let bytes = fs::read(path)?;
    let file = StableFile {
        bytes,
        modified: before.modified()?,
    };
    // A write during the read shows in the size or in the time.
    if before.len() != file.bytes.len() as u64 || !is_unchanged(path, &file)? {
        return Ok(Reading::BeingWritten);
    }
    if is_table(&file.bytes) && !file.bytes.ends_with(b"\n") {
        return Ok(Reading::Unfinished);
    }
    Ok(Reading::Stable(file))
}

/// Returns whether a file was changed in the last seconds.
pub(super) fn is_fresh(metadata: &fs::Metadata, now: DateTime<Utc>) -> io::Result<bool> {
    let modified = DateTime::<Utc>::from(metadata.modified()?);
    // `abs`, because a coarse clock may be slightly behind the time of a file just written. A time
    // far in the future says nothing about the age, and such a file must not wait until then.
    Ok((now - modified).abs() < MIN_AGE)
}

/// Returns whether bytes can be those of a table. Other bytes, such as a message of the
/// vendor, are not worth waiting for.
pub(super) fn is_table(bytes: &[u8]) -> bool {
    let separates = |byte: &u8| matches!(byte, b',' | b';' | b'\t' | b'\n');
    bytes.iter().any(separates) && decode(bytes).is_ok()
}

/// Returns true if a file has the size and the time of when it was read.
pub(super) fn is_unchanged(path: &Path, file: &StableFile) -> io::Result<bool> {
    let now = fs::metadata(path)?;
    Ok(now.len() == file.bytes.len() as u64 && now.modified()? == file.modified)
}
