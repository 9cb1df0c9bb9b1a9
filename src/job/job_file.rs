//! Defines a job under test, as its job file says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::database::JobDatabase;
use super::placeholders::mentions;
use super::spec::{CommandLine, DayForm, IdForm, RowSubject};
use super::write_values::CellValue;
use crate::capture::{Map, Table};
use crate::domain::Phase;
use crate::scenario::runner::Promise;

/// A job under test: how to make its database, to write a world into it, and to run it.
#[derive(Debug)]
pub struct Job {
    /// The name, by which golden files are kept.
    pub(super) name: String,
    /// The path of the job file.
    pub(super) path: PathBuf,
    /// The name of the calendar by which the job finds sessions; `None` if it takes any.
    pub(super) calendar: Option<String>,
    pub(super) database: JobDatabase,
    pub(super) make: Make,
    pub(super) map: Map,
    pub(super) ids: IdForm,
    pub(super) days: DayForms,
    /// Values of other columns, by the part of the map.
    pub(super) values: BTreeMap<String, Vec<(String, CellValue)>>,
    pub(super) rows: Vec<OtherRows>,
    pub(super) commands: Commands,
    pub(super) promises: BTreeSet<Promise>,
}

/// The way in which the tables are made.
#[derive(Debug)]
pub(super) enum Make {
    Schema { path: PathBuf, line: usize },
    Command(JobCommand),
}

/// A command with its line in the job file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JobCommand {
    pub(super) command: CommandLine,
    pub(super) line: usize,
}

/// The commands of a job, with their surroundings.
#[derive(Debug)]
pub(super) struct Commands {
    pub(super) run: JobCommand,
    pub(super) scope: Option<JobCommand>,
    pub(super) force: Option<JobCommand>,
    pub(super) onboard: Option<JobCommand>,
    /// The program that makes runs in place of the other commands.
    pub(super) serve: Option<JobCommand>,
    pub(super) directory: PathBuf,
    pub(super) timeout: Duration,
    pub(super) exit_codes: Vec<i32>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) faketime: Option<String>,
}

/// Rows of a table that the map does not have.
#[derive(Debug)]
pub(super) struct OtherRows {
    pub(super) subject: RowSubject,
    pub(super) table: String,
    pub(super) portfolio: Option<String>,
    pub(super) day: Option<String>,
    pub(super) days: DayForm,
    pub(super) values: Vec<(String, CellValue)>,
}

/// The forms of days in the tables.
#[derive(Debug, Default)]
pub(super) struct DayForms {
    /// The form in tables that are not listed.
    pub(super) default: DayForm,
    pub(super) by_part: BTreeMap<String, DayForm>,
}

impl DayForms {
    /// Returns the form in a part of the map.
    pub(super) fn of(&self, part: &str) -> DayForm {
        self.by_part.get(part).copied().unwrap_or(self.default)
    }
}

impl JobCommand {
    /// Returns whether the command has a placeholder.
    pub(super) fn mentions(&self, name: &str) -> bool {
        match &self.command {
            CommandLine::Program(words) => words.iter().any(|word| mentions(word, name)),
            CommandLine::Shell(text) => mentions(text, name),
        }
    }
}

impl Commands {
    /// Returns whether a command gets the value of any of these placeholders.
    pub(super) fn are_told(&self, command: &JobCommand, names: &[&str]) -> bool {
        let mut names = names.iter();
        names.any(|name| {
            let mut environment = self.environment.values();
            command.mentions(name) || environment.any(|value| mentions(value, name))
        })
    }
}

impl Job {
    /// Returns the name of the job.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether a promise is checked.
    pub(super) fn checks(&self, promise: Promise) -> bool {
        self.promises.contains(&promise)
    }

    /// Returns whether the tables say when a portfolio begins that has no row yet.
    pub(super) fn tells_inception(&self) -> bool {
        let columns = self.values.get("portfolios").into_iter().flatten();
        let others = self.rows.iter().flat_map(|rows| &rows.values);
        let mut values = columns.chain(others).map(|(_, value)| value);
        // Rows of each cell show its first session too.
        let mut subjects = self.rows.iter().map(|rows| rows.subject);
        self.map.portfolios.column("inception").is_some()
            || values.any(|value| value.mentions("inception"))
            || subjects.any(|subject| subject == RowSubject::Cell)
    }

    /// Returns the values of `complete` in a table, of a complete row and of another.
    pub(super) fn complete_values(&self, table: &Table) -> (CellValue, CellValue) {
        let given = table.complete_values.as_ref();
        let given = given.and_then(|[done, open]| {
            Some((CellValue::from_toml(done)?, CellValue::from_toml(open)?))
        });
        given.unwrap_or((CellValue::Integer(1), CellValue::Integer(0)))
    }

    /// Returns the tables of the map that have a cell a row, with the phase that a row means, the
    /// snapshots first.
    pub(super) fn cell_tables(&self) -> impl Iterator<Item = (Phase, &Table)> {
        let analytics = self.map.analytics.iter();
        let analytics = analytics.map(|(phase, table)| (*phase, table));
        [(Phase::Snapshot, &self.map.snapshots)]
            .into_iter()
            .chain(analytics)
    }
}
