//! Makes the rows of a job's tables from the portfolios and cells of a world.

use chrono::{DateTime, Utc};

use super::job_file::{Job, OtherRows};
use super::spec::{DayForm, RowSubject};
use super::write_values::{CellValue, RowContext, instant_text};
use crate::domain::{Calendar, Day, DayRange, Phase, Portfolio};
use crate::scenario::world::{PastRun, WorldPortfolio};
use crate::store::{ScratchRow, ScratchValue};

/// Makes rows, numbered in the order in which they are made.
pub(super) struct RowMaker<'r> {
    job: &'r Job,
    calendar: &'r Calendar,
    now: String,
    number: u64,
    rows: Vec<ScratchRow>,
}

impl<'r> RowMaker<'r> {
    /// Creates a maker whose next row has the number `number + 1`.
    pub(super) fn new(
        job: &'r Job,
        calendar: &'r Calendar,
        now: DateTime<Utc>,
        number: u64,
    ) -> Self {
        Self {
            job,
            calendar,
            now: instant_text(now),
            number,
            rows: Vec::new(),
        }
    }

    /// Returns the rows, and the number of the last one.
    pub(super) fn finish(self) -> (Vec<ScratchRow>, u64) {
        (self.rows, self.number)
    }

    /// Adds the rows of the world as a whole.
    pub(super) fn add_world(&mut self) {
        for rows in self.other_rows(|subject| subject == RowSubject::World) {
            self.add_other(rows, None, None);
        }
    }

    /// Adds the rows of past runs, if the map has them.
    pub(super) fn add_runs(&mut self, runs: &[PastRun]) {
        let Some(table) = &self.job.map.runs else {
            return;
        };
        let days = self.job.days.of(&table.role);
        let count = |count: u64| ScratchValue::Integer(i64::try_from(count).unwrap_or(i64::MAX));
        for run in runs {
            let mut values = Vec::new();
            for column in &table.columns {
                let value = match column.key {
                    "started" => ScratchValue::Text(instant_text(run.started)),
                    "ended" => ScratchValue::Text(instant_text(run.ended)),
                    "state" => {
                        ScratchValue::Text(self.job.map.run_state_word(run.state).to_owned())
                    }
                    "policy" => ScratchValue::Text(run.policy.clone()),
                    "target" => self.context(None, Some(run.target), days).day_value(),
                    "planned" => count(run.progress.planned),
                    "done" => count(run.progress.done),
                    "failed" => count(run.progress.failed),
                    _ => continue,
                };
                values.push((column.name.clone(), value));
            }
            self.add("runs", table.name.clone(), values, None, None);
        }
    }

    /// Adds a portfolio with its done cells and its bare rows.
    pub(super) fn add_portfolio(&mut self, world: &WorldPortfolio) {
        let portfolio = &world.portfolio;
        let table = &self.job.map.portfolios;
        let lifecycle = &portfolio.lifecycle;
        let days = self.job.days.of(&table.role);
        let day = |day: Option<Day>| {
            day.map_or(ScratchValue::Null, |day| {
                self.context(None, Some(day), days).day_value()
            })
        };
        let mut values = Vec::new();
        for column in &table.columns {
            let value = match column.key {
                "id" => self.context(Some(portfolio), None, days).id(),
                "name" => ScratchValue::Text(portfolio.name.clone()),
                "inception" => day(Some(lifecycle.inception())),
                "closed" => day(lifecycle.closing_day()),
                "deleted-at" => {
                    let at = lifecycle.deleted_at();
                    self.job.deleted_value(at).plain()
                }
                "currency" => ScratchValue::Text(portfolio.currency.to_string()),
                _ => continue,
            };
            values.push((column.name.clone(), value));
        }
        self.add(
            "portfolios",
            table.name.clone(),
            values,
            Some(portfolio),
            None,
        );
        for rows in self.other_rows(|subject| subject == RowSubject::Portfolio) {
            self.add_other(rows, Some(portfolio), None);
        }
        for (day, phases) in &world.done {
            for (phase, _) in self.job.cell_tables() {
                if phases.contains(phase) {
                    self.add_cell(phase, portfolio, *day, true);
                }
            }
            for phase in phases.iter() {
                for rows in self.other_rows(|subject| subject.phase() == Some(phase)) {
                    self.add_other(rows, Some(portfolio), Some(*day));
                }
            }
        }
        let is_bare = |day: &&Day| !world.done.contains_key(*day);
        for day in world.rows.iter().filter(is_bare) {
            self.add_cell(Phase::Snapshot, portfolio, *day, false);
        }
    }

    /// Adds the rows of sessions from `first` to `last`, and those of the cells of portfolios.
    pub(super) fn add_sessions(&mut self, first: Day, last: Day, portfolios: &[&Portfolio]) {
        let sessions = DayRange::new(first, last).ok();
        let sessions = sessions.and_then(|days| self.calendar.sessions(days).ok());
        for day in sessions.unwrap_or_default() {
            for rows in self.other_rows(|subject| subject == RowSubject::Session) {
                self.add_other(rows, None, Some(*day));
            }
        }
        self.add_cells(first, last, portfolios);
    }

    /// Adds the rows of the cells of portfolios from `first` to `last`.
    pub(super) fn add_cells(&mut self, first: Day, last: Day, portfolios: &[&Portfolio]) {
        let sessions = DayRange::new(first, last).ok();
        let sessions = sessions.and_then(|days| self.calendar.sessions(days).ok());
        for day in sessions.unwrap_or_default() {
            let of_cell = self.other_rows(|subject| subject == RowSubject::Cell);
            let is_alive = |portfolio: &&&Portfolio| {
                let lifecycle = &portfolio.lifecycle;
                let closed = lifecycle.closing_day();
                lifecycle.inception() <= *day && closed.is_none_or(|closed| *day <= closed)
            };
            for rows in of_cell {
                for portfolio in portfolios.iter().filter(is_alive) {
                    self.add_other(rows, Some(portfolio), Some(*day));
                }
            }
        }
    }

    fn add_cell(&mut self, phase: Phase, portfolio: &Portfolio, day: Day, is_complete: bool) {
        let Some((_, table)) = self.job.cell_tables().find(|(known, _)| *known == phase) else {
            return;
        };
        let days = self.job.days.of(&table.role);
        let context = self.context(Some(portfolio), Some(day), days);
        let (done, open) = self.job.complete_values(table);
        let mut values = Vec::new();
        for column in &table.columns {
            let value = match column.key {
                "portfolio" => context.id(),
                "day" => context.day_value(),
                "complete" => (if is_complete { &done } else { &open }).fill(&context),
                _ => continue,
            };
            values.push((column.name.clone(), value));
        }
        let (role, name) = (table.role.clone(), table.name.clone());
        self.add(&role, name, values, Some(portfolio), Some(day));
    }

    /// Adds a row of a mapped table, with the values that the job file gives for its other columns.
    fn add(
        &mut self,
        part: &str,
        table: String,
        mut values: Vec<(String, ScratchValue)>,
        portfolio: Option<&Portfolio>,
        day: Option<Day>,
    ) {
        self.number += 1;
        let given = self.job.values.get(part);
        let context = self.context(portfolio, day, self.job.days.of(part));
        let given = given.into_iter().flatten();
        values.extend(given.map(|(column, value)| (column.clone(), value.fill(&context))));
        self.rows.push(ScratchRow { table, values });
    }

    fn add_other(&mut self, rows: &OtherRows, portfolio: Option<&Portfolio>, day: Option<Day>) {
        self.number += 1;
        let context = self.context(portfolio, day, rows.days);
        let keys = rows.table.columns.iter().map(|column| {
            let value = match column.key {
                "portfolio" => context.id(),
                _ => context.day_value(),
            };
            (column.name.clone(), value)
        });
        let fill = |(column, value): &(String, CellValue)| (column.clone(), value.fill(&context));
        self.rows.push(ScratchRow {
            table: rows.table.name.clone(),
            values: keys.chain(rows.values.iter().map(fill)).collect(),
        });
    }

    fn other_rows(&self, is_for: impl Fn(RowSubject) -> bool) -> Vec<&'r OtherRows> {
        let rows = self.job.rows.iter();
        rows.filter(|rows| is_for(rows.subject)).collect()
    }

    fn context<'c>(
        &'c self,
        portfolio: Option<&'c Portfolio>,
        day: Option<Day>,
        days: DayForm,
    ) -> RowContext<'c> {
        RowContext {
            portfolio,
            day,
            now: &self.now,
            number: self.number,
            ids: self.job.ids,
            days,
        }
    }
}
