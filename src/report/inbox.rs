//! Renders the results of inbox files: a line for the log, and a report beside a rejected file.

use std::fmt::Write as _;

use crate::import::apply::{FileKind, ImportResult};
use crate::import::inbox::{FileLocation, InboxFile, InboxOutcome};
use crate::import::{ImportError, Verdict};

/// The result of an inbox file in one line.
pub fn inbox_line(file: &InboxFile) -> String {
    let name = &file.name;
    let mut line = match (&file.outcome, file.first_error()) {
        (InboxOutcome::Validated(result), reason) if file.is_imported() => {
            let counts = &result.counts;
            match reason {
                Some(reason) => format!("inbox: {name} imported in part: {counts}; {reason}"),
                None => format!("inbox: {name} imported: {counts}"),
            }
        }
        (InboxOutcome::AlreadyImported, _) => format!("inbox: {name} already imported"),
        (InboxOutcome::BeingWritten, _) => {
            format!("inbox: {name} is still being written; the next run imports it")
        }
        (InboxOutcome::Unfinished, _) => {
            format!(
                "inbox: {name} waits, since its last line has no end: end the line, or import it by hand"
            )
        }
        (InboxOutcome::Misplaced, _) => {
            format!(
                "inbox: {name} is not in a folder of a file kind: move it to prices, transactions, …"
            )
        }
        (InboxOutcome::Unreadable(error), _) => {
            format!("inbox: failed to read {name}: {error}")
        }
        (_, reason) => format!("inbox: {name} refused: {}", reason.unwrap_or_default()),
    };
    if let InboxOutcome::Validated(result) = &file.outcome {
        for warning in &result.warnings {
            let _ = write!(line, "; warning: {warning}");
        }
        if let Some((row, warning)) = result.first_warning() {
            let _ = write!(line, "; warning: line {row}: {warning}");
        }
    }
    if let Some(rows) = &file.held_back {
        let _ = write!(
            line,
            "; the other rows are in {}, with a report beside it",
            rows.display()
        );
    }
    match (&file.location, &file.outcome) {
        (FileLocation::Moved(to), InboxOutcome::Validated(_) | InboxOutcome::InvalidFile(..))
            if file.first_error().is_some() && !file.is_imported() =>
        {
            let _ = write!(line, "; now {}, with a report beside it", to.display());
        }
        (FileLocation::Moved(to), InboxOutcome::Validated(result))
            if result.first_warning().is_some() && file.held_back.is_none() =>
        {
            let _ = write!(
                line,
                "; now {}, with a report of all warnings beside it",
                to.display()
            );
        }
        (FileLocation::Changed, _) => {
            line.push_str("; it changed in the meantime, so the next run imports it again");
        }
        (FileLocation::MoveFailed(error), _) => {
            let _ = write!(line, "; failed to move it: {error}");
        }
        _ => {}
    }
    line
}

/// The report that is written beside a rejected file: all errors, and the next steps.
pub fn inbox_report(file: &InboxFile) -> String {
    match &file.outcome {
        InboxOutcome::Validated(result) => {
            let ending = match (file.is_imported(), result.first_error()) {
                (true, None) => "imported; look at these rows again",
                (true, Some(_)) => "imported without the invalid rows",
                (false, _) => "refused; nothing was imported",
            };
            report(&file.name, result.kind, ending, &rows_text(result))
        }
        InboxOutcome::InvalidFile(kind, error) => {
            let ending = "refused; nothing was imported";
            report(&file.name, *kind, ending, &refusal_text(error))
        }
        _ => inbox_line(file) + "\n",
    }
}

fn report(name: &str, kind: FileKind, ending: &str, errors: &str) -> String {
    format!(
        "{name}: {ending}\n\n\
         {errors}\n\
         Fix the file and drop it into `{kind}` again, or import it by hand with more options:\n\
         `plimsoll import {kind} FILE` (`--help` lists the options, `--dry-run` changes nothing).\n"
    )
}

fn rows_text(result: &ImportResult) -> String {
    let mut lines = format!("{}\n", result.counts);
    for row in &result.verdicts {
        for warning in &row.warnings {
            let _ = writeln!(lines, "line {}: warning: {warning}", row.line);
        }
        let Verdict::Invalid(errors) = &row.verdict else {
            continue;
        };
        for error in errors {
            let _ = match error.hint() {
                Some(hint) => writeln!(lines, "line {}: {error}; {hint}", row.line),
                None => writeln!(lines, "line {}: {error}", row.line),
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
