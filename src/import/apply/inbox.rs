//! The price inbox: every new file of a folder is taken in, by name order.
//!
//! A file is known by its bytes: one that was taken in is passed over, a changed one is taken in
//! again. A file that is refused is no reason to stop; it is told, and tried again the next time.
//! One that is still being written is left alone until it has settled. Nothing is moved or
//! deleted: the folder belongs to whoever fills it.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use super::intake::digest;
use super::{Declared, Ending, FileKind, IntakeError, Mode, SourceFile, Taken, Terms, take_in};
use crate::import::ImportError;
use crate::store::Writer;

/// For how long a file must not have changed.
const SETTLED: TimeDelta = TimeDelta::seconds(2);

/// A file of the inbox that was not passed over.
#[derive(Debug)]
pub struct InboxFile {
    /// Its name in the folder.
    pub name: String,
    /// What became of it.
    pub outcome: InboxOutcome,
}

/// What became of a file of the inbox.
#[derive(Debug)]
pub enum InboxOutcome {
    /// Its rows were judged, and taken where none was invalid.
    Judged(Taken),
    /// It is no file of prices.
    Refused(ImportError),
    /// It is still being written.
    BeingWritten,
    /// The system would not let it be read.
    Unreadable(io::Error),
}

impl InboxFile {
    /// Why nothing of it was taken, in words; `None` where it was.
    pub fn first_reason(&self) -> Option<String> {
        match &self.outcome {
            InboxOutcome::Judged(taken) if taken.ending != Ending::Refused => None,
            InboxOutcome::Judged(taken) => {
                let flaw = taken.first_flaw();
                flaw.map(|(line, flaw)| format!("line {line}: {flaw}"))
            }
            InboxOutcome::Refused(error) => Some(error.refusal.to_string()),
            InboxOutcome::BeingWritten => Some("it is still being written".to_owned()),
            InboxOutcome::Unreadable(error) => Some(error.to_string()),
        }
    }
}

/// Takes in every new price file of a folder: `*.csv` and `*.txt`, in any case, and no hidden
/// ones.
pub fn take_in_inbox(
    writer: &mut Writer,
    folder: &Path,
    terms: &Terms<'_>,
) -> Result<Vec<InboxFile>, IntakeError> {
    let paths = price_files(folder).map_err(|source| IntakeError::Inbox {
        path: folder.to_owned(),
        source,
    })?;
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(outcome) = take_in_file(writer, &path, &name, terms)? {
            files.push(InboxFile {
                name: name.into_owned(),
                outcome,
            });
        }
    }
    Ok(files)
}

fn price_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let kind = path.extension().map(OsStr::to_ascii_lowercase);
        let fits = kind.is_some_and(|kind| kind == "csv" || kind == "txt");
        if fits && !hidden && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// What becomes of one file; nothing where its bytes are known.
fn take_in_file(
    writer: &mut Writer,
    path: &Path,
    name: &str,
    terms: &Terms<'_>,
) -> Result<Option<InboxOutcome>, IntakeError> {
    let bytes = match read_settled(path, terms.now) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Some(InboxOutcome::BeingWritten)),
        Err(error) => return Ok(Some(InboxOutcome::Unreadable(error))),
    };
    let kind = FileKind::Prices;
    let digest = digest(&bytes);
    if writer.read(|reading| reading.knows_intake(&digest, kind.name()))? {
        return Ok(None);
    }
    let file = SourceFile {
        kind,
        name,
        bytes: &bytes,
        declared: &Declared::default(),
    };
    match take_in(writer, &file, terms, Mode::Apply) {
        Ok(taken) => Ok(Some(InboxOutcome::Judged(taken))),
        Err(IntakeError::Import(error)) => Ok(Some(InboxOutcome::Refused(error))),
        Err(error) => Err(error),
    }
}

/// The bytes of a file that nobody is writing; nothing where somebody seems to.
fn read_settled(path: &Path, now: DateTime<Utc>) -> io::Result<Option<Vec<u8>>> {
    let before = fs::metadata(path)?;
    let modified = DateTime::<Utc>::from(before.modified()?);
    // A clock that stands at another time than the file's says nothing about its age, and a
    // coarse one may be a little behind it.
    if (now - modified).abs() < SETTLED {
        return Ok(None);
    }
    let bytes = fs::read(path)?;
    let after = fs::metadata(path)?;
    let is_same = |one: &Metadata| one.len() == bytes.len() as u64;
    let settled = is_same(&before) && is_same(&after) && after.modified()? == before.modified()?;
    Ok(settled.then_some(bytes))
}
