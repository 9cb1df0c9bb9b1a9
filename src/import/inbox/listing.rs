//! Lists the files of a folder, and reads those that are not being written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};

use crate::import::content::decode;
use crate::import::error::Refusal;
use crate::import::source_text::{ReadError, read_file};

/// Time for which a file must be unchanged before it is read.
const MIN_AGE: TimeDelta = TimeDelta::seconds(2);

/// End of the name of a compressed file, behind that of a table.
const GZIP_EXTENSION: &str = ".gz";

/// Returns the `*.csv` and `*.txt` files of a folder, also compressed ones, sorted by name. Hidden
/// files and links are left out: a link could expose a file that the person who drops files may not
/// read.
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
    let name = file_name(path).to_ascii_lowercase();
    let unpacked = Path::new(name.strip_suffix(GZIP_EXTENSION).unwrap_or(&name));
    let extension = unpacked.extension();
    extension.is_some_and(|name| name == "csv" || name == "txt")
}

/// Returns whether the name of a file is that of a compressed one, in upper or lower case.
pub(super) fn is_packed(path: &Path) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    name.ends_with(GZIP_EXTENSION)
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
    /// The text, or the reason for which it cannot be read as one.
    pub(super) text: Result<Vec<u8>, Refusal>,
    size: u64,
    modified: SystemTime,
}

/// Result of reading a file that may be in the middle of a write.
#[derive(Debug)]
pub(super) enum Reading {
    /// The file is complete, as far as its content and its times show.
    Stable(StableFile),
    /// The file changed in the last seconds, or while it was read.
    BeingWritten,
    /// The last line has no end, or a compressed file none, so more may follow.
    Unfinished,
}

/// Reads a file as it is now, such as one that this process has just written.
pub(super) fn read_now(path: &Path) -> io::Result<StableFile> {
    // Before the text, so that a later write shows.
    let metadata = fs::metadata(path)?;
    Ok(StableFile {
        text: read_text(path)?,
        size: metadata.len(),
        modified: metadata.modified()?,
    })
}

/// Reads a file unless it seems to be in the middle of a write.
pub(super) fn read_if_stable(path: &Path, now: DateTime<Utc>) -> io::Result<Reading> {
    if is_fresh(&fs::metadata(path)?, now)? {
        return Ok(Reading::BeingWritten);
    }
    let file = read_now(path)?;
    // A write during the read shows in the size or in the time.
    if !is_unchanged(path, &file)? {
        return Ok(Reading::BeingWritten);
    }
    Ok(match is_unfinished(&file.text) {
        true => Reading::Unfinished,
        false => Reading::Stable(file),
    })
}

/// Reads a file as text, or returns the reason for which it cannot be one.
pub(super) fn read_text(path: &Path) -> io::Result<Result<Vec<u8>, Refusal>> {
    match read_file(fs::File::open(path)?) {
        Ok(text) => Ok(Ok(text)),
        Err(ReadError::Refused(refusal)) => Ok(Err(refusal)),
        Err(ReadError::Io(error)) => Err(error),
    }
}

/// Returns whether more of a table may follow: its last line has no end, or the end of a compressed
/// file is missing.
pub(super) fn is_unfinished(text: &Result<Vec<u8>, Refusal>) -> bool {
    match text {
        Ok(text) => is_table(text) && !text.ends_with(b"\n"),
        Err(refusal) => *refusal == Refusal::UnfinishedGzip,
    }
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
fn is_table(bytes: &[u8]) -> bool {
    let separates = |byte: &u8| matches!(byte, b',' | b';' | b'\t' | b'\n');
    bytes.iter().any(separates) && decode(bytes).is_ok()
}

/// Returns true if a file has the size and the time of when it was read.
pub(super) fn is_unchanged(path: &Path, file: &StableFile) -> io::Result<bool> {
    let now = fs::metadata(path)?;
    Ok(now.len() == file.size && now.modified()? == file.modified)
}
