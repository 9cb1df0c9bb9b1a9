//! Why a text is no scenario, and where in the text that shows.

use std::ops::Range;
use std::path::PathBuf;

use thiserror::Error;

use super::values::DurationError;
use crate::domain::CalendarError;
use crate::scenario::world::{Nearest, WorldError};

/// Why a text is no scenario.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// Not TOML, an unknown key in a table, or a value that can't be.
    #[error("the text is no scenario{nearest}")]
    Text {
        /// What TOML says; it shows line and column.
        source: toml::de::Error,
        /// The key that was probably meant.
        nearest: Nearest,
    },
    /// A key of the file that nothing knows.
    #[error("`{key}` is no key of a scenario{nearest}")]
    UnknownKey {
        /// What was written.
        key: String,
        /// What was probably meant.
        nearest: Nearest,
        /// Where.
        at: Range<usize>,
    },
    /// A fixture that can't be used.
    #[error("the fixture `{name}` cannot be used")]
    Fixture {
        /// Its name.
        name: String,
        /// Where it is named.
        at: Range<usize>,
        /// Why not.
        source: FixtureError,
    },
    /// Its world does not hold together.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A policy that is none.
    #[error("`{name}` is no policy{nearest}")]
    UnknownPolicy {
        /// What was written.
        name: String,
        /// What was probably meant.
        nearest: Nearest,
        /// Where.
        at: Range<usize>,
    },
    /// A list of policies without any, or one of them twice.
    #[error("a scenario is played by at least one policy, and by each once")]
    InvalidPolicyList(Range<usize>),
    /// A portfolio that the scenario doesn't have.
    #[error("the scenario has no portfolio `{name}`{nearest}")]
    UnknownPortfolio {
        /// What was written.
        name: String,
        /// What was probably meant.
        nearest: Nearest,
        /// Where.
        at: Range<usize>,
    },
    /// A step that says nothing, or two things at once, or can't be where it stands.
    #[error("{error}")]
    Step {
        /// What is wrong with it.
        error: StepError,
        /// Where it starts.
        at: Range<usize>,
    },
    /// A setting out of its range.
    #[error("`{key}` is `{value}`: {expected}")]
    Setting {
        /// Which.
        key: &'static str,
        /// What it is.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A calendar that can't be amended so.
    #[error("the calendar cannot be amended so")]
    Calendar {
        /// Why not.
        source: CalendarError,
        /// Where.
        at: Range<usize>,
    },
}

/// What is wrong with a step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StepError {
    /// It has no key that says what happens.
    #[error("the step does not say what happens: {}", EXPECTED_ACTIONS)]
    NoAction,
    /// It has more than one.
    #[error("the step says two things at once, `{0}` and `{1}`: make two steps of it")]
    TwoActions(&'static str, &'static str),
    /// A step beside a run without the point at which it happens.
    #[error("the step happens while a run is at work, and does not say `at` which point")]
    NoPoint,
    /// A step with a point that stands in no run.
    #[error("`at` names a point of the run around a step, and there is none")]
    PointOutsideRun,
    /// Something that writes while the write lock is held.
    #[error("nothing else can happen `{0}`: the run holds the write lock")]
    WriteLockHeld(String),
    /// A portfolio that is added with days that are done.
    #[error("`{0}` is added with days that are done: only a world can have done days")]
    AddedWithDoneDays(String),
    /// A clock that can't be moved so far.
    #[error(transparent)]
    Duration(#[from] DurationError),
}

const EXPECTED_ACTIONS: &str = "expected one of `run`, `onboard`, `invalidate`, `retry`, `delete`, \
                      `restore`, `close`, `add`, `prices`, `transaction`, `split`, `advance`, \
                      `clock`, `calendar`, `configure`";

/// Why a fixture can't be used.
#[derive(Debug, Error)]
pub enum FixtureError {
    /// There is no such file.
    #[error("there is no `fixtures/{0}.toml` beside the scenario or above it")]
    Absent(String),
    /// It can't be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no world.
    #[error("`{}`", path.display())]
    World {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: WorldError,
    },
}

impl ScenarioError {
    pub(super) fn text(source: toml::de::Error) -> Self {
        Self::Text {
            nearest: Nearest::from_message(source.message()),
            source,
        }
    }

    /// An error of a part of a text, made to point into the whole.
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

    /// Where in the scenario's text it shows, in bytes, if it does.
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
            Self::World(error) => error.span(text),
            Self::Setting { key, .. } => super::location::key_span(text, key),
        }
    }
}
