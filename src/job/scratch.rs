//! Makes the scratch database of a job once, and copies it for each world.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;

use super::error::{JobError, MakeError};
use super::job_file::{Commands, Job, JobCommand, Make};
use super::outcome::CommandFailure;
use super::placeholders::{Values, replace};
use super::process::{ProcessEnd, ProcessLimits, RunningProcess};
use super::production::leads_to_database;
use super::served::ServedPool;
use super::spec::CommandLine;
use crate::capture::check_sqlite;
use crate::store::{ScratchFile, WatchedTable};

/// The name of a database in its folder.
const FILE_NAME: &str = "scratch.db";

/// A database with the tables of a job and no rows of a world. Its folder is removed with it.
#[derive(Debug)]
pub(super) struct Template {
    folder: TempDir,
    triggers: usize,
    /// The processes that make runs, if the job has `serve`.
    pub(super) served: ServedPool,
}

/// A copy of a template for one world. Its folder is removed with it.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: TempDir,
    triggers: usize,
}

impl Template {
    /// Makes the tables of a job, marks the database, and records its writes from now on.
    pub(super) fn make(job: &Job, cancel: &AtomicBool) -> Result<Self, JobError> {
        let folder = temporary_folder()?;
        let path = folder.path().join(FILE_NAME);
        let line = match &job.make {
            Make::Schema { line, .. } => *line,
            Make::Command(command) => command.line,
        };
        let failed = |source| JobError::Make {
            path: job.path.clone(),
            line,
            source,
        };
        let scratch = match &job.make {
            Make::Schema { path: schema, .. } => {
                let script = std::fs::read_to_string(schema).map_err(|source| {
                    failed(MakeError::File {
                        path: schema.clone(),
                        source,
                    })
                })?;
                ScratchFile::create(&path, Some(&script))
            }
            Make::Command(command) => {
                let made = make_by_command(job, command, &path, cancel)?;
                made.map_or(Ok(()), Err).map_err(failed)?;
                ScratchFile::open_made(&path)
            }
        };
        let scratch = scratch.map_err(|error| failed(error.into()))?;
        check_sqlite(&path, &job.map).map_err(|error| failed(error.into()))?;
        scratch
            .mark(&watched_tables(job))
            .map_err(|error| failed(error.into()))?;
        let triggers = scratch.trigger_count()?;
        Ok(Self {
            folder,
            triggers,
            served: ServedPool::default(),
        })
    }

    /// Copies the database for a world.
    pub(super) fn copy(&self) -> Result<Scratch, JobError> {
        let folder = temporary_folder()?;
        let (from, to) = (
            self.folder.path().join(FILE_NAME),
            folder.path().join(FILE_NAME),
        );
        std::fs::copy(from, &to).map_err(|source| JobError::File { path: to, source })?;
        Ok(Scratch {
            folder,
            triggers: self.triggers,
        })
    }
}

impl Scratch {
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join(FILE_NAME)
    }

    /// Opens the database, which must have its mark.
    pub(super) fn open(&self) -> Result<ScratchFile, JobError> {
        Ok(ScratchFile::open(&self.path())?)
    }

    /// Returns whether writes are still recorded in all tables.
    pub(super) fn is_watched(&self, file: &ScratchFile) -> Result<bool, JobError> {
        Ok(file.trigger_count()? == self.triggers)
    }

    /// Copies the database with its rows.
    pub(super) fn copy(&self) -> Result<Self, JobError> {
        let folder = temporary_folder()?;
        let to = folder.path().join(FILE_NAME);
        std::fs::copy(self.path(), &to).map_err(|source| JobError::File { path: to, source })?;
        Ok(Self {
            folder,
            triggers: self.triggers,
        })
    }
}

fn temporary_folder() -> Result<TempDir, JobError> {
    let folder = tempfile::Builder::new().prefix("plimsoll-job-").tempdir();
    folder.map_err(|source| JobError::File {
        path: std::env::temp_dir(),
        source,
    })
}

/// Returns the tables whose writes count as work on cells: those of the map, in its order, then
/// other tables with a portfolio and a day.
fn watched_tables(job: &Job) -> Vec<WatchedTable> {
    let mapped = job.cell_tables().filter_map(|(_, table)| {
        let column = |key| table.column(key).map(str::to_owned);
        Some((table.name.clone(), column("portfolio")?, column("day")?))
    });
    let other = job.rows.iter().filter_map(|rows| {
        let columns = rows.portfolio.clone().zip(rows.day.clone())?;
        Some((rows.table.clone(), columns.0, columns.1))
    });
    let all = mapped.chain(other).enumerate();
    all.map(|(source, (table, portfolio, day))| WatchedTable {
        source,
        table,
        portfolio,
        day,
    })
    .collect()
}

/// Runs the command that makes the tables. Returns its failure, if it failed.
fn make_by_command(
    job: &Job,
    command: &JobCommand,
    path: &Path,
    cancel: &AtomicBool,
) -> Result<Option<MakeError>, JobError> {
    let (path_text, url) = (path.display().to_string(), url(path));
    let values = [("path", path_text.as_str()), ("url", &url)];
    let running = start(job, command, &values, None)?;
    let finished = running.wait(ProcessLimits {
        timeout: job.commands.timeout,
        kill_after: None,
        cancel,
    });
    let finished = finished.map_err(|source| start_error(job, command, source))?;
    if finished.end == ProcessEnd::Interrupted {
        return Err(JobError::Interrupted);
    }
    let failure = CommandFailure::of(&finished, command.line, job.commands.timeout, &[0]);
    Ok(match failure {
        Some(failure) => Some(MakeError::Command(failure)),
        None => (!path.exists()).then_some(MakeError::NoFile),
    })
}

/// Returns the URL of a SQLite file, as SQLAlchemy reads it.
pub(super) fn url(path: &Path) -> String {
    format!("sqlite:///{}", path.display())
}

/// Starts a command of a job. `faketime` is the time that it reads from the system's clock.
pub(super) fn start(
    job: &Job,
    command: &JobCommand,
    values: &Values<'_>,
    faketime: Option<&str>,
) -> Result<RunningProcess, JobError> {
    let mut process = process(job, command, values);
    if let (Some(library), Some(time)) = (&job.commands.faketime, faketime) {
        process
            .env("LD_PRELOAD", library)
            .env("FAKETIME", format!("@{time}"))
            .env("TZ", "UTC");
    }
    RunningProcess::start(&mut process).map_err(|source| start_error(job, command, source))
}

/// Returns the process of a command, with its working folder and environment. Variables that lead to
/// databases in use are not inherited.
pub(super) fn process(job: &Job, command: &JobCommand, values: &Values<'_>) -> Command {
    let Commands {
        directory,
        environment,
        ..
    } = &job.commands;
    let plain = |text: &str| replace(text, values, str::to_owned);
    let mut process = match &command.command {
        CommandLine::Program(words) => {
            let mut process = Command::new(plain(&words[0]));
            process.args(words[1..].iter().map(|word| plain(word)));
            process
        }
        CommandLine::Shell(text) => {
            let quote = |value: &str| format!("'{}'", value.replace('\'', "'\\''"));
            let mut process = Command::new("sh");
            process.arg("-c").arg(replace(text, values, quote));
            process
        }
    };
    process.current_dir(directory);
    for (name, value) in std::env::vars_os() {
        if leads_to_database(&name.to_string_lossy(), &value.to_string_lossy()) {
            process.env_remove(name);
        }
    }
    for (name, value) in environment {
        process.env(name, plain(value));
    }
    process
}

/// Returns the error of a command that could not be started or waited for.
pub(super) fn start_error(job: &Job, command: &JobCommand, source: std::io::Error) -> JobError {
    let program = match &command.command {
        CommandLine::Program(words) => words[0].clone(),
        CommandLine::Shell(_) => "sh".to_owned(),
    };
    JobError::Start {
        path: job.path.clone(),
        line: command.line,
        program,
        source,
    }
}
