//! What became of a file of sources, as text and JSON.

use serde_json::{Value, json};

use super::number::{count, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use crate::import::apply::{ImportResult, ImportStatus};
use crate::import::{LineVerdict, RowError, Verdict};

/// How many rows that changed or that are wrong are shown; the others are counted, and JSON has
/// them all.
const MAX_ROWS: usize = 20;

/// What became of a file, and each row of it that is wrong or that corrects what was known.
pub fn import_text(taken: &ImportResult, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let (tone, ending) = match taken.status {
        ImportStatus::Applied => (Tone::Good, "taken in"),
        ImportStatus::DryRun => (Tone::Strong, "would be taken in; nothing was changed"),
        ImportStatus::Refused => (Tone::Bad, "refused; nothing was changed"),
    };
    page.headline(tone, &format!("{}: {ending}", taken.file));
    page.item(Tone::Normal, &taken.counts.to_string());
    if let Some(caution) = &taken.warning {
        page.item(Tone::Warning, &format!("note: {caution}"));
    }
    let told = taken.verdicts.iter().flat_map(verdict_lines);
    let told: Vec<String> = told.collect();
    for row in told.iter().take(MAX_ROWS) {
        page.item(Tone::Normal, row);
    }
    if told.len() > MAX_ROWS {
        let more = count((told.len() - MAX_ROWS) as u64);
        page.item(
            Tone::Normal,
            &format!("… and {more} more; --json has them all"),
        );
    }
    match (taken.invalidated_count(), taken.status) {
        (0, _) | (_, ImportStatus::Refused) => {}
        (phases, ImportStatus::Applied) => page.item(
            Tone::Normal,
            &format!(
                "to be done again by the next run: {}",
                plural(phases, "cell phase")
            ),
        ),
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

/// What is said of a row that is not simply new or known.
fn verdict_lines(said: &LineVerdict) -> Vec<String> {
    let line = said.line;
    match &said.verdict {
        Verdict::Added | Verdict::Same => Vec::new(),
        Verdict::Corrected(changes) => changes
            .iter()
            .map(|change| format!("line {line}: {change}"))
            .collect(),
        Verdict::Invalid(flaws) => flaws
            .iter()
            .map(|flaw| row_error_line(line, flaw))
            .collect(),
    }
}

fn row_error_line(line: u64, flaw: &RowError) -> String {
    match flaw.hint() {
        Some(hint) => format!("line {line}: {flaw}; {hint}"),
        None => format!("line {line}: {flaw}"),
    }
}

/// What became of a file, every verdict that is not simply `added` or `same` included.
pub fn import_json(taken: &ImportResult) -> Value {
    let rows = taken
        .verdicts
        .iter()
        .filter_map(|said| match &said.verdict {
            Verdict::Added | Verdict::Same => None,
            Verdict::Corrected(changes) => Some(json!({
                "line": said.line,
                "verdict": "corrected",
                "changes": changes.iter().map(|change| json!({
                    "column": change.column,
                    "was": change.was,
                    "now": change.now,
                })).collect::<Vec<_>>(),
            })),
            Verdict::Invalid(flaws) => Some(json!({
                "line": said.line,
                "verdict": "invalid",
                "reasons": flaws.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })),
        });
    json!({
        "file": taken.file,
        "kind": taken.kind.name(),
        "ending": match taken.status {
            ImportStatus::Applied => "taken-in",
            ImportStatus::DryRun => "dry-run",
            ImportStatus::Refused => "refused",
        },
        "added": taken.counts.added,
        "same": taken.counts.same,
        "corrected": taken.counts.corrected,
        "invalid": taken.counts.invalid,
        "note": taken.warning.as_ref().map(ToString::to_string),
        "rows": rows.collect::<Vec<_>>(),
        "phases-to-do-again": taken.invalidated_count(),
    })
}
