//! Errors of reading a scenario, each with its place in the text.

use std::ops::Range;
use std::path::PathBuf;

use thiserror::Error;

use super::spec::StepSpec;
use super::values::DurationError;
use crate::domain::{CalendarError, Day, DayError, Nearest};
use crate::scenario::world::{Span, WorldError};

/// Errors of reading a scenario.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// Not TOML, an unknown key in a table, or an invalid value.
    #[error("invalid scenario file{nearest}")]
    Text {
        /// The error of the TOML parser, with line and column.
        source: toml::de::Error,
        /// The known key most similar to the unknown one.
        nearest: Nearest,
    },
    /// An unknown key at the top level of the file.
    #[error("unknown key `{key}`{nearest}")]
    UnknownKey {
        /// The key in the file.
        key: String,
        /// The known key most similar to it.
        nearest: Nearest,
        /// The byte range of the key.
        at: Range<usize>,
    },
    /// The fixture is missing, unreadable or invalid.
    #[error("failed to read the fixture `{name}`")]
    Fixture {
        /// The name that the scenario gives.
        name: String,
        /// The byte range of that name.
        at: Range<usize>,
        /// The cause, with the path of the fixture.
        source: FixtureError,
    },
    /// The world is invalid or contradicts itself.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A policy that is neither a preset nor defined in the file.
    #[error("unknown policy `{name}`{nearest}")]
    UnknownPolicy {
        /// The name in the file.
        name: String,
        /// The known name most similar to it.
        nearest: Nearest,
        /// The byte range of the name.
        at: Range<usize>,
    },
    /// The list of policies is empty, or has a policy twice.
    #[error("`policies` must list at least one policy, and each only once")]
    InvalidPolicyList(Range<usize>),
    /// A portfolio that neither the world nor a step defines.
    #[error("the scenario has no portfolio `{name}`{nearest}")]
    UnknownPortfolio {
        /// The name in the file.
        name: String,
        /// The known name most similar to it.
        nearest: Nearest,
        /// The byte range of the name.
        at: Range<usize>,
    },
    /// A step without an action, with two actions, or at a place where it is not allowed.
    #[error("{error}")]
    Step {
        /// The rule that the step breaks.
        error: StepError,
        /// The byte range of the step.
        at: Range<usize>,
    },
    /// An expectation that could never be found wrong, or that the step has no value for.
    #[error("{error}")]
    Expectation {
        /// The rule that the expectation breaks.
        error: ExpectationError,
        /// The key that it is under.
        key: &'static str,
        /// The byte range of the day or the step; none for a key of `[expect]`.
        at: Option<Range<usize>>,
    },
    /// A setting that is out of its range.
    #[error("`{key}` is `{value}`: {expected}")]
    Setting {
        /// The key of the setting.
        key: &'static str,
        /// The value in the file.
        value: String,
        /// The allowed range, as a clause: `it must be 1 or more`.
        expected: &'static str,
    },
    /// Amendments that contradict the calendar.
    #[error("invalid amendments of the calendar")]
    Calendar {
        /// The error of the calendar.
        source: CalendarError,
        /// The byte range of the amendments.
        at: Range<usize>,
    },
}

/// Rules that a step can break.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StepError {
    /// The step has no action.
    #[error("the step has no action: {}", expected_actions())]
    NoAction,
    /// The step has more than one action; the first two are named.
    #[error("the step has two actions, `{0}` and `{1}`: split it into two steps")]
    TwoActions(&'static str, &'static str),
    /// A step in `meanwhile` has no `at`.
    #[error("a step in `meanwhile` needs `at`, the point of the run at which it happens")]
    NoPoint,
    /// A step outside `meanwhile` has an `at`.
    #[error("`at` is only allowed for a step in the `meanwhile` of a run")]
    PointOutsideRun,
    /// A step would write while the run holds the write lock.
    #[error("the step cannot happen `{0}`: the run holds the write lock")]
    WriteLockHeld(String),
    /// An added portfolio has completed days.
    #[error("`{0}` is added with completed days, which only the portfolios of a world can have")]
    AddedWithDoneDays(String),
    /// A range of days ends before it starts.
    #[error(transparent)]
    Range(DayError),
    /// The clock cannot be moved that far.
    #[error(transparent)]
    Duration(#[from] DurationError),
}

/// Rules that an expectation can break.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExpectationError {
    /// The day is not a session, so it has no cells.
    #[error("`{day}` is not a session of the calendar `{calendar}`{}", nearest_text(*nearest))]
    NoSession {
        /// The day in the file.
        day: Day,
        /// The name of the calendar.
        calendar: String,
        /// The session nearest to the day.
        nearest: Option<Day>,
    },
    /// The day is far before all portfolios, or far after the clock.
    #[error(
        "`{day}` is outside the days of the scenario, {first} to {last}{}",
        nearest_text(*nearest)
    )]
    OutsideDays {
        /// The day in the file.
        day: Day,
        /// The earliest inception.
        first: Day,
        /// The latest day of the clock.
        last: Day,
        /// The session nearest to the day.
        nearest: Option<Day>,
    },
    /// A span of days has a session outside the days of the scenario.
    #[error(
        "`{span}` has the session {day}, which is outside the days of the scenario, {first} to {last}: leave \
         the end open"
    )]
    SpanOutsideDays {
        /// The span in the file.
        span: Span,
        /// Its first session outside.
        day: Day,
        /// The earliest inception.
        first: Day,
        /// The latest day of the clock.
        last: Day,
    },
    /// The key is about stored books or cells that are due, and on the day there are none yet.
    #[error(
        "`{key}` on `{day}` could never fail: no cell is due after {last}, the latest day of the clock so far"
    )]
    NotDue {
        /// The key of the expectation.
        key: &'static str,
        /// The day in the file.
        day: Day,
        /// The latest day of the clock.
        last: Day,
    },
    /// The key is about stored books or cells that are expected, and on the day no portfolio of the
    /// expectation has any.
    #[error(
        "`{key}` on `{day}` could never fail: {} on {inception}",
        portfolio.as_ref().map_or("the first portfolio begins".to_owned(), |name| format!("`{name}` begins"))
    )]
    BeforeInception {
        /// The key of the expectation.
        key: &'static str,
        /// The day in the file.
        day: Day,
        /// The portfolio that the expectation is of; none for all.
        portfolio: Option<String>,
        /// Its inception, or the earliest one.
        inception: Day,
    },
    /// The step is not a run, and only a run has a value for the key.
    #[error("`{0}` can be expected of a run only, and this step is not one")]
    NotARun(&'static str),
    /// No step is a run, and only a run has a value for the key.
    #[error("`{0}` can be expected of a run only, and the scenario has none")]
    NoRun(&'static str),
    /// A span of days without any session of the scenario.
    #[error("`{0}` has no session of the scenario")]
    NoSessions(Span),
    /// Two days or spans of one key cover the same session.
    #[error("`{key}` lists the session {day} twice: it can have one set of portfolios only")]
    DayTwice {
        /// The key of the expectation.
        key: &'static str,
        /// The session.
        day: Day,
    },
    /// A table without any number, which all books meet.
    #[error("`quality` without a number: expected one of `fresh`, `stale`, `cost`, `none`")]
    EmptyQuality,
    /// A text that every message contains.
    #[error("`says` has an empty text, which every message contains")]
    EmptyMessage,
    /// A key of `cash-in` is not the code of a currency.
    #[error("invalid currency `{0}` (expected a code such as EUR)")]
    Currency(String),
}

fn nearest_text(nearest: Option<Day>) -> String {
    nearest.map_or_else(String::new, |day| format!("; the nearest session is {day}"))
}

fn expected_actions() -> String {
    let actions = StepSpec::default();
    let keys = actions.present_actions().map(|(key, _)| format!("`{key}`"));
    format!("expected one of {}", keys.join(", "))
}

/// Errors of reading a fixture.
#[derive(Debug, Error)]
pub enum FixtureError {
    /// No folder `fixtures` beside the scenario or above it has the file.
    #[error("`fixtures/{0}.toml` does not exist beside the scenario or above it")]
    Absent(String),
    /// The file exists and cannot be read.
    #[error("failed to read `{}`", path.display())]
    Unreadable {
        /// The path of the fixture.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file is not a valid world.
    #[error("`{}`", path.display())]
    World {
        /// The path of the fixture.
        path: PathBuf,
        /// The error in its text.
        source: WorldError,
    },
}

impl ScenarioError {
    pub(in crate::scenario) fn text(source: toml::de::Error) -> Self {
        Self::Text {
            nearest: Nearest::from_message(source.message()),
            source,
        }
    }

    /// Wraps an error of a part of a text so that its span points into the whole `text`.
    pub(super) fn text_with_input(mut source: toml::de::Error, text: &str) -> Self {
        source.set_input(Some(text));
        Self::text(source)
    }

    pub(super) fn unknown_key<'k>(
        key: &str,
        known: impl IntoIterator<Item = &'k str>,
        at: Range<usize>,
    ) -> Self {
        Self::UnknownKey {
            nearest: Nearest::find(key, known),
            key: key.to_owned(),
            at,
        }
    }

    /// Returns the byte range of the scenario's text that the error is about, if there is one.
    pub fn span(&self, text: &str) -> Option<Range<usize>> {
        match self {
            Self::Text { source, .. } => source.span(),
            Self::UnknownKey { at, .. }
            | Self::Fixture { at, .. }
            | Self::UnknownPolicy { at, .. }
            | Self::InvalidPolicyList(at)
            | Self::UnknownPortfolio { at, .. }
            | Self::Step { at, .. }
            | Self::Calendar { at, .. } => Some(at.clone()),
            Self::Expectation { at: Some(at), .. } => Some(at.clone()),
            Self::Expectation { key, at: None, .. } => super::location::key_span(text, key),
            Self::World(error) => error.span(text),
            Self::Setting { key, .. } => super::location::key_span(text, key),
        }
    }
}
