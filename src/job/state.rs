//! Holds a world in the tables of a job: writes it, reads back which cells are done, and plans what
//! is needed.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::JobError;
use super::job_file::Job;
use super::rows::RowMaker;
use super::scratch::{Scratch, Template};
use super::write_values::{day_text, id_text, id_value};
use crate::capture::{CaptureError, Row, ScratchReader, Table, normalize_id, parse_day};
use crate::domain::{
    CellSelection, Coverage, Day, DayRange, IdSet, Lifecycle, LifecycleIndex, Money, Phase,
    PhaseSet, Portfolio, PortfolioId,
};
use crate::engine::{Settings, today};
use crate::plan::{Plan, Request, Survey, Target, Today, plan};
use crate::query::Names;
use crate::scenario::runner::{BooksByDay, CellBooks};
use crate::scenario::script::Amount;
use crate::scenario::world::{World, WorldPortfolio};
use crate::store::ScratchValue;

/// A world in the tables of a job, with its clock.
#[derive(Debug)]
pub(super) struct JobState<'j> {
    pub(super) job: &'j Job,
    pub(super) template: &'j Template,
    pub(super) scratch: Scratch,
    pub(super) settings: Settings,
    pub(super) now: DateTime<Utc>,
    /// The portfolios, by id.
    pub(super) portfolios: BTreeMap<PortfolioId, Portfolio>,
    /// The portfolios by their ids in the tables.
    ids: BTreeMap<String, PortfolioId>,
    /// The number of the last row that was made.
    rows: u64,
    /// The last session with rows.
    sessions_until: Option<Day>,
}

impl<'j> JobState<'j> {
    /// Writes a world into a copy of the template.
    pub(super) fn load(
        job: &'j Job,
        template: &'j Template,
        world: &World,
        settings: &Settings,
    ) -> Result<Self, JobError> {
        let mut state = Self {
            job,
            template,
            scratch: template.copy()?,
            settings: settings.clone(),
            now: world.now,
            portfolios: BTreeMap::new(),
            ids: BTreeMap::new(),
            rows: 0,
            sessions_until: None,
        };
        let calendar = state.settings.calendar.clone();
        // In one transaction, since the tables may refer to each other.
        let mut maker = RowMaker::new(job, &calendar, state.now, 0);
        maker.add_world();
        maker.add_runs(&world.runs);
        state.make_portfolios(&mut maker, &world.portfolios);
        let all = world.portfolios.iter().chain(&world.added_later);
        let inceptions = all.map(|portfolio| portfolio.portfolio.lifecycle.inception());
        if let Some(first) = inceptions.min() {
            state.make_sessions_from(&mut maker, first)?;
        }
        state.rows = state.insert(maker)?;
        Ok(state)
    }

    /// Returns a copy of the state in a database of its own.
    pub(super) fn fork(&self) -> Result<Self, JobError> {
        Ok(Self {
            job: self.job,
            template: self.template,
            scratch: self.scratch.copy()?,
            settings: self.settings.clone(),
            now: self.now,
            portfolios: self.portfolios.clone(),
            ids: self.ids.clone(),
            rows: self.rows,
            sessions_until: self.sessions_until,
        })
    }

    /// Writes portfolios with their done cells.
    pub(super) fn add(&mut self, added: &[WorldPortfolio]) -> Result<(), JobError> {
        let calendar = self.settings.calendar.clone();
        let mut maker = RowMaker::new(self.job, &calendar, self.now, self.rows);
        self.make_portfolios(&mut maker, added);
        let portfolios = added.iter().map(|world| &world.portfolio);
        let inceptions = portfolios.clone();
        let first = inceptions.map(|portfolio| portfolio.lifecycle.inception());
        if let (Some(first), Some(last)) = (first.min(), self.sessions_until) {
            maker.add_cells(first, last, &portfolios.collect::<Vec<_>>());
        }
        self.rows = self.insert(maker)?;
        Ok(())
    }

    fn make_portfolios(&mut self, maker: &mut RowMaker<'_>, added: &[WorldPortfolio]) {
        for world in added {
            maker.add_portfolio(world);
            let portfolio = world.portfolio.clone();
            self.ids.insert(self.id_in_tables(&portfolio), portfolio.id);
            self.portfolios.insert(portfolio.id, portfolio);
        }
    }

    /// Moves the clock, and writes the rows of the sessions that have closed by then.
    pub(super) fn set_clock(&mut self, now: DateTime<Utc>) -> Result<(), JobError> {
        self.now = now;
        if let Some(until) = self.sessions_until {
            let calendar = self.settings.calendar.clone();
            let mut maker = RowMaker::new(self.job, &calendar, self.now, self.rows);
            self.make_sessions_from(&mut maker, until.saturating_add(1))?;
            self.rows = self.insert(maker)?;
        }
        Ok(())
    }

    fn make_sessions_from(&mut self, maker: &mut RowMaker<'_>, first: Day) -> Result<(), JobError> {
        let last = (self.settings.calendar).last_final(self.now, TimeDelta::zero())?;
        if last >= first {
            let portfolios: Vec<&Portfolio> = self.portfolios.values().collect();
            maker.add_sessions(first, last, &portfolios);
            self.sessions_until = Some(last);
        }
        Ok(())
    }

    fn insert(&self, maker: RowMaker<'_>) -> Result<u64, JobError> {
        let (rows, number) = maker.finish();
        let inserted = self.scratch.connect()?.insert(&rows);
        match inserted {
            Ok(()) => Ok(number),
            Err((source, None)) => Err(source.into()),
            Err((source, Some(row))) => Err(JobError::Row {
                path: self.job.path.clone(),
                place: self.job.place_of_rows(&row.table),
                row: (row.values.iter())
                    .map(|(column, value)| format!("{column} = {}", shown(value)))
                    .collect::<Vec<_>>()
                    .join(", "),
                table: row.table,
                source,
            }),
        }
    }

    /// Changes the lifecycle of a portfolio, in a mapped column.
    pub(super) fn set_lifecycle(
        &mut self,
        id: PortfolioId,
        key: &'static str,
        lifecycle: Lifecycle,
    ) -> Result<(), JobError> {
        let table = &self.job.map.portfolios;
        let (Some(column), Some(id_column)) = (table.column(key), table.column("id")) else {
            return Ok(());
        };
        let Some(portfolio) = self.portfolios.get_mut(&id) else {
            return Ok(());
        };
        let value = match (key, lifecycle.closing_day()) {
            ("closed", Some(day)) => {
                ScratchValue::Text(day_text(day, self.job.days.of(&table.role)))
            }
            ("closed", None) => ScratchValue::Null,
            _ => self.job.deleted_value(lifecycle.deleted_at()).plain(),
        };
        portfolio.lifecycle = lifecycle;
        let id = id_value(portfolio, self.job.ids);
        let mut connection = self.scratch.connect()?;
        connection.update(&table.name, (column, &value), (id_column, &id))?;
        Ok(())
    }

    /// Returns the portfolio of this name.
    pub(super) fn named(&self, name: &str) -> Option<&Portfolio> {
        let mut portfolios = self.portfolios.values();
        portfolios.find(|portfolio| portfolio.name == name)
    }

    pub(super) fn names(&self) -> Names {
        let portfolios = self.portfolios.values();
        Names::new(
            portfolios.map(|portfolio| (portfolio.id, portfolio.name.clone())),
            [],
        )
    }

    /// Returns the portfolio with this id in the tables.
    pub(super) fn portfolio_of(&self, id: &str) -> Option<PortfolioId> {
        self.ids.get(&normalize_id(id)).copied()
    }

    fn id_in_tables(&self, portfolio: &Portfolio) -> String {
        normalize_id(&id_text(portfolio, self.job.ids))
    }

    pub(super) fn today(&self) -> Result<Today, JobError> {
        Ok(today(&self.settings, self.now)?)
    }

    /// Reads the done phases from the tables. A phase is done with a complete row in each of its tables
    /// and a snapshot; one without a table is done with the snapshot.
    pub(super) fn coverage(&self) -> Result<Coverage, JobError> {
        let mut reader = ScratchReader::open(self.scratch.database())?;
        let mut by_phase: BTreeMap<Phase, BTreeMap<Day, IdSet>> = BTreeMap::new();
        for (phase, table) in self.job.phase_tables() {
            let mut of_table: BTreeMap<Day, IdSet> = BTreeMap::new();
            self.visit_done(&mut reader, table, |id, day, _| {
                of_table.entry(day).or_default().insert(id.0);
                Ok(())
            })?;
            let done = match by_phase.remove(&phase) {
                None => of_table,
                Some(others) => in_both(&others, &of_table),
            };
            by_phase.insert(phase, done);
        }
        let mut coverage = Coverage::new();
        let none = BTreeMap::new();
        let snapshots = by_phase.get(&Phase::Snapshot).unwrap_or(&none);
        for phase in Phase::CELL_PHASES {
            let of_phase = by_phase.get(&phase).unwrap_or(snapshots);
            for (day, ids) in in_both(of_phase, snapshots) {
                coverage.set(day, phase, ids);
            }
        }
        Ok(coverage)
    }

    /// Calls `take` for each complete row of a table. Rows of unknown portfolios are left out.
    fn visit_done(
        &self,
        reader: &mut ScratchReader,
        table: &Table,
        mut take: impl FnMut(PortfolioId, Day, &Row<'_>) -> Result<(), CaptureError>,
    ) -> Result<(), CaptureError> {
        let has_complete = table.column("complete").is_some();
        reader.visit_rows(table, |row| {
            let id = row.text("portfolio").and_then(|id| self.portfolio_of(id));
            let Some(id) = id else {
                return Ok(());
            };
            let day = row.parse_required("day", "a day", parse_day)?;
            let expected = "one of the values of `complete`";
            let complete = row.parse("complete", expected, |text| table.parse_complete(text))?;
            // No value is that of a row that is not complete.
            match complete.unwrap_or(!has_complete) {
                true => take(id, day, &row),
                false => Ok(()),
            }
        })
    }

    /// Reads the mapped amounts of complete snapshots.
    pub(super) fn books(&self) -> Result<BooksByDay, JobError> {
        let map = &self.job.map;
        let table = &map.snapshots;
        let mapped: Vec<Amount> = map.amounts().collect();
        let mut books = BooksByDay::new();
        if mapped.is_empty() {
            return Ok(books);
        }
        self.visit_done(
            &mut ScratchReader::open(self.scratch.database())?,
            table,
            |id, day, row| {
                let mut amounts = BTreeMap::new();
                for amount in &mapped {
                    let decimals = map.amount_decimals;
                    let read = |text: &str| Money::from_text_in_units(text, decimals);
                    if let Some(value) = row.parse(amount.name(), "an amount", read)? {
                        amounts.insert(*amount, value);
                    }
                }
                if let Some(portfolio) = self.portfolios.get(&id) {
                    let days = books.entry(portfolio.name.clone()).or_default();
                    days.insert(day, CellBooks::Mapped(amounts));
                }
                Ok(())
            },
        )?;
        Ok(books)
    }

    /// Returns all rows of a table, with the values of its mapped columns.
    pub(super) fn rows_of(&self, table: &Table) -> Result<Vec<Vec<Option<String>>>, JobError> {
        let mut rows = Vec::new();
        ScratchReader::open(self.scratch.database())?.visit_rows(table, |row| {
            rows.push(row.values.to_vec());
            Ok(())
        })?;
        Ok(rows)
    }

    /// Surveys the tables for a request. Days before the calendar count for active portfolios only,
    /// as in the engine.
    pub(super) fn survey(&self, request: &Request, coverage: Coverage) -> Result<Survey, JobError> {
        let today = self.today()?;
        let mut lifecycles = LifecycleIndex::new();
        for portfolio in self.portfolios.values() {
            lifecycles.add(portfolio.id, &portfolio.lifecycle);
        }
        let calendar = &self.settings.calendar;
        let active = lifecycles.earliest_inception(lifecycles.active());
        let deleted = lifecycles.earliest_inception(lifecycles.deleted());
        let deleted = deleted.map(|day| day.max(calendar.known_days().first()));
        let first = active.into_iter().chain(deleted).min();
        let target = match request.target {
            Target::LastFinal => today.last_final,
            Target::On(day) => day.max(today.last_final),
        };
        let last = request.to.map_or(target, |to| to.max(target));
        let range = first.and_then(|first| DayRange::new(first, last).ok());
        let sessions = match range {
            Some(range) => calendar.sessions(range)?.to_vec(),
            None => Vec::new(),
        };
        Ok(Survey {
            lifecycles,
            sessions,
            coverage,
            ..Survey::default()
        })
    }

    /// Plans a request, its force included, by the default policy.
    pub(super) fn plan(
        &self,
        request: &Request,
        force: Option<DayRange>,
        coverage: Coverage,
    ) -> Result<(Survey, Plan), JobError> {
        let mut survey = self.survey(request, coverage)?;
        if let Some(range) = force {
            survey = survey.with_forced(&CellSelection {
                scope: &request.scope,
                phases: PhaseSet::CELL_PHASES,
                range,
            });
        }
        let plan = plan(request, &survey, self.today()?)?;
        Ok((survey, plan))
    }
}

/// Returns the cells that are in both sets.
fn in_both(some: &BTreeMap<Day, IdSet>, others: &BTreeMap<Day, IdSet>) -> BTreeMap<Day, IdSet> {
    let both = some.iter().filter_map(|(day, ids)| {
        let ids = ids & others.get(day)?;
        (!ids.is_empty()).then_some((*day, ids))
    });
    both.collect()
}

fn shown(value: &ScratchValue) -> String {
    match value {
        ScratchValue::Null => "NULL".to_owned(),
        ScratchValue::Integer(number) => number.to_string(),
        ScratchValue::Real(number) => number.to_string(),
        ScratchValue::Text(text) => format!("'{text}'"),
        ScratchValue::Blob(bytes) => format!("{} bytes", bytes.len()),
        ScratchValue::Expression(sql) => sql.clone(),
    }
}
