//! What became of the files of an inbox: a line for who looks on, a report for who dropped one.

use std::fmt::Write as _;

use crate::import::apply::{FileKind, ImportResult};
use crate::import::inbox::{FileLocation, InboxFile, InboxOutcome};
use crate::import::{ImportError, Verdict};

/// One line of what became of a file of the inbox.
pub fn inbox_line(file: &InboxFile) -> String {
    let name = &file.name;
    let mut line = match (&file.outcome, file.first_error()) {
        (InboxOutcome::Validated(taken), None) => {
            format!("inbox: {name} taken in: {}", taken.counts)
        }
        (InboxOutcome::AlreadyImported, _) => format!("inbox: {name} was taken in before"),
        (InboxOutcome::BeingWritten, _) => {
            format!("inbox: {name} is still being written: left for the next run")
        }
        (InboxOutcome::Misplaced, _) => {
            format!("inbox: {name} lies in no folder of a kind: move it to prices, transactions, …")
        }
        (InboxOutcome::Unreadable(error), _) => {
            format!("inbox: {name} can't be read: {error}")
        }
        (_, reason) => format!("inbox: {name} refused: {}", reason.unwrap_or_default()),
    };
    match (&file.location, &file.outcome) {
        (FileLocation::Moved(to), InboxOutcome::Validated(_) | InboxOutcome::InvalidFile(..))
            if file.first_error().is_some() =>
        {
            let _ = write!(line, "; now {}, with a report beside it", to.display());
        }
        (FileLocation::MoveFailed(error), _) => {
            let _ = write!(line, "; it could not be moved: {error}");
        }
        _ => {}
    }
    line
}

/// What stands beside a rejected file: everything that is wrong with it, and what to do.
pub fn inbox_report(file: &InboxFile) -> String {
    match &file.outcome {
        InboxOutcome::Validated(taken) => report(&file.name, taken.kind, &row_errors_text(taken)),
        InboxOutcome::InvalidFile(kind, error) => report(&file.name, *kind, &refusal_text(error)),
        _ => inbox_line(file) + "\n",
    }
}

fn report(name: &str, kind: FileKind, what: &str) -> String {
    format!(
        "{name}: refused; nothing of it was taken in\n\n\
         {what}\n\
         Mend the file and drop it into `{kind}` again, or take it in by hand, where more can be\n\
         declared about it: `plimsoll import {kind} FILE`; `--help` has the options, `--dry-run` tries.\n"
    )
}

fn row_errors_text(taken: &ImportResult) -> String {
    let mut lines = format!("{}\n", taken.counts);
    for said in &taken.verdicts {
        let Verdict::Invalid(flaws) = &said.verdict else {
            continue;
        };
        for flaw in flaws {
            let _ = match flaw.hint() {
                Some(hint) => writeln!(lines, "line {}: {flaw}; {hint}", said.line),
                None => writeln!(lines, "line {}: {flaw}", said.line),
            };
        }
    }
    lines
}

fn refusal_text(error: &ImportError) -> String {
    match error.hint() {
        Some(hint) => format!("{}\n{hint}\n", error.refusal),
        None => format!("{}\n", error.refusal),
    }
}
