//! Lists the files of a folder, and reads those that are not being written.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

/// Time for which a file must be unchanged before it is read.
const MIN_AGE: TimeDelta = TimeDelta::seconds(2);

/// Returns the `*.csv` and `*.txt` files of a folder, sorted by name. Hidden files and links are
/// left out: a link could expose a file that the person who drops files may not read.
pub(super) fn list_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let extension = path.extension().map(OsStr::to_ascii_lowercase);
        let is_table = extension.is_some_and(|name| name == "csv" || name == "txt");
        if is_table && !hidden && entry.file_type()?.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Creates a folder unless it exists.
pub(super) fn ensure_folder(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created,
    }
}

/// Returns a file's name without its folder.
pub(super) fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Returns the bytes of a file; `None` if the file seems to be in the middle of a write.
pub(super) fn read_if_stable(path: &Path, now: DateTime<Utc>) -> io::Result<Option<Vec<u8>>> {
    let before = fs::metadata(path)?;
    let modified = DateTime::<Utc>::from(before.modified()?);
    // `abs`, because a coarse clock may be slightly behind the time of a file just written. A time
    // far in the future says nothing about the age, and such a file must not wait until then.
    if (now - modified).abs() < MIN_AGE {
        return Ok(None);
    }
    let bytes = fs::read(path)?;
    let after = fs::metadata(path)?;
    // A write during the read shows in the size or in the time.
    let has_same_size = |metadata: &Metadata| metadata.len() == bytes.len() as u64;
    let is_stable = has_same_size(&before)
        && has_same_size(&after)
        && after.modified()? == before.modified()?;
    Ok(is_stable.then_some(bytes))
}
