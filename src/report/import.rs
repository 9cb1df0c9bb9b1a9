//! Renders the result of importing a file as text and JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::corrections::to_do_again;
use super::number::{count, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use crate::import::apply::{FileKind, ImportResult, ImportStatus};
use crate::import::{LineVerdict, RowError, RowErrorKind, Verdict};

/// Maximum number of corrected and invalid rows in the text. JSON has all of them.
const MAX_ROWS: usize = 20;

/// The result of an import, with each row that is invalid or corrects a known one.
pub fn import_text(result: &ImportResult, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let (tone, status) = match result.status {
        ImportStatus::Applied => match result.held_back() {
            0 => (Tone::Good, "imported".to_owned()),
            rows => (
                Tone::Warning,
                format!("imported; {} held back", row_count(rows)),
            ),
        },
        ImportStatus::DryRun => {
            let status = "would be imported; nothing was changed";
            (Tone::Strong, status.to_owned())
        }
        ImportStatus::Refused => (Tone::Bad, "refused; nothing was changed".to_owned()),
    };
    page.headline(tone, &format!("{}: {status}", result.file));
    page.item(Tone::Normal, &result.counts.to_string());
    if let Some(profile) = &result.profile {
        page.item(Tone::Normal, &format!("read by profile {profile}"));
    }
    for (records, names) in [
        ("securities", &result.created.securities),
        ("portfolios", &result.created.portfolios),
    ] {
        if !names.is_empty() {
            page.item(
                Tone::Normal,
                &format!("new {records}: {}", names.join(", ")),
            );
        }
    }
    for line in unknown_records(result) {
        page.item(Tone::Bad, &line);
    }
    for (reason, lines) in skipped_by_reason(result) {
        let rows = row_count(lines.len());
        let first = lines.first().copied().unwrap_or_default();
        page.item(
            Tone::Normal,
            &format!("{rows} skipped, the first on line {first}: {reason}"),
        );
    }
    for warning in &result.warnings {
        page.item(Tone::Warning, &format!("warning: {warning}"));
    }
    let rows = result
        .verdicts
        .iter()
        .filter(|row| !is_unknown_record(row, result));
    let rows = rows.flat_map(verdict_lines);
    let rows: Vec<String> = rows.collect();
    for row in rows.iter().take(MAX_ROWS) {
        page.item(Tone::Normal, row);
    }
    if rows.len() > MAX_ROWS {
        let more = count((rows.len() - MAX_ROWS) as u64);
        page.item(
            Tone::Normal,
            &format!("… and {more} more; --json has them all"),
        );
    }
    match (result.invalidated_count(), result.status) {
        (0, _) | (_, ImportStatus::Refused) => {}
        (phases, ImportStatus::Applied) => page.item(Tone::Normal, &to_do_again(phases)),
        (phases, ImportStatus::DryRun) => page.item(
            Tone::Normal,
            &format!(
                "would have to be done again: {}",
                plural(phases, "cell phase")
            ),
        ),
    }
    page.finish()
}

/// Returns a line for the unknown securities of an export, and one for its portfolios, with the next
/// step.
fn unknown_records(result: &ImportResult) -> Vec<String> {
    let (mut symbols, mut portfolios) = (BTreeSet::new(), BTreeSet::new());
    for row in result.profile.iter().flat_map(|_| &result.verdicts) {
        let Verdict::Invalid(errors) = &row.verdict else {
            continue;
        };
        for error in errors {
            match &error.kind {
                RowErrorKind::UnknownSymbol { symbol, .. } => symbols.insert(symbol.as_str()),
                RowErrorKind::UnknownPortfolio { word, .. } => portfolios.insert(word.as_str()),
                _ => false,
            };
        }
    }
    let line = |records: &str, names: BTreeSet<&str>, next: &str| {
        let names: Vec<&str> = names.into_iter().collect();
        let names = (!names.is_empty()).then(|| names.join(", "));
        names.map(|names| format!("unknown {records}: {names}; {next}"))
    };
    let lines = [
        line(
            "securities",
            symbols,
            "import them (`plimsoll import securities FILE`), or add `--create-securities`",
        ),
        line(
            "portfolios",
            portfolios,
            "import them (`plimsoll import portfolios FILE`), or add `--create-portfolios`",
        ),
    ];
    lines.into_iter().flatten().collect()
}

/// Returns the lines of the rows that are skipped, by the reason. Those that need a step by hand have
/// a warning instead.
fn skipped_by_reason(result: &ImportResult) -> BTreeMap<&str, Vec<u64>> {
    let mut lines: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for row in &result.verdicts {
        if let Verdict::Skipped(reason) = &row.verdict
            && row.warnings.is_empty()
        {
            lines.entry(reason).or_default().push(row.line);
        }
    }
    lines
}

/// Returns whether a row of an export is invalid only because it names an unknown record, which one
/// line for all rows says.
fn is_unknown_record(row: &LineVerdict, result: &ImportResult) -> bool {
    let is_unknown = |error: &RowError| {
        matches!(
            error.kind,
            RowErrorKind::UnknownSymbol { .. } | RowErrorKind::UnknownPortfolio { .. }
        )
    };
    matches!(&row.verdict, Verdict::Invalid(errors) if result.profile.is_some() && errors.iter().all(is_unknown))
}

fn row_count(rows: usize) -> String {
    plural(rows as u64, "row")
}

/// The lines for a corrected, questionable or invalid row; none for others. Rows that only another
/// row holds back are counted in the headline.
fn verdict_lines(row: &LineVerdict) -> Vec<String> {
    let line = row.line;
    let warnings = row.warnings.iter();
    let warnings = warnings.map(|warning| format!("line {line}: warning: {warning}"));
    match &row.verdict {
        Verdict::Added | Verdict::Same | Verdict::Voided | Verdict::Skipped(_) => {
            warnings.collect()
        }
        Verdict::Corrected(changes) => changes
            .iter()
            .map(|change| format!("line {line}: {change}"))
            .chain(warnings)
            .collect(),
        Verdict::Invalid(errors) if matches!(errors.as_slice(), [error] if matches!(error.kind, RowErrorKind::HeldBack { .. })) => {
            Vec::new()
        }
        Verdict::Invalid(errors) => errors
            .iter()
            .map(|error| row_error_line(line, error))
            .collect(),
    }
}

fn row_error_line(line: u64, error: &RowError) -> String {
    match error.hint() {
        Some(hint) => format!("line {line}: {error}; {hint}"),
        None => format!("line {line}: {error}"),
    }
}

fn warnings(row: &LineVerdict) -> Vec<String> {
    row.warnings.iter().map(ToString::to_string).collect()
}

/// A file of which no row was read, as JSON: the error that refused it, and the next step.
pub fn unread_import_json(file: &str, kind: FileKind, reason: &str, hint: Option<&str>) -> Value {
    json!({
        "file": file,
        "kind": kind.name(),
        "ending": "refused",
        "reason": reason,
        "hint": hint,
    })
}

/// The result of an import as JSON, with all rows that are corrected, questionable or invalid.
pub fn import_json(result: &ImportResult) -> Value {
    let rows = result.verdicts.iter().filter_map(|row| match &row.verdict {
        Verdict::Added | Verdict::Same if row.warnings.is_empty() => None,
        Verdict::Added => Some(json!({
            "line": row.line,
            "verdict": "added",
            "warnings": warnings(row),
        })),
        Verdict::Same => Some(json!({
            "line": row.line,
            "verdict": "same",
            "warnings": warnings(row),
        })),
        Verdict::Voided => Some(json!({
            "line": row.line,
            "verdict": "voided",
            "warnings": warnings(row),
        })),
        Verdict::Skipped(reason) => Some(json!({
            "line": row.line,
            "verdict": "skipped",
            "reason": reason,
            "warnings": warnings(row),
        })),
        Verdict::Corrected(changes) => Some(json!({
            "line": row.line,
            "verdict": "corrected",
            "warnings": warnings(row),
            "changes": changes.iter().map(|change| json!({
                "column": change.column,
                "was": change.was,
                "now": change.now,
            })).collect::<Vec<_>>(),
        })),
        Verdict::Invalid(errors) => Some(json!({
            "line": row.line,
            "verdict": "invalid",
            "reasons": errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })),
    });
    let notes: Vec<_> = result.warnings.iter().map(ToString::to_string).collect();
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    json!({
        "file": result.file,
        "kind": result.kind.name(),
        "profile": result.profile,
        "created": {
            "securities": result.created.securities,
            "portfolios": result.created.portfolios,
        },
        "ending": match result.status {
            ImportStatus::Applied => "taken-in",
            ImportStatus::DryRun => "dry-run",
            ImportStatus::Refused => "refused",
        },
        "added": result.counts.added,
        "same": result.counts.same,
        "corrected": result.counts.corrected,
        "voided": result.counts.voided,
        "skipped": result.counts.skipped,
        "invalid": result.counts.invalid,
        "held-back": result.held_back(),
        "warnings": result.counts.warnings,
        "note": note,
        "rows": rows.collect::<Vec<_>>(),
        "phases-to-do-again": result.invalidated_count(),
    })
}
