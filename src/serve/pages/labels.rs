//! Formats days, instants, figures, marks, states and concerns for pages.

use chrono::{DateTime, Utc};

use crate::domain::{Day, Figure};
use crate::query::{Concern, Mark};
use crate::report::{Tone, concern_text};

/// Formats a day, such as `Thu 8 Jan 2026`.
pub(super) fn day(day: Day) -> String {
    day.to_date().format("%a %-d %b %Y").to_string()
}

/// Formats an instant for tables, such as `2026-01-08 22:00 UTC`.
pub(super) fn timestamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Formats an instant for sentences, such as `Thu 8 Jan 2026, 21:30 UTC`.
pub(super) fn day_and_time(at: DateTime<Utc>) -> String {
    at.format("%a %-d %b %Y, %H:%M UTC").to_string()
}

/// A figure formatted with `show`, or a dash, and the reason if it is absent.
pub(super) fn figure(figure: &Figure, show: impl Fn(f64) -> String) -> (String, String) {
    match figure.as_result() {
        Ok(value) => (show(value), String::new()),
        Err(absence) => (
            crate::report::number::ABSENT.to_owned(),
            absence.to_string(),
        ),
    }
}

/// The CSS class of a mark.
pub(super) const fn mark_class(mark: Mark) -> &'static str {
    match mark {
        Mark::DoneBefore => "complete",
        Mark::OldInputs => "old-inputs",
        Mark::Damaged => "damaged",
        Mark::Processed | Mark::Redundant => "done",
        Mark::Partial => "partial",
        Mark::Open => "open",
        Mark::Failed => "failed",
        Mark::LeftBehind => "left-behind",
        Mark::Blocked => "blocked",
        Mark::Unpriced => "unpriced",
        Mark::Quarantined => "quarantined",
        Mark::Deferred => "deferred",
        Mark::NotDue => "none",
    }
}

/// The label of a cell with this mark.
pub(super) const fn mark_label(mark: Mark) -> &'static str {
    match mark {
        Mark::DoneBefore => "complete",
        other => other.legend(),
    }
}

/// The CSS class of a tone or of a state that has one: `good`, `warning`, `bad` or `calm`.
pub(super) fn tone_class(tone: impl Into<Tone>) -> &'static str {
    match tone.into() {
        Tone::Good => "good",
        Tone::Warning => "warning",
        Tone::Bad => "bad",
        Tone::Normal | Tone::Strong | Tone::Dim => "calm",
    }
}

/// The CSS class of a change: `up`, `down` or none.
pub(super) fn trend_class(value: f64) -> &'static str {
    if value > 0.0 {
        "up"
    } else if value < 0.0 {
        "down"
    } else {
        ""
    }
}

/// A concern as a line of a page.
pub(super) struct ConcernLine {
    pub(super) tone: &'static str,
    pub(super) severity: &'static str,
    pub(super) text: String,
    /// The command to run next; empty if there is none.
    pub(super) command: String,
}

impl ConcernLine {
    pub(super) fn new(concern: &Concern) -> Self {
        let severity = concern.severity();
        Self {
            tone: tone_class(severity),
            severity: severity.name(),
            text: concern_text(concern),
            command: (concern.next.as_ref())
                .map(ToString::to_string)
                .unwrap_or_default(),
        }
    }
}
