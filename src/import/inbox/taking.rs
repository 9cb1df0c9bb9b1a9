//! From the files of an inbox to what became of each.

use std::io;
use std::path::{Path, PathBuf};

use super::{listing, moving};
use crate::import::ImportError;
use crate::import::apply::{
    Declared, Ending, FileKind, IntakeError, Mode, SourceFile, Taken, Terms, is_known, take_in,
};
use crate::store::Writer;

/// A file of the inbox.
#[derive(Debug)]
pub struct InboxFile {
    /// Its folder and name, such as `prices/2026-01-08.csv`.
    pub name: String,
    /// What became of it.
    pub outcome: InboxOutcome,
    /// Where it is now.
    pub place: Place,
}

/// What became of a file of the inbox.
#[derive(Debug)]
pub enum InboxOutcome {
    /// Its rows were judged, and taken where none was invalid.
    Judged(Taken),
    /// It is no file of its kind.
    Refused(FileKind, ImportError),
    /// The same bytes were taken in before.
    Known,
    /// It is still being written.
    BeingWritten,
    /// The system would not let it be read.
    Unreadable(io::Error),
    /// It lies beside the folders, so that nothing says of what kind it is.
    Stray,
}

/// Where a file of the inbox is after it was looked at.
#[derive(Debug)]
pub enum Place {
    /// Where it was.
    Unmoved,
    /// Here, in the inbox.
    Moved(PathBuf),
    /// Where it was, since the system would not let it be moved.
    Stuck(io::Error),
}

impl InboxFile {
    /// Why nothing of it was taken, in words; `None` where nothing is wrong.
    pub fn first_reason(&self) -> Option<String> {
        match &self.outcome {
            InboxOutcome::Known | InboxOutcome::BeingWritten => None,
            InboxOutcome::Judged(taken) if taken.ending != Ending::Refused => None,
            InboxOutcome::Judged(taken) => {
                let flaw = taken.first_flaw();
                flaw.map(|(line, flaw)| format!("line {line}: {flaw}"))
            }
            InboxOutcome::Refused(_, error) => Some(error.refusal.to_string()),
            InboxOutcome::Unreadable(error) => Some(error.to_string()),
            InboxOutcome::Stray => Some("its folder says of no kind".to_owned()),
        }
    }

    /// Whether anything about the books changed by it.
    pub fn was_taken_in(&self) -> bool {
        matches!(&self.outcome, InboxOutcome::Judged(taken) if taken.ending == Ending::Applied)
    }
}

/// Takes in every file of an inbox: `*.csv` and `*.txt`, in any case. `report` writes what stands
/// beside a rejected one. Folders of kinds that are not there are made.
pub fn take_in_inbox(
    writer: &mut Writer,
    inbox: &Path,
    terms: &Terms<'_>,
    report: &dyn Fn(&InboxFile) -> String,
) -> Result<Vec<InboxFile>, IntakeError> {
    let unlisted = |source| IntakeError::Inbox {
        path: inbox.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for path in listing::files(inbox).map_err(unlisted)? {
        files.push(stray(&path));
    }
    for kind in FileKind::ALL {
        let folder = inbox.join(kind.name());
        listing::ensure(&folder).map_err(unlisted)?;
        for path in listing::files(&folder).map_err(unlisted)? {
            let mut file = take_in_file(writer, &path, kind, terms)?;
            file.place = moving::put_away(inbox, &path, kind, &file, report);
            files.push(file);
        }
    }
    Ok(files)
}

/// Whether an inbox holds a file that is not being written.
pub fn waits(inbox: &Path, terms: &Terms<'_>) -> bool {
    FileKind::ALL.iter().any(|kind| {
        let files = listing::files(&inbox.join(kind.name())).unwrap_or_default();
        let settled =
            |path: &PathBuf| matches!(listing::read_settled(path, terms.now), Ok(Some(_)));
        files.iter().any(settled)
    })
}

fn stray(path: &Path) -> InboxFile {
    InboxFile {
        name: listing::name(path),
        outcome: InboxOutcome::Stray,
        place: Place::Unmoved,
    }
}

/// What becomes of one file.
fn take_in_file(
    writer: &mut Writer,
    path: &Path,
    kind: FileKind,
    terms: &Terms<'_>,
) -> Result<InboxFile, IntakeError> {
    let name = listing::name(path);
    let outcome = match listing::read_settled(path, terms.now) {
        Ok(Some(bytes)) => judge(writer, kind, &name, &bytes, terms)?,
        Ok(None) => InboxOutcome::BeingWritten,
        Err(error) => InboxOutcome::Unreadable(error),
    };
    Ok(InboxFile {
        name: format!("{kind}/{name}"),
        outcome,
        place: Place::Unmoved,
    })
}

fn judge(
    writer: &mut Writer,
    kind: FileKind,
    name: &str,
    bytes: &[u8],
    terms: &Terms<'_>,
) -> Result<InboxOutcome, IntakeError> {
    let file = SourceFile {
        kind,
        name,
        bytes,
        declared: &Declared::default(),
    };
    if writer.read(|reading| is_known(reading, &file))? {
        return Ok(InboxOutcome::Known);
    }
    match take_in(writer, &file, terms, Mode::Apply) {
        Ok(taken) => Ok(InboxOutcome::Judged(taken)),
        Err(IntakeError::Import(error)) => Ok(InboxOutcome::Refused(kind, error)),
        Err(error) => Err(error),
    }
}
