//! Makes the scratch database of a job once, and copies it for each world.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::access::{SESSION_GRACE, ScratchAccess};
use super::command::{start, start_error};
use super::database::JobDatabase;
#[cfg(feature = "postgres")]
use super::database::JobServer;
use super::error::{JobError, MakeError};
use super::job_file::{Job, JobCommand, Make, OtherRows};
use super::outcome::CommandFailure;
use super::served::ServedPool;
use crate::capture::ScratchReader;
#[cfg(feature = "postgres")]
use crate::environment::IdSource;
use crate::process::{ProcessEnd, ProcessLimits, readable};
#[cfg(feature = "postgres")]
use crate::store::{PostgresScratch, ScratchServer};
use crate::store::{
    ScratchConnection, ScratchDatabase, ScratchLocation, SqliteScratch, WatchedTable,
};

/// A database with the tables of a job and no rows of a world.
#[derive(Debug)]
pub(super) struct Template {
    scratch: Scratch,
    /// The processes that make runs, if the job has `serve`.
    pub(super) served: ServedPool,
}

/// A marked database, in which writes are recorded. It is removed with the value.
#[derive(Debug)]
pub(super) struct Scratch {
    database: Box<dyn ScratchDatabase>,
    /// The schema with the triggers that record writes.
    schema: Arc<str>,
}

impl Template {
    /// Makes the tables of a job, marks the database, and records its writes from now on.
    pub(super) fn make(job: &Job, cancel: &AtomicBool) -> Result<Self, JobError> {
        let database = make_empty(job)?;
        let line = match &job.make {
            Make::Schema { line, .. } => *line,
            Make::Command(command) => command.line,
        };
        let failed = |source| JobError::Make {
            path: job.path.clone(),
            line,
            source,
        };
        match &job.make {
            Make::Schema { path, .. } => {
                let script = std::fs::read_to_string(path).map_err(|source| {
                    failed(MakeError::File {
                        path: path.clone(),
                        source,
                    })
                })?;
                let run = database.run_script(&script);
                run.map_err(|error| failed(error.into()))?;
            }
            Make::Command(command) => {
                let made = make_by_command(job, command, database.as_ref(), cancel)?;
                made.map_or(Ok(()), Err).map_err(failed)?;
            }
        }
        let marked = mark(job, database.as_ref());
        let schema = marked.map_err(failed)?;
        Ok(Self {
            scratch: Scratch { database, schema },
            served: ServedPool::default(),
        })
    }

    /// Copies the database for a world.
    pub(super) fn copy(&self) -> Result<Scratch, JobError> {
        self.scratch.copy()
    }
}

impl Scratch {
    /// Connects to the database, which must have its mark.
    pub(super) fn connect(&self) -> Result<Box<dyn ScratchConnection>, JobError> {
        Ok(self.database.connect()?)
    }

    pub(super) fn database(&self) -> &dyn ScratchDatabase {
        self.database.as_ref()
    }

    /// Returns whether the tables, and the triggers that record writes, are as they were made.
    pub(super) fn is_unchanged(
        &self,
        connection: &mut dyn ScratchConnection,
    ) -> Result<bool, JobError> {
        Ok(connection.schema()? == *self.schema)
    }

    /// Copies the database with its rows.
    pub(super) fn copy(&self) -> Result<Self, JobError> {
        Ok(Self {
            database: self.database.copy()?,
            schema: Arc::clone(&self.schema),
        })
    }
}

/// Makes an empty scratch database for a job.
fn make_empty(job: &Job) -> Result<Box<dyn ScratchDatabase>, JobError> {
    match &job.database {
        JobDatabase::Sqlite => {
            SqliteScratch::remove_abandoned();
            Ok(Box::new(SqliteScratch::create()?))
        }
        #[cfg(feature = "postgres")]
        JobDatabase::Postgres(server) => {
            let JobServer { url, variables, .. } = server.as_ref();
            let tables: Vec<&str> = (job.map.tables())
                .map(|table| table.name.as_str())
                .collect();
            let run = IdSource::Random.next();
            let server_of_run = ScratchServer::connect(url, variables, run, &tables);
            let made = server_of_run.and_then(|server| PostgresScratch::create(&Arc::new(server)));
            let made = made.map_err(|source| JobError::Server {
                path: job.path.clone(),
                line: server.line,
                variable: server.variable.clone(),
                source,
            })?;
            Ok(Box::new(made))
        }
    }
}

/// Checks the tables of a database, and marks it. Returns the schema with the triggers that record
/// writes.
fn mark(job: &Job, database: &dyn ScratchDatabase) -> Result<Arc<str>, MakeError> {
    let mut reader = ScratchReader::open(database)?;
    reader.check(&job.map)?;
    for table in job.map.tables() {
        let mut rows = 0;
        reader.visit_rows(table, |_| {
            rows += 1;
            Ok(())
        })?;
        if rows > 0 {
            return Err(MakeError::Rows(table.name.clone()));
        }
    }
    drop(reader);
    let mut connection = database.connect_unmarked()?;
    for table in job.map.tables() {
        if connection.is_view(&table.name)? {
            return Err(MakeError::View {
                view: table.name.clone(),
                line: table.line,
            });
        }
    }
    connection.mark(&watched_tables(job))?;
    Ok(connection.schema()?.into())
}

/// Returns the tables whose writes count as work on cells: those of the map, in its order, then
/// other tables with a portfolio and a day.
fn watched_tables(job: &Job) -> Vec<WatchedTable> {
    let mapped = job.cell_tables().map(|(_, table)| table);
    let other = job.rows.iter().filter_map(OtherRows::cell_table);
    let all = mapped.chain(other).enumerate();
    let watched = all.filter_map(|(source, table)| {
        let column = |key| table.column(key).map(str::to_owned);
        Some(WatchedTable {
            source,
            table: table.name.clone(),
            portfolio: column("portfolio")?,
            day: column("day")?,
        })
    });
    watched.collect()
}

/// Runs the command that makes the tables. Returns its failure, if it failed.
fn make_by_command(
    job: &Job,
    command: &JobCommand,
    database: &dyn ScratchDatabase,
    cancel: &AtomicBool,
) -> Result<Option<MakeError>, JobError> {
    let access = ScratchAccess::to_database(database, job.database.url_scheme());
    let running = start(job, command, &access, &[], None)?;
    let finished = running.wait(ProcessLimits {
        timeout: job.commands.timeout,
        kill: None,
        cancel,
    });
    let mut finished = finished.map_err(|source| start_error(job, command, source))?;
    if finished.end == ProcessEnd::Interrupted {
        return Err(JobError::Interrupted);
    }
    database.end_sessions(SESSION_GRACE)?;
    finished.output = readable(&database.redacted(std::mem::take(&mut finished.output)));
    let failure = CommandFailure::of(&finished, command.line, job.commands.timeout, &[0]);
    let has_file = match database.location() {
        ScratchLocation::File(path) => path.exists(),
        #[cfg(feature = "postgres")]
        ScratchLocation::Postgres(..) => true,
    };
    Ok(match failure {
        Some(failure) => Some(MakeError::Command(failure)),
        None => (!has_file).then_some(MakeError::NoFile),
    })
}
