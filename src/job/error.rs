//! Defines the errors of a job under test. Those that the job file can fix name its line.

use std::path::PathBuf;

use thiserror::Error;

use super::outcome::CommandFailure;
use crate::capture::{CaptureError, MapError};
use crate::domain::{CalendarError, Nearest};
use crate::engine::EngineError;
use crate::plan::PlanError;
use crate::scenario::script::ScenarioError;
use crate::scenario::shrink::ShrinkError;
use crate::store::StoreError;

/// An error that ends the test of a job.
#[derive(Debug, Error)]
pub enum JobError {
    /// A file could not be read or written.
    #[error("failed to access `{}`", path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The job file is not TOML, or has an unknown key or an invalid value.
    #[error("invalid job file `{}`{nearest}", path.display())]
    Text {
        /// The path of the job file.
        path: PathBuf,
        /// The error of the TOML parser, with line and column.
        source: toml::de::Error,
        /// The most similar known key, if any.
        nearest: Nearest,
    },
    /// The map of the job is invalid.
    #[error("invalid map in `{}`", path.display())]
    Map {
        /// The file that has the map.
        path: PathBuf,
        /// The error, with the line of the map.
        source: MapError,
    },
    /// A key of the job file has a value that cannot be used.
    #[error("line {line} of `{}`: {problem}", path.display())]
    Value {
        /// The path of the job file.
        path: PathBuf,
        /// The line of the value, from 1.
        line: usize,
        /// The problem in words.
        problem: String,
    },
    /// The tables of the job could not be made.
    #[error("line {line} of `{}`: failed to make the database", path.display())]
    Make {
        /// The path of the job file.
        path: PathBuf,
        /// The line of the schema or command, from 1.
        line: usize,
        /// The reason why it failed.
        #[source]
        source: MakeError,
    },
    /// A command of the job could not be started.
    #[error("line {line} of `{}`: failed to start `{program}`", path.display())]
    Start {
        /// The path of the job file.
        path: PathBuf,
        /// The line of the command, from 1.
        line: usize,
        /// The program that was to be started.
        program: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The database refused a row of a world.
    #[error("{place} of `{}`: the table `{table}` refused a row with {row}", path.display())]
    Row {
        /// The path of the job file.
        path: PathBuf,
        /// The place in it that is about the row, such as `line 7`.
        place: String,
        /// The name of the table.
        table: String,
        /// The columns and values of the row.
        row: String,
        /// The error of the database.
        source: StoreError,
    },
    /// A command changed the tables, so that its writes may not be recorded any more.
    #[error(
        "line {line} of `{}`: the command made, changed or dropped a table, so its writes may not be \
         seen; make the tables in `[database]`",
        path.display()
    )]
    SchemaChanged {
        /// The path of the job file.
        path: PathBuf,
        /// The line of the command, from 1.
        line: usize,
    },
    /// After a command, its database cannot be used any more.
    #[error("line {line} of `{}`: after the command, its database cannot be used", path.display())]
    Unusable {
        /// The path of the job file.
        path: PathBuf,
        /// The line of the command, from 1.
        line: usize,
        /// The error of the database.
        source: StoreError,
    },
    /// The server on which scratch databases are made cannot be used.
    #[cfg(feature = "postgres")]
    #[error(
        "line {line} of `{}`: failed to use the server of the variable `{variable}`",
        path.display()
    )]
    Server {
        /// The path of the job file.
        path: PathBuf,
        /// The line that names the variable or the kind of the database, from 1.
        line: usize,
        /// The environment variable with the URL.
        variable: String,
        /// The reason why it failed.
        source: crate::store::PostgresError,
    },
    /// A table of the job cannot be read.
    #[error(transparent)]
    Table(#[from] CaptureError),
    /// The scenario to make smaller does not apply to the job.
    #[error("the scenario does not apply to the job: {0}")]
    NotApplicable(String),
    /// The scenario to make smaller does not fail.
    #[error("the scenario passes with the job, so there is no failure to keep")]
    Passes,
    /// The job could not be tried on a drawn world.
    #[error("the world of seed {seed} could not be tried")]
    World {
        /// The seed of the world.
        seed: u64,
        /// The error of that world.
        source: Box<Self>,
    },
    /// A person pressed Ctrl-C.
    #[error("interrupted; the scratch databases are removed")]
    Interrupted,
    /// The cells of a world cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The calendar does not know a day.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// The clock of a world is beyond its calendar.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A world is not valid.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A world could not be made smaller.
    #[error(transparent)]
    Shrink(#[from] ShrinkError),
    /// A scratch database could not be read or written.
    #[error("failed to use the scratch database")]
    Store(#[from] StoreError),
}

/// The reason why the tables of a job could not be made.
#[derive(Debug, Error)]
pub enum MakeError {
    /// A file could not be read.
    #[error("failed to read `{}`", path.display())]
    File {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The database refused a statement of the schema, or a table of the map is not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The command did not do its work.
    #[error("{0}")]
    Command(CommandFailure),
    /// The command made no database at `{path}`.
    #[error("the command made no file at `{{path}}`, which is the only database it may write")]
    NoFile,
    /// A table of the map has rows before a world is written.
    #[error("the table `{0}` has rows already, and a world is written into empty tables")]
    Rows(String),
    /// A part of the map is a view, which can be read and not written.
    #[error("line {line} of the map: `{view}` is a view, and worlds are written into tables")]
    View {
        /// The name of the view.
        view: String,
        /// The line of the map that names it, from 1.
        line: usize,
    },
    /// A table or column of the map is not in the database.
    #[error(transparent)]
    Map(#[from] CaptureError),
}

impl JobError {
    /// Returns whether the error may be that of one world or run, and not of the job in general.
    pub(super) const fn is_of_world(&self) -> bool {
        matches!(
            self,
            Self::Plan(_)
                | Self::Calendar(_)
                | Self::Engine(_)
                | Self::SchemaChanged { .. }
                | Self::Unusable { .. }
                | Self::Table(_)
                | Self::Store(_)
                | Self::Row { .. }
        )
    }

    /// Returns the next step for the user, if the error suggests one.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::File { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                "`plimsoll job new job.toml` writes a commented job file to start from"
            }
            Self::Text { .. } | Self::Map { .. } | Self::Value { .. } => {
                "docs/jobs.md lists the keys; `plimsoll job new job.toml` writes a commented file"
            }
            Self::Start { .. } | Self::Make { .. } | Self::SchemaChanged { .. } => {
                "fix the command or the schema, then try `plimsoll job check` again"
            }
            Self::Row { .. } => {
                "give the columns that a world does not know in `[write.values.PART]`, and rows of \
                 other tables in `[[write.rows]]`"
            }
            #[cfg(feature = "postgres")]
            Self::Server { source, .. } | Self::Store(StoreError::Postgres(source)) => {
                return source.hint();
            }
            _ => return None,
        })
    }
}
