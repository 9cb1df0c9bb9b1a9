//! Reads and checks a job file: everything that can be known without running the job.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Spanned, Value};

use super::error::JobError;
use super::job_file::{DayForms, Job, OtherRows};
use super::reader::{Reader, read_text};
use super::spec::{DayForm, DaysSpec, JobSpec, RowSubject};
use super::write_values::{CELL_NAMES, CellValue, PORTFOLIO_NAMES, WORLD_NAMES};
use crate::capture::{Map, RawMap};
use crate::domain::{Calendar, Nearest};
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
        let mut values = BTreeMap::new();
        for (part, columns) in &spec.write.values {
            let (line, part) = (self.line(part.span()), part.get_ref());
            self.check_part(&map, part, line)?;
            let names: &[_] = match part.as_str() {
                "portfolios" => &PORTFOLIO_NAMES,
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
                days: rows.days.unwrap_or(days.default),
                values: self.columns(&rows.values, names)?,
            })
        });
        let rows = rows.collect::<Result<_, JobError>>()?;
        let left_out = |promise: &Promise| spec.promises.get(promise) != Some(&false);
        let promises = Promise::ALL.into_iter().filter(left_out).collect();
        Ok(Job {
            name,
            path: self.path.to_owned(),
            calendar: (spec.calendar.take()).map(|name| match Calendar::built_in(&name) {
                Some(known) => known.name().to_owned(),
                None => name,
            }),
            make,
            map,
            ids: spec.write.ids,
            days,
            values,
            rows,
            commands: self.commands(spec.commands, &database, &working_folder)?,
            database,
            promises,
        })
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
        if matches!(part, "runs" | "progress") {
            let problem = format!(
                "no rows of `{part}` are written; `[[write.rows]]` writes rows of any table"
            );
            return Err(self.problem(line, problem));
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
