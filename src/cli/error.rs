//! What a command says when it can't: the error, its causes, and a hint that names what to do.

use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;

use thiserror::Error;

use super::{Exit, diagnostics};
use crate::capture::CaptureError;
use crate::domain::{Day, DayError};
use crate::engine::EngineError;
use crate::import::apply::{ApplyError, LifecycleChangeError};
use crate::plan::{PlanError, ScopeError};
use crate::query::QueryError;
use crate::scenario::LoadError;
use crate::scenario::runner::PlayError;
use crate::scenario::shrink::ShrinkError;
use crate::scenario::suite::{CaseError, FindError};
use crate::scenario::world::{Nearest, WorldError};
use crate::serve::ServeError;
use crate::serve::access::TokenError;
use crate::sim::SimError;
use crate::store::StoreError;

/// Why a command ended without doing what it was asked.
#[derive(Debug, Error)]
pub enum CliError {
    /// An argument that can be read and makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The configuration can't be read.
    #[error("the configuration `{}` cannot be used", path.display())]
    Configuration {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ConfigurationError,
    },
    /// A range of days that is none.
    #[error(transparent)]
    Range(#[from] DayError),
    /// A file of sources could not be taken in.
    #[error(transparent)]
    Import(#[from] ApplyError),
    /// A token can't be made or revoked.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The server can't be started.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A portfolio can't be given the life that was asked for.
    #[error(transparent)]
    Lifecycle(#[from] LifecycleChangeError),
    /// Some of the files were refused; what is wrong with each was said.
    #[error("{refused} of {files} files refused: nothing of them was taken in")]
    FilesRefused {
        /// How many were refused.
        refused: usize,
        /// How many there were.
        files: usize,
    },
    /// A file could not be read or written.
    #[error("`{}`", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A command that would overwrite what it did not make.
    #[error("`{}` holds a database that is not a demonstration", .0.display())]
    NotADemo(PathBuf),
    /// A change to a portfolio that can't be.
    #[error("`{portfolio}` {reason}")]
    Portfolio {
        /// Which.
        portfolio: String,
        /// What is wrong.
        reason: String,
    },
    /// A day on which there is nothing to look at.
    #[error("`{0}` is no session of the calendar")]
    NoSession(Day),
    /// A world that can't be made.
    #[error("the world cannot be made")]
    World(#[from] WorldError),
    /// A world that can't become a database.
    #[error("the world cannot be made a database")]
    Load(#[from] LoadError),
    /// Scenarios that can't be found.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A scenario that can't be read or played.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// A scenario that can't be played.
    #[error("the scenario cannot be played")]
    Play(#[from] PlayError),
    /// A state that can't be captured.
    #[error("the state cannot be captured")]
    Capture(#[from] CaptureError),
    /// A state that can't be replayed.
    #[error("the state cannot be replayed")]
    Replay(#[source] CaptureError),
    /// A run that can't be simulated.
    #[error("the run cannot be simulated")]
    Sim(#[from] SimError),
    /// A scenario that can't be made smaller.
    #[error("the scenario cannot be made smaller")]
    Shrink(#[from] ShrinkError),
    /// Faults that can't be hunted.
    #[cfg(feature = "mutants")]
    #[error("the scenarios can find no fault")]
    Mutants(#[from] crate::scenario::mutants::DetectionError),
    /// A question that can't be answered.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A run that can't be made.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The store can't be opened, read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was to be printed could not be.
    #[error("the output could not be written")]
    Output(#[from] std::io::Error),
}

/// What is wrong with a configuration.
#[derive(Debug, Error)]
pub enum ConfigurationError {
    /// It can't be read.
    #[error("it cannot be read")]
    Read(#[from] std::io::Error),
    /// Not TOML, an unknown key, or a value that can't be. The source shows line and column.
    #[error("the text is no configuration{nearest}")]
    Text {
        /// What TOML says.
        source: toml::de::Error,
        /// The key that was probably meant.
        nearest: Nearest,
    },
    /// A value out of its range.
    #[error("`{key}` is `{value}`: {expected}")]
    Value {
        /// Where it stands.
        key: &'static str,
        /// What it is.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A secret that it names can't be read.
    #[error("`{key}` is in `{}`, which cannot be read", path.display())]
    Secret {
        /// Of which key.
        key: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The calendar it names is none.
    #[error("the calendar cannot be used")]
    Calendar(#[source] crate::domain::CalendarError),
    /// The rules it sets are for replays.
    #[error("the policy cannot be used for real work")]
    Policy(#[source] crate::plan::ReplayOnly),
}

impl CliError {
    /// With which code the command ends.
    pub fn exit_code(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Range(_) => Exit::Usage,
            Self::Configuration { .. }
            | Self::FilesRefused { .. }
            | Self::File { .. }
            | Self::NotADemo(_)
            | Self::Portfolio { .. }
            | Self::NoSession(_)
            | Self::World(_)
            | Self::Find(_)
            | Self::Case(_)
            | Self::Play(_)
            | Self::Sim(_)
            | Self::Shrink(_) => Exit::Refused,
            #[cfg(feature = "mutants")]
            Self::Mutants(_) => Exit::Refused,
            Self::Import(ApplyError::Store(error))
            | Self::Lifecycle(LifecycleChangeError::Store(error)) => store_exit(error),
            Self::Token(TokenError::Store(error)) => store_exit(error),
            Self::Import(_) | Self::Lifecycle(_) | Self::Token(_) | Self::Serve(_) => Exit::Refused,
            Self::Load(error) => load_exit(error),
            Self::Capture(error) | Self::Replay(error) => capture_exit(error),
            Self::Query(error) => query_exit(error),
            Self::Engine(error) => engine_exit(error),
            Self::Store(error) => store_exit(error),
            Self::Output(_) => Exit::Store,
        }
    }

    /// What to do about it, where that can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Import(ApplyError::Import(error)) => error.hint(),
            Self::Import(ApplyError::Store(error)) | Self::Lifecycle(LifecycleChangeError::Store(error)) => {
                store_hint(error)
            }
            Self::Token(TokenError::Store(error)) => store_hint(error),
            Self::Serve(ServeError::Address { .. }) => {
                Some("`plimsoll serve --listen 127.0.0.1:0` takes any port that is free".to_owned())
            }
            Self::Token(TokenError::NameInUse { .. }) => {
                Some("choose another name, or `plimsoll token revoke` the one that is there".to_owned())
            }
            Self::Token(TokenError::Unknown(_)) => {
                Some("`plimsoll token list` shows which there are".to_owned())
            }
            Self::FilesRefused { .. } => {
                Some("mend the rows above and import the files again: a file is taken whole or not at all".to_owned())
            }
            Self::Find(FindError::Absent(_)) => Some(
                "`plimsoll scenario new NAME` writes a scenario to start from".to_owned(),
            ),
            Self::NotADemo(_) => {
                Some("choose another file with --db, such as `plimsoll --db demo.db demo`".to_owned())
            }
            Self::Configuration { .. } => {
                Some("`plimsoll init --print-config` shows a configuration with every key".to_owned())
            }
            Self::Engine(EngineError::Store(error))
            | Self::Load(LoadError::Store(error) | LoadError::Engine(EngineError::Store(error)))
            | Self::Store(error) => store_hint(error),
            Self::Query(error) => query_hint(error),
            #[cfg(feature = "postgres")]
            Self::Capture(CaptureError::Postgres(error)) => error.hint(),
            Self::Engine(error) => engine_hint(error),
            _ => None,
        }
    }

    /// The error, its causes and the hint, as people read them.
    pub fn render(&self) -> String {
        if let Self::Case(error @ CaseError::Scenario { .. }) = self {
            return diagnostics::explain(error);
        }
        let mut text = format!("error: {self}\n");
        let mut last = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let said = error.to_string();
            if said != last {
                let _ = writeln!(text, "  cause: {}", said.trim_end().replace('\n', "\n  "));
                last = said;
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

fn query_hint(error: &QueryError) -> Option<String> {
    match error {
        QueryError::UnknownPortfolio {
            nearest: Some(name),
            ..
        } => Some(format!("did you mean `{name}`?")),
        QueryError::Scope(ScopeError::Unknown(_)) => Some(
            "`plimsoll portfolio list` shows who there is; --skip-unknown leaves the unknown out"
                .to_owned(),
        ),
        QueryError::UnknownPortfolio { nearest: None, .. }
        | QueryError::Scope(_)
        | QueryError::AmbiguousPortfolio { .. } => {
            Some("`plimsoll portfolio list` shows who there is".to_owned())
        }
        QueryError::Engine(EngineError::Store(error)) => store_hint(error),
        _ => None,
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
        | EngineError::TooManyCells { .. } => Exit::Refused,
    }
}

fn store_exit(error: &StoreError) -> Exit {
    match error {
        StoreError::LeaseHeld { .. } | StoreError::LeaseLost | StoreError::SourcesChanged => {
            Exit::Busy
        }
        StoreError::UnknownPortfolio(_) => Exit::Refused,
        _ => Exit::Store,
    }
}

fn engine_hint(error: &EngineError) -> Option<String> {
    let hint = match error {
        EngineError::PlanChanged { .. } => "`plimsoll plan` shows the plan as it is now",
        EngineError::TooManyCells { .. } => {
            "`plimsoll plan` shows what is open; --limit N does the first N cells, and a later run goes on"
        }
        EngineError::Plan(PlanError::Target(_)) => {
            "leave --target out to take the last final session"
        }
        EngineError::Calendar(_) => {
            "docs/calendars.md tells how to write a calendar with further years"
        }
        EngineError::Market(_) => {
            "the benchmark and the factors of [risk] must be securities that were imported"
        }
        EngineError::SourcesKeepChanging(_) => "run again when the imports are through",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn store_hint(error: &StoreError) -> Option<String> {
    let hint = match error {
        StoreError::Absent(path) => {
            return Some(format!(
                "`plimsoll --db {} init` makes a database there; `plimsoll demo` makes one to look at",
                path.display()
            ));
        }
        StoreError::Present(_) => "choose another file with --db",
        StoreError::Foreign { .. } => "--db names the database; is this the file that you meant?",
        StoreError::Newer { .. } => "use the version of plimsoll that wrote it, or a later one",
        StoreError::ReadOnly { .. } => "the file and its folder must be writable by this user",
        StoreError::Damaged(_) => {
            "`plimsoll verify` says what is damaged; restore the last good copy made with `plimsoll backup`"
        }
        StoreError::LeaseHeld { .. } => {
            "wait for it: `plimsoll runs` shows how far it is; a dead run's lease is taken over by itself"
        }
        StoreError::LeaseLost => "another run has taken over; `plimsoll runs` shows it",
        _ if error.is_full() => {
            "the disk is full: make room and run again; nothing that was committed is lost"
        }
        _ if error.is_busy() => "another program holds the database: close it and try again",
        _ => return None,
    };
    Some(hint.to_owned())
}
