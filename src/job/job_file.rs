//! Defines a job under test, as its job file says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::database::JobDatabase;
use super::placeholders::mentions;
use super::spec::{CommandLine, DayForm, IdForm, RowSubject};
use super::write_values::{CellValue, instant_text};
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
    /// The lines of these values, by the part of the map.
    pub(super) value_lines: BTreeMap<String, usize>,
    pub(super) rows: Vec<OtherRows>,
    pub(super) commands: Commands,
    pub(super) promises: BTreeSet<Promise>,
    /// The line of the switches of promises, from 1.
    pub(super) promises_line: usize,
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
    /// The table with its columns `portfolio` and `day`, as far as the file names them.
    pub(super) table: Table,
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

impl OtherRows {
    /// Returns the table if its rows are about cells, so that writes to them count as work.
    pub(super) fn cell_table(&self) -> Option<&Table> {
        let is_about_cells = self.table.columns.len() == 2;
        is_about_cells.then_some(&self.table)
    }
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

    /// Returns whether the job finds sessions in the tables.
    pub(super) fn has_session_rows(&self) -> bool {
        let mut subjects = self.rows.iter().map(|rows| rows.subject);
        subjects.any(|subject| matches!(subject, RowSubject::Session | RowSubject::Cell))
    }

    /// Returns whether the tables can have a row of a snapshot that is not done.
    pub(super) fn holds_bare_snapshots(&self) -> bool {
        let of_snapshot = self.phase_tables();
        let of_snapshot = of_snapshot.filter(|(phase, _)| *phase == Phase::Snapshot);
        self.map.snapshots.column("complete").is_some() || of_snapshot.count() > 1
    }

    /// Returns the values of `complete` in a table, of a complete row and of another.
    pub(super) fn complete_values(&self, table: &Table) -> (CellValue, CellValue) {
        let given = table.complete_values.as_ref();
        let given = given.and_then(|[done, open]| {
            Some((CellValue::from_toml(done)?, CellValue::from_toml(open)?))
        });
        given.unwrap_or((CellValue::Integer(1), CellValue::Integer(0)))
    }

    /// Returns the phases that have a table of their own, the snapshot first. The others count as done
    /// with it.
    pub(super) fn phases(&self) -> impl Iterator<Item = Phase> {
        let has_table =
            move |phase: &Phase| (self.phase_tables()).any(|(of_table, _)| of_table == *phase);
        let phases = Phase::CELL_PHASES.into_iter();
        phases.filter(has_table)
    }

    /// Returns the tables in which a done phase of a cell has a row, the snapshots first: those of the
    /// map, and others of which rows are written for a phase.
    pub(super) fn phase_tables(&self) -> impl Iterator<Item = (Phase, &Table)> {
        let others = self.rows.iter();
        let others = others.filter_map(|rows| Some((rows.subject.phase()?, rows.cell_table()?)));
        self.cell_tables().chain(others)
    }

    /// Returns the value of the column `deleted-at` of a portfolio.
    pub(super) fn deleted_value(&self, at: Option<DateTime<Utc>>) -> CellValue {
        let given = self.map.portfolios.deleted_values.as_ref();
        let given = given.and_then(|[deleted, other]| {
            CellValue::from_toml(if at.is_some() { deleted } else { other })
        });
        given.unwrap_or_else(|| at.map_or(CellValue::Null, |at| CellValue::Text(instant_text(at))))
    }

    /// Returns the place of the job file that is about the rows of a table, such as `line 7`.
    pub(super) fn place_of_rows(&self, table: &str) -> String {
        let mut others = self.rows.iter().map(|rows| &rows.table);
        let mut mapped = self.map.tables();
        let of_part = || {
            let mapped = mapped.find(|mapped| mapped.name == table)?;
            let line = self.value_lines.get(&mapped.role);
            Some(match line {
                Some(line) => format!("line {line}"),
                None => format!("the part `{}` of the map", mapped.role),
            })
        };
        let other = others.find(|other| other.name == table);
        let other = other.map(|other| format!("line {}", other.line));
        other
            .or_else(of_part)
            .unwrap_or_else(|| "`[write]`".to_owned())
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
