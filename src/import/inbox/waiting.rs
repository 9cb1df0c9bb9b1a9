//! Lists the files of the inbox that have waited for hours, and that no run imports as they are:
//! unfinished and unreadable ones, and those whose name, type or folder is never imported.
//!
//! The folders `done` and `rejected` are left out. Tables in the inbox itself are misplaced files,
//! which `rejected` lists.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};

use super::listing::{self, has_table_extension, is_hidden};
use super::moving::{DONE, REJECTED};
use crate::import::apply::FileKind;
use crate::import::source_text::GZIP;

/// Time for which a file may wait: longer than any transfer takes.
const MAX_WAIT: TimeDelta = TimeDelta::hours(4);

/// A file, or a folder with files, that has waited for hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingFile {
    /// The path of the file or folder, which begins with that of the inbox.
    pub path: PathBuf,
    /// The reason why it is not imported.
    pub reason: WaitingReason,
}

/// The reason why a file is not imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingReason {
    /// The last line has no end, so that more of it may follow.
    Unfinished,
    /// It is written to again and again.
    BeingWritten,
    /// The operating system refuses to read it.
    Unreadable,
    /// Its name ends neither with `.csv` nor with `.txt`.
    OtherExtension,
    /// A hidden file with the name of a table, as of a transfer that was cut off.
    Hidden,
    /// A symbolic link, which is never followed.
    Link,
    /// Something else, such as a named pipe or a socket.
    NoFile,
    /// A folder that is not one of a kind of file, and not empty.
    OtherFolder,
}

impl WaitingReason {
    /// Returns the reason as a clause.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Unfinished => "its last line has no end",
            Self::BeingWritten => "it is still being written",
            Self::Unreadable => "it cannot be read",
            Self::OtherExtension => "only *.csv and *.txt are imported",
            Self::Hidden => "hidden files are not imported",
            Self::Link => "links are not imported",
            Self::NoFile => "it is no file",
            Self::OtherFolder => "no files are imported from this folder",
        }
    }
}

/// Lists the files that have waited for hours at `now`: those in the inbox itself, then those in the
/// folders of kinds, by path. Complete files are left out: the next run imports them.
///
/// # Errors
///
/// A folder of the inbox cannot be listed. A missing one is empty.
pub fn list_waiting(inbox: &Path, now: DateTime<Utc>) -> io::Result<Vec<WaitingFile>> {
    let mut waiting = list_folder(inbox, now)?;
    waiting.retain(|file| !is_expected_in_inbox(&file.path));
    for kind in FileKind::ALL {
        waiting.extend(list_folder(&inbox.join(kind.name()), now)?);
    }
    Ok(waiting)
}

/// Returns whether a path in the inbox itself is one of its folders, or a table, which counts as
/// misplaced.
fn is_expected_in_inbox(path: &Path) -> bool {
    let name = listing::file_name(path);
    let is_folder = FileKind::ALL.iter().any(|kind| kind.name() == name);
    let is_table = || has_table_extension(path) && !is_hidden(path) && !path.is_symlink();
    is_folder || name == DONE || name == REJECTED || is_table()
}

/// Lists what has waited for hours in a folder, by path. A missing folder is empty.
fn list_folder(folder: &Path, now: DateTime<Utc>) -> io::Result<Vec<WaitingFile>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    let mut waiting = Vec::new();
    for path in paths {
        // A file that is moved away in between does not wait.
        let Ok(metadata) = fs::symlink_metadata(&path) else {
            continue;
        };
        if let Some(reason) = waiting_reason(&path, &metadata, now) {
            waiting.push(WaitingFile { path, reason });
        }
    }
    Ok(waiting)
}

fn waiting_reason(
    path: &Path,
    metadata: &fs::Metadata,
    now: DateTime<Utc>,
) -> Option<WaitingReason> {
    let is_older = |time: SystemTime| now - DateTime::<Utc>::from(time) >= MAX_WAIT;
    // A file that grows for hours was created long ago; a copy may keep the time of the original.
    let times = [metadata.modified(), metadata.created()];
    if !times.into_iter().flatten().any(is_older) {
        return None;
    }
    if metadata.is_dir() {
        // Hidden folders are those of programs that synchronise files, and of file managers.
        let has_files = || fs::read_dir(path).map_or(true, |mut entries| entries.next().is_some());
        return (!is_hidden(path) && has_files()).then_some(WaitingReason::OtherFolder);
    }
    match (is_hidden(path), has_table_extension(path)) {
        (true, _) => looks_like_table(path).then_some(WaitingReason::Hidden),
        (false, false) => Some(WaitingReason::OtherExtension),
        (false, true) if metadata.is_symlink() => Some(WaitingReason::Link),
        // Opening a pipe would wait for its writer.
        (false, true) if !metadata.is_file() => Some(WaitingReason::NoFile),
        (false, true) => match listing::is_fresh(metadata, now) {
            Ok(true) => Some(WaitingReason::BeingWritten),
            Ok(false) => match is_unfinished(path) {
                Ok(is_unfinished) => is_unfinished.then_some(WaitingReason::Unfinished),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(_) => Some(WaitingReason::Unreadable),
            },
            Err(_) => Some(WaitingReason::Unreadable),
        },
    }
}

/// Returns whether a hidden name contains that of a table, such as `.a.csv.Xy12`. Other hidden files
/// are those of editors, shells and file managers.
fn looks_like_table(path: &Path) -> bool {
    let name = listing::file_name(path).to_ascii_lowercase();
    name.contains(".csv") || name.contains(".txt")
}

/// Returns whether more of a table may follow. Does not read the whole of a text whose last line ends.
fn is_unfinished(path: &Path) -> io::Result<bool> {
    let mut file = fs::File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut first = [0];
    file.read_exact(&mut first)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    // No text begins with the first byte of gzip.
    let ends = last == *b"\n" && first != GZIP[..1];
    Ok(!ends && listing::is_unfinished(&listing::read_text(path)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str, modified: DateTime<Utc>) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(modified.into()).unwrap();
    }

    #[test]
    fn files_that_no_run_imports_wait_and_complete_ones_do_not() {
        let inbox = tempfile::tempdir().unwrap();
        let prices = inbox.path().join("prices");
        // The time of the file system, because a link has the time at which it was made.
        let now: DateTime<Utc> = fs::metadata(inbox.path())
            .unwrap()
            .modified()
            .unwrap()
            .into();
        let old = now - TimeDelta::hours(5);
        assert_eq!(list_waiting(inbox.path(), now).unwrap(), []);
        for (name, text, modified) in [
            ("a-complete.csv", "symbol,date\nA,2026-01-05\n", old),
            ("b-unfinished.csv", "symbol,date\nA,2026-01", old),
            ("c-unfinished-today.csv", "symbol,date\nA,2026-01", now),
            ("d.xlsx", "PK", old),
            ("e-no-table.csv", "rate limited", old),
            (".f.csv.Ab12", "symbol", old),
            (".gitkeep", "", old),
            ("g-empty.txt", "", old),
        ] {
            write(&prices.join(name), text, modified);
        }
        std::os::unix::fs::symlink("a-complete.csv", prices.join("h.csv")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(prices.join("i.csv")).unwrap();
        let found = |now| -> Vec<_> {
            let files = list_waiting(inbox.path(), now).unwrap();
            let files = files.into_iter();
            files
                .map(|file| (listing::file_name(&file.path), file.reason))
                .collect()
        };
        let expected = [
            (".f.csv.Ab12", WaitingReason::Hidden),
            ("b-unfinished.csv", WaitingReason::Unfinished),
            ("d.xlsx", WaitingReason::OtherExtension),
        ];
        let expected = expected.map(|(name, reason)| (name.to_owned(), reason));
        assert_eq!(found(now), expected);

        // Hours later, all of them were created long ago. One was written to just now.
        let later = now + TimeDelta::hours(5);
        write(&prices.join("c-unfinished-today.csv"), "symbol", later);
        let expected = [
            (".f.csv.Ab12", WaitingReason::Hidden),
            ("b-unfinished.csv", WaitingReason::Unfinished),
            ("c-unfinished-today.csv", WaitingReason::BeingWritten),
            ("d.xlsx", WaitingReason::OtherExtension),
            ("h.csv", WaitingReason::Link),
            ("i.csv", WaitingReason::NoFile),
        ];
        let expected = expected.map(|(name, reason)| (name.to_owned(), reason));
        assert_eq!(found(later), expected);
    }

    #[test]
    fn files_and_folders_outside_the_folders_of_kinds_wait() {
        let inbox = tempfile::tempdir().unwrap();
        let now: DateTime<Utc> = fs::metadata(inbox.path())
            .unwrap()
            .modified()
            .unwrap()
            .into();
        for name in [
            "a.csv",
            "b.xlsx",
            ".c.csv.Ab12",
            ".gitkeep",
            ".sync/d.csv",
            "price/e.csv",
            "prices/2026/f.csv",
            "prices/g.csv",
            "done/prices/h.csv",
            "rejected/prices/i.csv",
        ] {
            write(&inbox.path().join(name), "symbol,date\n", now);
        }
        fs::create_dir(inbox.path().join("empty")).unwrap();
        let link = inbox.path().join("j.csv");
        std::os::unix::fs::symlink("prices/g.csv", link).unwrap();
        let found = |now| -> Vec<_> {
            let files = list_waiting(inbox.path(), now).unwrap().into_iter();
            let inside = |path: PathBuf| path.strip_prefix(inbox.path()).unwrap().to_owned();
            files
                .map(|file| (inside(file.path).display().to_string(), file.reason))
                .collect()
        };
        assert_eq!(found(now), []);
        let expected = [
            (".c.csv.Ab12", WaitingReason::Hidden),
            ("b.xlsx", WaitingReason::OtherExtension),
            ("j.csv", WaitingReason::Link),
            ("price", WaitingReason::OtherFolder),
            ("prices/2026", WaitingReason::OtherFolder),
        ];
        let expected = expected.map(|(path, reason)| (path.to_owned(), reason));
        assert_eq!(found(now + TimeDelta::hours(5)), expected);
    }
}
