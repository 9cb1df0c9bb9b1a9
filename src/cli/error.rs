//! Collects the errors of commands: message, causes, exit code, and a hint that names the next step.

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;

use thiserror::Error;

use super::hints::{engine_hint, query_hint, store_hint, withdraw_hint};
use super::{diagnostics, exit::Exit};
use crate::app::AppError;
use crate::capture::CaptureError;
use crate::domain::{DayError, Nearest};
use crate::engine::EngineError;
use crate::export::ExportError;
use crate::import::RowError;
use crate::import::apply::{ApplyError, WithdrawError};
use crate::import::profile::ProfilesError;
use crate::invalidation::lifecycle::LifecycleChangeError;

use crate::job::JobError;
use crate::query::QueryError;
use crate::report::count_with_noun;
use crate::scenario::LoadError;
use crate::scenario::runner::PlayError;
use crate::scenario::shrink::ShrinkError;
use crate::scenario::suite::{CaseError, FindError};
use crate::scenario::world::WorldError;
use crate::serve::ServeError;
use crate::serve::access::TokenError;
use crate::sim::SimError;
use crate::store::StoreError;

/// An error that ended a command. Its causes are printed below it.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    /// Arguments that parse but cannot be used together or here.
    #[error("{0}")]
    Usage(String),
    /// Prices are to be fetched, and the configuration has no command for that.
    #[error("no command fetches prices")]
    NoPriceCommand,
    #[error("invalid configuration `{}`", path.display())]
    Configuration {
        path: PathBuf,
        #[source]
        source: ConfigurationError,
    },
    #[error(transparent)]
    Range(#[from] DayError),
    #[error(transparent)]
    Import(#[from] ApplyError),
    #[error(transparent)]
    Profiles(#[from] ProfilesError),
    #[error(transparent)]
    Withdraw(#[from] WithdrawError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Lifecycle(#[from] LifecycleChangeError),
    /// Some files of an import were refused. Their errors are printed before.
    #[error("{refused} of {files} files refused, nothing was imported from them")]
    FilesRefused { refused: usize, files: usize },
    /// The record of a command was refused.
    #[error("`{command}` changed nothing: {error}")]
    Record {
        command: &'static str,
        error: Box<RowError>,
    },
    /// Some rows of imported files were invalid. They are printed before.
    #[error("{} held back", count_with_noun(*rows as u64, "row"))]
    RowsHeldBack { rows: usize },
    /// A file or folder could not be read, created or written; the cause says which.
    #[error("failed to access `{}`", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A calendar file that does not define a calendar.
    #[error("invalid calendar `{}`", path.display())]
    Calendar {
        path: PathBuf,
        #[source]
        source: crate::domain::CalendarError,
    },
    /// `demo` would overwrite a database that it did not make.
    #[error("`{}` holds a database that is not a demonstration", .0.display())]
    NotADemo(PathBuf),
    #[error("invalid world")]
    World(#[from] WorldError),
    #[error("failed to make a database from the world")]
    Load(#[from] LoadError),
    #[error(transparent)]
    Find(#[from] FindError),
    #[error(transparent)]
    Case(#[from] CaseError),
    #[error("failed to play the scenario")]
    Play(#[from] PlayError),
    #[error("failed to capture the state")]
    Capture(#[from] CaptureError),
    #[error(transparent)]
    Export(#[from] ExportError),
    /// An error of `replay`, which shares its type with `capture`.
    #[error("failed to replay the state")]
    Replay(#[source] CaptureError),
    #[error("failed to simulate the run")]
    Sim(#[from] SimError),
    #[error(transparent)]
    Job(#[from] JobError),
    #[error("failed to shrink the scenario")]
    Shrink(#[from] ShrinkError),
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A command met damage in the configured database.
    #[error("failed to read `{}`", .0.display())]
    DamagedDatabase(PathBuf, #[source] Box<CliError>),
    #[error("failed to write the output")]
    Output(#[from] std::io::Error),
}

/// An error in a configuration, below [`CliError::Configuration`], which names the file.
#[derive(Debug, Error)]
pub(crate) enum ConfigurationError {
    #[error("failed to read the file")]
    Read(#[from] std::io::Error),
    /// Invalid TOML, an unknown key, or a value of another type. The source has line and column.
    #[error("failed to parse the file{nearest}")]
    Text {
        source: toml::de::Error,
        /// The known key nearest to an unknown one, as a question.
        nearest: Nearest,
    },
    /// A value outside its range, or one that names nothing that exists.
    #[error("invalid value `{value}` of `{key}`: {expected}")]
    Value {
        key: &'static str,
        value: String,
        expected: &'static str,
    },
    /// Keys that are missing, or that exclude each other.
    #[error("`{key}`: {problem}")]
    Keys {
        key: &'static str,
        problem: &'static str,
    },
    /// The file of a secret can't be read.
    #[error("failed to read `{}`, which has the value of `{key}`", path.display())]
    Secret {
        key: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("invalid calendar")]
    Calendar(#[source] crate::domain::CalendarError),
    #[error("invalid policy")]
    Policy(#[source] crate::plan::ReplayOnly),
}

impl From<AppError> for CliError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::ForceWithoutRange => {
                Self::Usage("`--force` needs --from and --to".to_owned())
            }
            AppError::SkipUnknownWithoutNames => {
                Self::Usage("`--skip-unknown` needs --portfolio".to_owned())
            }
            AppError::Range(error) => Self::Range(error),
            AppError::Query(error) => Self::Query(error),
            AppError::Import(error) => Self::Import(error),
            AppError::Engine(error) => Self::Engine(error),
        }
    }
}

impl CliError {
    pub(super) fn exit_code(&self) -> Exit {
        if let Some(error) = self.store_error() {
            return store_exit(error);
        }
        match self {
            // Some of the work may be done.
            Self::Job(JobError::Interrupted) => Exit::Incomplete,
            Self::Usage(_) | Self::Range(_) => Exit::Usage,
            Self::RowsHeldBack { .. } => Exit::Incomplete,
            Self::Configuration { .. }
            | Self::Calendar { .. }
            | Self::FilesRefused { .. }
            | Self::Record { .. }
            | Self::File { .. }
            | Self::NotADemo(_)
            | Self::World(_)
            | Self::Find(_)
            | Self::Case(_)
            | Self::Play(_)
            | Self::Sim(_)
            | Self::Job(_)
            | Self::Shrink(_) => Exit::Refused,
            Self::Withdraw(_)
            | Self::Import(_)
            | Self::Profiles(_)
            | Self::Lifecycle(_)
            | Self::NoPriceCommand
            | Self::Token(_)
            | Self::Serve(_) => Exit::Refused,
            Self::Export(ExportError::Query(error)) => query_exit(error),
            Self::Export(_) => Exit::Refused,
            Self::Load(error) => load_exit(error),
            Self::Capture(error) | Self::Replay(error) => capture_exit(error),
            Self::Query(error) => query_exit(error),
            Self::Engine(error) => engine_exit(error),
            Self::Store(error) => store_exit(error),
            Self::DamagedDatabase(_, source) => source.exit_code(),
            Self::Output(_) => Exit::Store,
        }
    }

    /// Returns the error of the store that the command ended with, if it is one.
    pub(super) fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error)
            | Self::Import(ApplyError::Store(error))
            | Self::Lifecycle(LifecycleChangeError::Store(error))
            | Self::Token(TokenError::Store(error))
            | Self::Withdraw(WithdrawError::Store(error))
            | Self::Engine(EngineError::Store(error)) => Some(error),
            Self::Query(error) | Self::Export(ExportError::Query(error)) => error.store_error(),
            Self::DamagedDatabase(_, source) => source.store_error(),
            _ => None,
        }
    }

    /// Returns the next step for the user, if the error suggests one.
    pub(super) fn hint(&self) -> Option<String> {
        if let Some(error) = self.store_error() {
            return store_hint(error);
        }
        match self {
            Self::Import(ApplyError::Import(error)) => error.hint(),
            Self::Withdraw(error) => withdraw_hint(error),
            Self::Serve(ServeError::Address { .. }) => {
                Some("`plimsoll serve --listen 127.0.0.1:0` uses any free port".to_owned())
            }
            Self::Token(TokenError::NameInUse { .. }) => Some(
                "choose another name, or revoke the existing token with `plimsoll token revoke`"
                    .to_owned(),
            ),
            Self::Token(TokenError::Unknown(_)) => {
                Some("`plimsoll token list` lists all tokens".to_owned())
            }
            Self::NoPriceCommand => Some(
                "set `command` of [prices] in plimsoll.toml; docs/prices.md has examples".to_owned(),
            ),
            Self::Record { error, .. } => error.hint(),
            Self::FilesRefused { .. } => {
                Some("fix the rows above and import the files again".to_owned())
            }
            Self::RowsHeldBack { .. } => Some(
                "fix the rows above and import the file again: its other rows change nothing then"
                    .to_owned(),
            ),
            Self::Find(FindError::Absent(_)) => {
                Some("`plimsoll scenario new NAME` writes a scenario to start from".to_owned())
            }
            Self::Job(error) => error.hint().map(str::to_owned),
            Self::Export(ExportError::NotEmpty { .. }) => {
                Some("name a folder that is empty or does not exist".to_owned())
            }
            Self::NotADemo(_) => Some(
                "choose another file with --db, such as `plimsoll --db demo.db demo`".to_owned(),
            ),
            Self::Calendar { .. } => Some(
                "docs/calendars.md has the format; `plimsoll calendar show` prints what a calendar knows"
                    .to_owned(),
            ),
            Self::Configuration { .. } => Some(
                "`plimsoll init --print-config` shows a configuration with every key".to_owned(),
            ),
            Self::Load(LoadError::Store(error) | LoadError::Engine(EngineError::Store(error))) => {
                store_hint(error)
            }
            Self::Query(error) => query_hint(error),
            #[cfg(feature = "postgres")]
            Self::Capture(CaptureError::Postgres(error)) => error.hint().map(str::to_owned),
            #[cfg(feature = "postgres")]
            Self::Capture(CaptureError::PostgresTable(error)) => error.hint(),
            Self::Engine(error) => engine_hint(error),
            _ => None,
        }
    }

    /// Returns the text for standard error: the error, its causes, and the hint.
    pub(super) fn render(&self) -> String {
        if let Self::Case(error @ CaseError::Scenario { .. }) = self {
            return diagnostics::explain(error);
        }
        let mut text = format!("error: {self}\n");
        let mut last = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let message = error.to_string();
            // A transparent error repeats the message of its cause.
            if message != last {
                let _ = writeln!(
                    text,
                    "  cause: {}",
                    message.trim_end().replace('\n', "\n  ")
                );
                last = message;
            }
            cause = error.source();
        }
        if let Some(hint) = self.hint() {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }
}

fn capture_exit(error: &CaptureError) -> Exit {
    match error {
        CaptureError::Store(error) => store_exit(error),
        CaptureError::Engine(error) => engine_exit(error),
        CaptureError::Query(error) => query_exit(error),
        CaptureError::Load(error) => load_exit(error),
        _ => Exit::Refused,
    }
}

fn load_exit(error: &LoadError) -> Exit {
    match error {
        LoadError::World(_)
        | LoadError::CellsNotComputable { .. }
        | LoadError::Correction(_)
        | LoadError::Import(_) => Exit::Refused,
        LoadError::Engine(error) => engine_exit(error),
        LoadError::Store(error) => store_exit(error),
    }
}

fn query_exit(error: &QueryError) -> Exit {
    match error {
        QueryError::Engine(error) => engine_exit(error),
        _ => Exit::Refused,
    }
}

fn engine_exit(error: &EngineError) -> Exit {
    match error {
        EngineError::Store(error) => store_exit(error),
        EngineError::SourcesKeepChanging(_) => Exit::Busy,
        EngineError::Threads(_) => Exit::Store,
        EngineError::Plan(_)
        | EngineError::Calendar(_)
        | EngineError::Market(_)
        | EngineError::PlanChanged { .. }
        | EngineError::NothingToAccept(_)
        | EngineError::NoSuchAcceptance(_)
        | EngineError::OwnCalendar(_)
        | EngineError::TooManyCells { .. } => Exit::Refused,
    }
}

fn store_exit(error: &StoreError) -> Exit {
    match error {
        StoreError::LeaseHeld { .. }
        | StoreError::LeaseLost
        | StoreError::SourcesChanged
        | StoreError::InUse(_) => Exit::Busy,
        StoreError::ChangedSources(_)
        | StoreError::UnknownPortfolio(_)
        | StoreError::RestoredFromItself(_)
        | StoreError::DamagedCopy(_) => Exit::Refused,
        _ => Exit::Store,
    }
}
