//! Reads and checks a job file: everything that can be known without running the job.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Spanned, Value};

use super::error::JobError;
use super::job_file::{DayForms, Job, OtherRows};
use super::reader::{Reader, read_text};
use super::spec::{DayForm, DaysSpec, JobSpec, RowSubject, RowsSpec};
use super::write_values::{CELL_NAMES, CellValue, PORTFOLIO_NAMES, SESSION_NAMES, WORLD_NAMES};
use crate::capture::{Map, RawMap, Table};
use crate::domain::calendar::BuiltIn;
use crate::domain::{Calendar, Nearest, nearest};
use crate::scenario::runner::Promise;

/// Reads a job file. `variable` reads an environment variable, such as the one with the URL of a
/// server.
///
/// # Errors
///
/// The file or its map cannot be read, has an unknown key, or a value that cannot be used.
pub fn read_job(path: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Result<Job, JobError> {
    let text = read_text(path)?;
    let spec: JobSpec = toml::from_str(&text).map_err(|source| JobError::Text {
        path: path.to_owned(),
        nearest: Nearest::from_message(source.message()),
        source,
    })?;
    let reader = Reader {
        path,
        text: &text,
        variable,
    };
    reader.read(spec)
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
        let database = self.database(&spec.database)?;
        let mut map = self.map(spec.map.take(), spec.map_file.as_ref())?;
        if let (Some(complete), Some(given)) = (self.complete(&spec)?, &spec.write.complete)
            && !map.complete_values_by_default(&complete)
        {
            let problem = "no `complete` column takes these values: the map has none, or has \
                           `complete-values` for each";
            return Err(self.problem(self.line(given.span()), problem.to_owned()));
        }
        let working_folder = self.working_folder(&spec.commands)?;
        let folders = (folder.as_path(), working_folder.as_path());
        let make = self.make(&spec.database, &database, folders)?;
        let days = self.days(&map, spec.write.days.as_ref())?;
        let (mut values, mut value_lines) = (BTreeMap::new(), BTreeMap::new());
        for (part, columns) in &spec.write.values {
            let (line, part) = (self.line(part.span()), part.get_ref());
            self.check_part(&map, part, line)?;
            let names: &[_] = match part.as_str() {
                "portfolios" => &PORTFOLIO_NAMES,
                "runs" => &WORLD_NAMES,
                _ => &CELL_NAMES,
            };
            values.insert(part.clone(), self.columns(columns, names)?);
            value_lines.insert(part.clone(), line);
        }
        let rows = spec.write.rows.iter().map(|rows| {
            let names: &[_] = match rows.subject {
                RowSubject::World => &WORLD_NAMES,
                RowSubject::Portfolio => &PORTFOLIO_NAMES,
                RowSubject::Session => &SESSION_NAMES,
                _ => &CELL_NAMES,
            };
            self.check_keys(rows)?;
            let columns = [("portfolio", &rows.portfolio), ("day", &rows.day)];
            let columns = columns.map(|(key, name)| Some((key, name.clone()?)));
            Ok(OtherRows {
                subject: rows.subject,
                table: Table::beside_map(
                    rows.table.get_ref().clone(),
                    self.line(rows.table.span()),
                    columns.into_iter().flatten(),
                ),
                days: rows.days.unwrap_or(days.default),
                values: self.columns(&rows.values, names)?,
            })
        });
        let rows = rows.collect::<Result<_, JobError>>()?;
        let switches = spec.promises.as_ref();
        let is_on = |promise: &Promise| {
            let switch = switches.and_then(|switches| switches.get_ref().get(promise));
            switch != Some(&false)
        };
        let promises = Promise::ALL.into_iter().filter(is_on).collect();
        let job = Job {
            name,
            path: self.path.to_owned(),
            calendar: spec
                .calendar
                .as_ref()
                .map(|name| self.calendar(name))
                .transpose()?,
            make,
            map,
            ids: spec.write.ids,
            days,
            values,
            value_lines,
            rows,
            commands: self.commands(spec.commands, &database, &working_folder)?,
            database,
            promises,
            promises_line: switches.map_or(1, |switches| self.line(switches.span())),
        };
        if job.unchecked().len() == Promise::ALL.len() {
            let problem = "no promise is checked, so nothing would be tested";
            return Err(self.problem(job.promises_line, problem.to_owned()));
        }
        Ok(job)
    }

    /// Refuses a column of rows that have no such value.
    fn check_keys(&self, rows: &RowsSpec) -> Result<(), JobError> {
        let (has_portfolio, has_day) = match rows.subject {
            RowSubject::World => (false, false),
            RowSubject::Portfolio => (true, false),
            RowSubject::Session => (false, true),
            _ => (true, true),
        };
        let columns = [
            ("portfolio", &rows.portfolio, has_portfolio),
            ("day", &rows.day, has_day),
        ];
        for (key, column, is_there) in columns {
            if column.is_some() && !is_there {
                let problem = format!("the rows of `{}` have no {key}", rows.table.get_ref());
                return Err(self.problem(self.line(rows.table.span()), problem));
            }
        }
        Ok(())
    }

    fn map(&self, raw: Option<RawMap>, file: Option<&Spanned<String>>) -> Result<Map, JobError> {
        let (path, parsed) = match (raw, file) {
            (Some(raw), None) => (self.path.to_owned(), Map::from_raw(raw, self.text)),
            (None, Some(file)) => {
                let path = self.folder().join(file.get_ref());
                let text = std::fs::read_to_string(&path).map_err(|error| {
                    let problem = format!("failed to read the map `{}`: {error}", path.display());
                    self.problem(self.line(file.span()), problem)
                })?;
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

    /// Reads the name of a calendar: a built-in one, or one that only worlds have.
    fn calendar(&self, name: &Spanned<String>) -> Result<String, JobError> {
        let (line, name) = (self.line(name.span()), name.get_ref());
        if let Some(known) = Calendar::built_in(name) {
            return Ok(known.name().to_owned());
        }
        let names = BuiltIn::all().flat_map(|known| [Some(known.name()), known.alias()]);
        match nearest(name, names.flatten()) {
            None => Ok(name.clone()),
            Some(nearest) => {
                let problem = format!("unknown calendar `{name}`; did you mean `{nearest}`?");
                Err(self.problem(line, problem))
            }
        }
    }

    fn days(&self, map: &Map, spec: Option<&Spanned<DaysSpec>>) -> Result<DayForms, JobError> {
        let Some(spec) = spec else {
            return Ok(DayForms::default());
        };
        Ok(match spec.get_ref() {
            DaysSpec::All(form) => DayForms {
                default: *form,
                by_part: BTreeMap::new(),
            },
            DaysSpec::ByPart(forms) => {
                for part in forms.keys() {
                    self.check_part(map, part, self.line(spec.span()))?;
                }
                DayForms {
                    default: DayForm::default(),
                    by_part: forms.clone(),
                }
            }
        })
    }

    /// Refuses the name of a part that the map does not have, or that no rows are written of.
    fn check_part(&self, map: &Map, part: &str, line: usize) -> Result<(), JobError> {
        if part == "progress" {
            let problem =
                "no rows of `progress` are written; `[[write.rows]]` writes rows of any table";
            return Err(self.problem(line, problem.to_owned()));
        }
        if map.tables().any(|table| table.role == part) {
            return Ok(());
        }
        let known: Vec<_> = map.tables().map(|table| table.role.as_str()).collect();
        let problem = format!("the map has no part `{part}` (it has {})", known.join(", "));
        Err(self.problem(line, problem))
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

    fn complete(&self, spec: &JobSpec) -> Result<Option<[Value; 2]>, JobError> {
        let Some(given) = &spec.write.complete else {
            return Ok(None);
        };
        let line = self.line(given.span());
        match given.get_ref().as_slice() {
            [done, open] if done != open => {
                self.value(done, line)?;
                self.value(open, line)?;
                Ok(Some([done.clone(), open.clone()]))
            }
            _ => {
                let problem = "`complete` has two different values: of a complete row, and of \
                               another";
                Err(self.problem(line, problem.to_owned()))
            }
        }
    }
}
