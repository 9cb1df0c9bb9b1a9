//! Which files lie in a folder, and which of them nobody is writing.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

/// For how long a file must not have changed.
const MIN_AGE: TimeDelta = TimeDelta::seconds(2);

/// The `*.csv` and `*.txt` of a folder by name order. Hidden ones and links are none of ours: a
/// link could name what whoever drops files may not read.
pub(super) fn list_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let kind = path.extension().map(OsStr::to_ascii_lowercase);
        let fits = kind.is_some_and(|kind| kind == "csv" || kind == "txt");
        if fits && !hidden && entry.file_type()?.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Makes a folder where none is.
pub(super) fn ensure_folder(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// A file's name, without its folder.
pub(super) fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The bytes of a file that nobody is writing; nothing where somebody seems to.
pub(super) fn read_if_stable(path: &Path, now: DateTime<Utc>) -> io::Result<Option<Vec<u8>>> {
    let before = fs::metadata(path)?;
    let modified = DateTime::<Utc>::from(before.modified()?);
    // A clock that stands at another time than the file's says nothing about its age, and a
    // coarse one may be a little behind it.
    if (now - modified).abs() < MIN_AGE {
        return Ok(None);
    }
    let bytes = fs::read(path)?;
    let after = fs::metadata(path)?;
    let is_same = |one: &Metadata| one.len() == bytes.len() as u64;
    let settled = is_same(&before) && is_same(&after) && after.modified()? == before.modified()?;
    Ok(settled.then_some(bytes))
}
