//! How days, instants, marks and states are said on a page.

use chrono::{DateTime, Utc};

use crate::domain::{Day, Figure};
use crate::query::{CellReason, Mark};
use crate::store::RunState;

/// `Thu 8 Jan 2026`.
pub(super) fn day(day: Day) -> String {
    day.to_date().format("%a %-d %b %Y").to_string()
}

/// `2026-01-08 22:00 UTC`.
pub(super) fn timestamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `Thu 8 Jan 2026, 21:30 UTC`.
pub(super) fn day_and_time(at: DateTime<Utc>) -> String {
    at.format("%a %-d %b %Y, %H:%M UTC").to_string()
}

/// A figure through `show`, or a dash; and why there is none.
pub(super) fn figure(figure: &Figure, show: impl Fn(f64) -> String) -> (String, String) {
    match figure.as_result() {
        Ok(value) => (show(value), String::new()),
        Err(absence) => (
            crate::report::number::ABSENT.to_owned(),
            absence.to_string(),
        ),
    }
}

/// The look of a mark.
pub(super) const fn mark_class(mark: Mark) -> &'static str {
    match mark {
        Mark::DoneBefore => "had",
        Mark::Processed | Mark::Redundant => "done",
        Mark::Partial => "some",
        Mark::Open => "open",
        Mark::Failed => "failed",
        Mark::LeftBehind => "left",
        Mark::Blocked => "blocked",
        Mark::Quarantined => "quarantined",
        Mark::Deferred => "later",
        Mark::NotDue => "none",
    }
}

/// What is said of a cell with this mark.
pub(super) const fn mark_label(mark: Mark) -> &'static str {
    match mark {
        Mark::DoneBefore => "complete",
        other => other.legend(),
    }
}

/// Why a cell is open, in a sentence.
pub(super) fn step_reason(why: &CellReason) -> String {
    match why {
        CellReason::Step {
            changed: Some(changed),
            ..
        } => format!("it is to be done again, {changed}"),
        CellReason::Step {
            kind: "missing", ..
        } => "nothing of it is done yet".to_owned(),
        CellReason::Step {
            kind: "partial",
            phases,
            ..
        } => format!("{phases} still to do"),
        other => other.to_string(),
    }
}

/// The look of a state: `good`, `waiting`, `bad` or `calm`.
pub(super) const fn state_class(state: RunState) -> &'static str {
    match state {
        RunState::Complete => "good",
        RunState::Running => "calm",
        RunState::Incomplete | RunState::Cancelled | RunState::Abandoned => "waiting",
        RunState::Failed => "bad",
    }
}

/// `up` or `down`, the look of a number that is a change.
pub(super) fn trend_class(value: f64) -> &'static str {
    if value > 0.0 {
        "up"
    } else if value < 0.0 {
        "down"
    } else {
        ""
    }
}
