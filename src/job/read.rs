//! Reads and checks a job file: everything that can be known without running the job.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::{Spanned, Value};

use super::error::JobError;
use super::job_file::{Commands, Job, JobCommand, Make, OtherRows};
use super::placeholders::check;
use super::production::named_database;
use super::promise::Promise;
use super::spec::{CommandLine, CommandsSpec, DatabaseKind, JobSpec, RowSubject};
use super::write_values::{CELL_NAMES, CellValue, PORTFOLIO_NAMES, WORLD_NAMES};
use crate::capture::{Map, RawMap};
use crate::scenario::world::Nearest;

/// The time that a command may take, unless the file says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The placeholders of commands.
const COMMAND_NAMES: [&str; 9] = [
    "path",
    "url",
    "target",
    "from",
    "to",
    "portfolios",
    "now",
    "now_utc",
    "today",
];
/// The placeholders of a command that makes the tables.
const MAKE_NAMES: [&str; 2] = ["path", "url"];

/// Reads a job file.
///
/// # Errors
///
/// The file or its map cannot be read, has an unknown key, or a value that cannot be used.
pub fn read_job(path: &Path) -> Result<Job, JobError> {
    let text = read_text(path)?;
    let spec: JobSpec = toml::from_str(&text).map_err(|source| JobError::Text {
        path: path.to_owned(),
        nearest: Nearest::from_message(source.message()),
        source,
    })?;
    Reader { path, text: &text }.read(spec)
}

fn read_text(path: &Path) -> Result<String, JobError> {
    std::fs::read_to_string(path).map_err(|source| JobError::File {
        path: path.to_owned(),
        source,
    })
}

/// The text of a job file, to find the lines of its values.
struct Reader<'r> {
    path: &'r Path,
    text: &'r str,
}

impl Reader<'_> {
    fn read(&self, mut spec: JobSpec) -> Result<Job, JobError> {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let name = spec.name.clone().unwrap_or_else(|| stem.into_owned());
        if name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') {
            let problem = format!("`{name}` is not the name of a folder for golden files");
            return Err(self.problem(1, problem));
        }
        let folder = self.folder();
        // The only kind there is.
        let DatabaseKind::Sqlite = spec.database.kind;
        let map = self.map(spec.map.take(), spec.map_file.as_ref())?;
        let make = self.make(&spec, &folder)?;
        let mut values = BTreeMap::new();
        for (part, columns) in &spec.write.values {
            let (line, part) = (self.line(part.span()), part.get_ref());
            if !map.tables().any(|table| table.role == *part) {
                let known: Vec<_> = map.tables().map(|table| table.role.as_str()).collect();
                let problem = format!("the map has no part `{part}` (it has {})", known.join(", "));
                return Err(self.problem(line, problem));
            }
            let names: &[_] = match part.as_str() {
                "portfolios" => &PORTFOLIO_NAMES,
                "runs" => &WORLD_NAMES,
                _ => &CELL_NAMES,
            };
            values.insert(part.clone(), self.columns(columns, names)?);
        }
        let rows = spec.write.rows.iter().map(|rows| {
            let names: &[_] = match rows.subject {
                RowSubject::World => &WORLD_NAMES,
                RowSubject::Portfolio => &PORTFOLIO_NAMES,
                _ => &CELL_NAMES,
            };
            Ok(OtherRows {
                subject: rows.subject,
                table: rows.table.get_ref().clone(),
                portfolio: rows.portfolio.clone(),
                day: rows.day.clone(),
                values: self.columns(&rows.values, names)?,
            })
        });
        let rows = rows.collect::<Result<_, JobError>>()?;
        let complete = self.complete(&spec)?;
        let left_out = |promise: &Promise| spec.promises.get(promise) != Some(&false);
        let promises = Promise::ALL.into_iter().filter(left_out).collect();
        Ok(Job {
            name,
            path: self.path.to_owned(),
            calendar: spec.calendar.take(),
            make,
            map,
            ids: spec.write.ids,
            days: spec.write.days,
            complete,
            values,
            rows,
            commands: self.commands(spec, &folder)?,
            promises,
        })
    }

    /// Returns the folder of the job file.
    fn folder(&self) -> PathBuf {
        let absolute = std::path::absolute(self.path).unwrap_or_else(|_| self.path.to_owned());
        absolute.parent().unwrap_or(Path::new("/")).to_owned()
    }

    fn map(&self, raw: Option<RawMap>, file: Option<&Spanned<String>>) -> Result<Map, JobError> {
        let (path, parsed) = match (raw, file) {
            (Some(raw), None) => (self.path.to_owned(), Map::from_raw(raw, self.text)),
            (None, Some(file)) => {
                let path = self.folder().join(file.get_ref());
                let text = read_text(&path)?;
                (path, Map::parse(&text))
            }
            _ => {
                let problem = "give the map as `[map.portfolios]`, `[map.snapshots]`, …, or as \
                               `map-file`";
                return Err(self.problem(1, problem.to_owned()));
            }
        };
        parsed.map_err(|source| JobError::Map { path, source })
    }

    fn make(&self, spec: &JobSpec, folder: &Path) -> Result<Make, JobError> {
        match (&spec.database.schema, &spec.database.make) {
            (Some(schema), None) => Ok(Make::Schema {
                path: folder.join(schema.get_ref()),
                line: self.line(schema.span()),
            }),
            (None, Some(make)) => {
                let command = self.command(make, &MAKE_NAMES)?;
                Ok(Make::Command(command))
            }
            _ => Err(self.problem(
                1,
                "`[database]` needs either `schema`, a file of SQL statements, or `make`, a \
                 command that makes the tables in the file `{path}`"
                    .to_owned(),
            )),
        }
    }

    fn commands(&self, spec: JobSpec, folder: &Path) -> Result<Commands, JobError> {
        let commands = spec.commands;
        let command = |spec: &Option<Spanned<CommandLine>>| {
            (spec.as_ref()).map_or(Ok(None), |spec| {
                self.command(spec, &COMMAND_NAMES).map(Some)
            })
        };
        let timeout = match &commands.timeout {
            None => DEFAULT_TIMEOUT,
            Some(text) => humantime::parse_duration(text.get_ref()).map_err(|_| {
                let problem = format!("invalid time `{}` (expected e.g. `60s`)", text.get_ref());
                self.problem(self.line(text.span()), problem)
            })?,
        };
        let mut environment = BTreeMap::new();
        for (name, value) in &commands.environment {
            self.placeholders(value.get_ref(), &COMMAND_NAMES, self.line(value.span()))?;
            self.check_scratch(value.get_ref(), folder, self.line(value.span()))?;
            environment.insert(name.clone(), value.get_ref().clone());
        }
        if let Some(library) = &commands.faketime
            && !Path::new(library.get_ref()).exists()
        {
            let problem = format!("there is no library `{}`", library.get_ref());
            return Err(self.problem(self.line(library.span()), problem));
        }
        let directory = commands.directory.as_ref();
        let working_folder =
            directory.map_or(folder.to_owned(), |path| folder.join(path.get_ref()));
        if let Some(path) = directory.filter(|_| !working_folder.is_dir()) {
            let problem = format!("there is no folder `{}`", working_folder.display());
            return Err(self.problem(self.line(path.span()), problem));
        }
        let read = Commands {
            run: self.command(&commands.run, &COMMAND_NAMES)?,
            scope: command(&commands.scope)?,
            force: command(&commands.force)?,
            onboard: command(&commands.onboard)?,
            serve: self.serve(&commands)?,
            directory: working_folder,
            timeout,
            exit_codes: commands.exit_codes.unwrap_or_else(|| vec![0]),
            environment,
            faketime: commands.faketime.map(Spanned::into_inner),
        };
        self.check_told(&read)?;
        Ok(read)
    }

    fn serve(&self, commands: &CommandsSpec) -> Result<Option<JobCommand>, JobError> {
        let Some(serve) = &commands.serve else {
            return Ok(None);
        };
        if commands.faketime.is_some() {
            let problem = "`serve` makes runs at many times, so it cannot have `faketime`";
            return Err(self.problem(self.line(serve.span()), problem.to_owned()));
        }
        // Its runs get all values as JSON.
        self.command(serve, &[]).map(Some)
    }

    /// Refuses a text that names a database in use.
    fn check_scratch(&self, text: &str, folder: &Path, line: usize) -> Result<(), JobError> {
        match named_database(text, folder) {
            None => Ok(()),
            Some(database) => Err(self.problem(
                line,
                format!(
                    "`{database}` is a database in use: a job under test gets its scratch database \
                     as `{{path}}` or `{{url}}`"
                ),
            )),
        }
    }

    /// Refuses commands that are not told their database, time, scope or range.
    fn check_told(&self, commands: &Commands) -> Result<(), JobError> {
        let is_told = |command: &JobCommand, names: &[&str]| commands.are_told(command, names);
        let optional = [
            (&commands.scope, "scope", "portfolios"),
            (&commands.force, "force", "from"),
            (&commands.force, "force", "to"),
            (&commands.onboard, "onboard", "portfolios"),
        ];
        for (command, key, name) in optional {
            if let Some(command) = command
                && !is_told(command, &[name])
            {
                let problem = format!("`{key}` has no `{{{name}}}`");
                return Err(self.problem(command.line, problem));
            }
        }
        let all = [&commands.scope, &commands.force, &commands.onboard];
        for command in all.into_iter().flatten().chain([&commands.run]) {
            if !is_told(command, &["path", "url"]) {
                let problem = "the command is not told its database: add `{path}` or `{url}`, as \
                               an argument or in `[commands.environment]`";
                return Err(self.problem(command.line, problem.to_owned()));
            }
            let times = ["target", "now", "now_utc", "today", "to"];
            if commands.faketime.is_none() && !is_told(command, &times) {
                let problem = "the command is not told the time: add `{target}`, `{now}` or \
                               `{today}`, or set `faketime`";
                return Err(self.problem(command.line, problem.to_owned()));
            }
        }
        Ok(())
    }

    fn command(
        &self,
        spec: &Spanned<CommandLine>,
        known: &[&'static str],
    ) -> Result<JobCommand, JobError> {
        let line = self.line(spec.span());
        let words = match spec.get_ref() {
            CommandLine::Program(words) => words.as_slice(),
            CommandLine::Shell(text) => std::slice::from_ref(text),
        };
        if words.first().is_none_or(|word| word.trim().is_empty()) {
            return Err(self.problem(line, "the command is empty".to_owned()));
        }
        for word in words {
            self.placeholders(word, known, line)?;
            self.check_scratch(word, &self.folder(), line)?;
        }
        Ok(JobCommand {
            command: spec.get_ref().clone(),
            line,
        })
    }

    fn placeholders(
        &self,
        text: &str,
        known: &[&'static str],
        line: usize,
    ) -> Result<(), JobError> {
        check(text, known).map_err(|unknown| {
            let name = unknown.name;
            self.problem(
                line,
                match unknown.nearest {
                    Some(nearest) => {
                        format!("unknown placeholder `{{{name}}}`; did you mean `{{{nearest}}}`?")
                    }
                    None if known.is_empty() => format!(
                        "`serve` has no placeholders such as `{{{name}}}`: its runs get JSON"
                    ),
                    None => format!(
                        "unknown placeholder `{{{name}}}` (known: {})",
                        known.join(", ")
                    ),
                },
            )
        })
    }

    fn columns(
        &self,
        columns: &BTreeMap<String, Spanned<Value>>,
        known: &[&'static str],
    ) -> Result<Vec<(String, CellValue)>, JobError> {
        let columns = columns.iter().map(|(column, value)| {
            let line = self.line(value.span());
            let value = self.value(value.get_ref(), line)?;
            if let CellValue::Text(text) | CellValue::Expression(text) = &value {
                self.placeholders(text, known, line)?;
            }
            Ok((column.clone(), value))
        });
        columns.collect()
    }

    fn value(&self, value: &Value, line: usize) -> Result<CellValue, JobError> {
        CellValue::from_toml(value).ok_or_else(|| {
            let problem = "expected a text, a number, true, false, a date, or `{ sql = \"…\" }`";
            self.problem(line, problem.to_owned())
        })
    }

    fn complete(&self, spec: &JobSpec) -> Result<(CellValue, CellValue), JobError> {
        let Some(given) = &spec.write.complete else {
            return Ok((CellValue::Integer(1), CellValue::Integer(0)));
        };
        let line = self.line(given.span());
        match given.get_ref().as_slice() {
            [done, open] if done != open => Ok((self.value(done, line)?, self.value(open, line)?)),
            _ => {
                let problem = "`complete` has two different values: of a complete row, and of \
                               another";
                Err(self.problem(line, problem.to_owned()))
            }
        }
    }

    fn line(&self, span: std::ops::Range<usize>) -> usize {
        let before = &self.text[..span.start.min(self.text.len())];
        before.matches('\n').count() + 1
    }

    fn problem(&self, line: usize, problem: String) -> JobError {
        JobError::Value {
            path: self.path.to_owned(),
            line,
            problem,
        }
    }
}
