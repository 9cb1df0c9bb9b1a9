//! Defines the keys of a job file, read by serde. Values keep their places, so that errors name the
//! line of the file. `docs/jobs.md` documents the keys.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::{Spanned, Value};

use crate::capture::RawMap;
use crate::domain::Phase;
use crate::scenario::runner::Promise;

/// The keys of a job file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct JobSpec {
    /// The name of the job, by which its golden files are kept; the name of the file if left out.
    pub(super) name: Option<String>,
    /// The calendar of the job, such as `new-york`; worlds with another one do not apply.
    #[schemars(with = "Option<String>")]
    pub(super) calendar: Option<Spanned<String>>,
    /// The database of the job.
    pub(super) database: DatabaseSpec,
    /// The tables and columns of the job, as in the map of a capture.
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub(super) map: Option<RawMap>,
    /// A file with the map, relative to the job file.
    #[schemars(with = "Option<String>")]
    pub(super) map_file: Option<Spanned<String>>,
    /// The values that a world does not have.
    #[serde(default)]
    pub(super) write: WriteSpec,
    /// The commands of the job.
    pub(super) commands: CommandsSpec,
    /// Promises that are checked or not; all are checked if left out.
    #[schemars(with = "Option<BTreeMap<Promise, bool>>")]
    pub(super) promises: Option<Spanned<BTreeMap<Promise, bool>>>,
}

/// The database of a job.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DatabaseSpec {
    /// The kind of the database.
    #[serde(default)]
    #[schemars(with = "DatabaseKind")]
    pub(super) kind: Option<Spanned<DatabaseKind>>,
    /// A file of SQL statements that make the tables, relative to the job file.
    #[schemars(with = "Option<String>")]
    pub(super) schema: Option<Spanned<String>>,
    /// A command that makes the tables, in the file `{path}` or the database `{url}`.
    #[schemars(with = "Option<CommandLine>")]
    pub(super) make: Option<Spanned<CommandLine>>,
    /// The environment variable with the URL of the server on which scratch databases are made;
    /// `PLIMSOLL_JOB_SERVER` if left out. For PostgreSQL.
    #[schemars(with = "Option<String>")]
    pub(super) server: Option<Spanned<String>>,
    /// The scheme of `{url}`, such as `postgresql+psycopg`; `postgresql` if left out.
    #[schemars(with = "Option<String>")]
    pub(super) url_scheme: Option<Spanned<String>>,
}

/// The kind of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DatabaseKind {
    /// A SQLite file for each world.
    #[default]
    Sqlite,
    /// A database of a PostgreSQL server for each world.
    Postgres,
}

/// A command: a list is a program with its arguments, a text is run by the shell.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum CommandLine {
    /// A program and its arguments.
    Program(Vec<String>),
    /// A text for `sh -c`.
    Shell(String),
}

/// The commands of a job, with their surroundings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CommandsSpec {
    /// The nightly run of all portfolios.
    #[schemars(with = "CommandLine")]
    pub(super) run: Spanned<CommandLine>,
    /// A run of the portfolios `{portfolios}`.
    #[schemars(with = "Option<CommandLine>")]
    pub(super) scope: Option<Spanned<CommandLine>>,
    /// A run that processes the days from `{from}` to `{to}` again.
    #[schemars(with = "Option<CommandLine>")]
    pub(super) force: Option<Spanned<CommandLine>>,
    /// A run that fills the portfolio `{portfolios}` from its inception.
    #[schemars(with = "Option<CommandLine>")]
    pub(super) onboard: Option<Spanned<CommandLine>>,
    /// A program that stays up and makes a run for each line of JSON on its standard input.
    #[schemars(with = "Option<CommandLine>")]
    pub(super) serve: Option<Spanned<CommandLine>>,
    /// The working folder, relative to the job file, which is the default.
    #[schemars(with = "Option<String>")]
    pub(super) directory: Option<Spanned<String>>,
    /// The longest time of a command, as in `60s`, which is the default.
    #[schemars(with = "Option<String>")]
    pub(super) timeout: Option<Spanned<String>>,
    /// The exit codes of a run that did its work; 0 if left out.
    pub(super) exit_codes: Option<Vec<i32>>,
    /// Environment variables of all commands.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) environment: BTreeMap<String, Spanned<String>>,
    /// The library `libfaketime.so.1`, by which commands read the clock of the world.
    #[schemars(with = "Option<String>")]
    pub(super) faketime: Option<Spanned<String>>,
}

/// The form of ids in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum IdForm {
    /// UUIDs as text with hyphens.
    #[default]
    Uuid,
    /// UUIDs as 32 hexadecimal digits.
    UuidHex,
    /// UUIDs as 16 bytes.
    UuidBlob,
    /// Whole numbers from 1 on.
    Integer,
    /// The names of the portfolios.
    Text,
}

/// The form of days in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DayForm {
    /// A date as in `2026-01-08`.
    #[default]
    Date,
    /// A time as in `2026-01-08 00:00:00`.
    Timestamp,
}

/// The form of days: one for all tables, or one for each part of the map, such as `portfolios`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum DaysSpec {
    /// One for all tables.
    All(DayForm),
    /// One for each part of the map; a date in the parts that are left out.
    ByPart(BTreeMap<String, DayForm>),
}

/// The values that a world does not have, and the form of those that it has.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct WriteSpec {
    /// The form of ids.
    pub(super) ids: IdForm,
    /// The form of days.
    #[schemars(with = "Option<DaysSpec>")]
    pub(super) days: Option<Spanned<DaysSpec>>,
    /// The values of mapped `complete` columns: of a row that is complete, and of one that is not.
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    pub(super) complete: Option<Spanned<Vec<Value>>>,
    /// Values of other columns, by the part of the map and the column.
    #[schemars(with = "BTreeMap<String, BTreeMap<String, serde_json::Value>>")]
    pub(super) values: BTreeMap<Spanned<String>, BTreeMap<String, Spanned<Value>>>,
    /// Rows of tables that the map does not have.
    pub(super) rows: Vec<RowsSpec>,
}

/// Rows of a table that the map does not have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RowsSpec {
    /// The things that have a row each.
    #[serde(rename = "for")]
    pub(super) subject: RowSubject,
    /// The name of the table.
    #[schemars(with = "String")]
    pub(super) table: Spanned<String>,
    /// The column with the id of the portfolio. With it and `day`, writes count as work on cells, and
    /// the phase of a cell is done only with a row.
    pub(super) portfolio: Option<String>,
    /// The column with the day.
    pub(super) day: Option<String>,
    /// The form of days; that of all tables, or a date, if left out.
    pub(super) days: Option<DayForm>,
    /// Values by the name of the column.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub(super) values: BTreeMap<String, Spanned<Value>>,
}

/// The things that have a row each in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RowSubject {
    /// The world as a whole.
    World,
    /// A portfolio, deleted or not.
    Portfolio,
    /// A session, from the earliest inception to the last one that the clock can reach.
    Session,
    /// A session of the life of a portfolio, done or not.
    Cell,
    /// A cell whose snapshot is done.
    Snapshot,
    /// A cell whose positions are done.
    Positions,
    /// A cell whose exposures are done.
    Exposures,
    /// A cell whose risk is done.
    Risk,
}

impl RowSubject {
    /// Returns the phase of which each done cell has a row.
    pub(super) const fn phase(self) -> Option<Phase> {
        match self {
            Self::Snapshot => Some(Phase::Snapshot),
            Self::Positions => Some(Phase::Positions),
            Self::Exposures => Some(Phase::Exposures),
            Self::Risk => Some(Phase::Risk),
            Self::World | Self::Portfolio | Self::Session | Self::Cell => None,
        }
    }
}
