//! A state from somebody else's tables, row by row. Cells become sets for each day at once, so
//! the memory it takes is that of the sets and not of the rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Timelike, Utc};
use uuid::Uuid;

use super::CaptureError;
use super::books::sessions;
use super::history::History;
use super::map::{Map, Table};
use super::rows::{Row, Rows, check, each_row};
use super::state::{Captured, State, Wording};
use super::stretches::{DayMarks, Fold, MARKS};
use super::values::{answer, day, instant};
use crate::domain::{Currency, Day, IdSet, Lifecycle, Phase, Portfolio, PortfolioId, PortfolioKey};
use crate::engine::{Settings, today};

/// Captures what `rows` hold, read by a map, at the time `now`.
pub(super) fn capture_rows(
    mut rows: impl Rows,
    map: &Map,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<State, CaptureError> {
    check(&mut rows, map.tables())?;
    let mut gathered = Gathered::default();
    each_row(&mut rows, &map.portfolios, |row| gathered.portfolio(&row))?;
    gathered.number();
    each_row(&mut rows, &map.snapshots, |row| gathered.snapshot(&row))?;
    let mut analytics = BTreeMap::new();
    for (phase, table) in &map.analytics {
        let done = gathered.analytics(&mut rows, table)?;
        analytics.insert(*phase, done);
    }
    let target = today(settings, now)?.last_final;
    let mut history = History::new(settings, &map.states, target);
    if let Some(table) = &map.runs {
        each_row(&mut rows, table, |row| history.run(&row))?;
    }
    let days = gathered.cells(&mut analytics);
    gathered.state(days, history, settings, now, target, rows.origin())
}

/// What was read so far. Portfolios are numbered in the order of their ids, however they were
/// read.
#[derive(Default)]
struct Gathered {
    numbers: BTreeMap<String, u32>,
    portfolios: Vec<Read>,
    complete: BTreeMap<Day, IdSet>,
    rows: BTreeMap<Day, IdSet>,
    /// The portfolios that rows speak of and the table of portfolios doesn't.
    strangers: BTreeSet<String>,
}

/// A portfolio as it was read.
struct Read {
    id: String,
    name: String,
    currency: Currency,
    inception: Option<Day>,
    closed: Option<Day>,
    deleted_at: Option<DateTime<Utc>>,
    first_row: Option<Day>,
}

impl Gathered {
    fn portfolio(&mut self, row: &Row<'_>) -> Result<(), CaptureError> {
        let id: String = row.required("id", "an id", |text| Some(text.to_owned()))?;
        let number = self.portfolios.len() as u32 + 1;
        if self.numbers.insert(plain(&id), number).is_some() {
            return Err(row.wrong("id", "an id that no row before has"));
        }
        let inception = row.value("inception", "a day", day)?;
        let closed = row.value("closed", "a day", day)?;
        if inception
            .zip(closed)
            .is_some_and(|(first, last)| last < first)
        {
            return Err(row.wrong("closed", "a day that is not before the inception"));
        }
        let currency = row.value("currency", "three capital letters", |text| {
            text.parse().ok()
        })?;
        self.portfolios.push(Read {
            name: row.text("name").unwrap_or(&id).to_owned(),
            id,
            currency: currency.unwrap_or(Currency::USD),
            inception,
            closed,
            deleted_at: row.value("deleted-at", "an instant", instant)?,
            first_row: None,
        });
        Ok(())
    }

    fn number(&mut self) {
        self.portfolios.sort_by_cached_key(|read| plain(&read.id));
        let numbered = (1..).zip(&self.portfolios);
        self.numbers = numbered
            .map(|(number, read)| (plain(&read.id), number))
            .collect();
    }

    /// The portfolio that a row speaks of, and the day.
    fn cell(&mut self, row: &Row<'_>) -> Result<Option<(u32, Day)>, CaptureError> {
        let id = row.required("portfolio", "the id of a portfolio", |id| Some(plain(id)))?;
        let day = row.required("day", "a day", day)?;
        let number = self.numbers.get(&id).copied();
        if number.is_none() {
            self.strangers.insert(id);
        }
        Ok(number.map(|number| (number, day)))
    }

    fn snapshot(&mut self, row: &Row<'_>) -> Result<(), CaptureError> {
        let complete = is_complete(row)?;
        let Some((number, day)) = self.cell(row)? else {
            return Ok(());
        };
        let first = &mut self.portfolios[number as usize - 1].first_row;
        *first = Some(first.map_or(day, |first| first.min(day)));
        let days = if complete {
            &mut self.complete
        } else {
            &mut self.rows
        };
        days.entry(day).or_default().insert(number);
        Ok(())
    }

    /// Of whom a phase is done, by day.
    fn analytics(
        &mut self,
        rows: &mut impl Rows,
        table: &Table,
    ) -> Result<BTreeMap<Day, IdSet>, CaptureError> {
        let mut done: BTreeMap<Day, IdSet> = BTreeMap::new();
        each_row(rows, table, |row| {
            let complete = is_complete(&row)?;
            if let (Some((number, day)), true) = (self.cell(&row)?, complete) {
                done.entry(day).or_default().insert(number);
            }
            Ok(())
        })?;
        Ok(done)
    }

    /// The marks of each day. A phase that the map doesn't name is done where the snapshot is.
    fn cells(
        &mut self,
        analytics: &mut BTreeMap<Phase, BTreeMap<Day, IdSet>>,
    ) -> BTreeMap<Day, DayMarks> {
        let mut days: BTreeMap<Day, DayMarks> = BTreeMap::new();
        let complete = std::mem::take(&mut self.complete);
        for (day, snapshot) in complete {
            let marks = days.entry(day).or_default();
            for (mark, phase) in marks.iter_mut().zip(Phase::CELL_PHASES) {
                *mark = match analytics.get_mut(&phase) {
                    None => snapshot.clone(),
                    Some(done) => done.remove(&day).unwrap_or_default() & &snapshot,
                };
            }
        }
        for (day, rows) in std::mem::take(&mut self.rows) {
            let marks = days.entry(day).or_default();
            marks[MARKS - 1] = rows - &marks[0];
        }
        days
    }

    fn state(
        self,
        days: BTreeMap<Day, DayMarks>,
        history: History,
        settings: &Settings,
        now: DateTime<Utc>,
        target: Day,
        origin: &'static str,
    ) -> Result<State, CaptureError> {
        let named = names(&self.portfolios);
        let portfolios = (1..).zip(self.portfolios);
        let portfolios = portfolios.map(|(number, read)| read.portfolio(number, &named, target));
        let mut portfolios: Vec<Portfolio> = portfolios.collect();
        let known: BTreeSet<Day> = days.keys().copied().collect();
        let sessions = sessions(&settings.calendar, &portfolios, &known, target)?;
        let mut strays: BTreeMap<u32, Vec<Day>> = BTreeMap::new();
        let mut fold = Fold::default();
        for (day, marks) in days {
            match sessions.binary_search(&day) {
                Ok(at) => fold.take_in(at, marks),
                Err(_) => {
                    for number in &marks[0] | &marks[MARKS - 1] {
                        strays.entry(number).or_default().push(day);
                    }
                }
            }
        }
        let mut stretches = fold.finish();
        portfolios.sort_by(|a, b| {
            let order = |one: &Portfolio| (one.lifecycle.inception(), one.name.clone(), one.key);
            order(a).cmp(&order(b))
        });
        let captured = portfolios.into_iter().map(|portfolio| Captured {
            stretches: stretches.remove(&portfolio.id.0).unwrap_or_default(),
            strays: strays.remove(&portfolio.id.0).unwrap_or_default(),
            failed: BTreeMap::new(),
            blocked: BTreeSet::new(),
            portfolio,
        });
        let mut left_out = Vec::new();
        if !self.strangers.is_empty() {
            left_out.push(format!(
                "rows of {} portfolios that the table of portfolios doesn't have",
                self.strangers.len()
            ));
        }
        let portfolios = captured.collect();
        let (runs, left_running) = history.finish();
        Ok(State {
            origin,
            now: now.with_nanosecond(0).unwrap_or(now),
            calendar: settings.calendar.clone(),
            sessions,
            portfolios,
            invalidations: Vec::new(),
            runs,
            left_running,
            sources: None,
            left_out,
            quarantine_after: settings.quarantine_after,
            wording: Wording::Original,
        })
    }
}

impl Read {
    /// Without an inception it lives from its first row on, and without a row from `target`.
    fn portfolio(self, number: u32, names: &BTreeMap<String, u32>, target: Day) -> Portfolio {
        let first = self.first_row.into_iter().chain(self.closed).min();
        let inception = self.inception.or(first).unwrap_or(target);
        let lifecycle = Lifecycle::new(inception).with_closing_day(self.closed);
        let lifecycle = lifecycle.unwrap_or(Lifecycle::new(inception));
        Portfolio {
            id: PortfolioId(number),
            key: match (Uuid::try_parse(&self.id), names.get(&self.name)) {
                (Err(_), Some(1)) => PortfolioKey::from_name(&self.name),
                _ => PortfolioKey::from_name(&self.id),
            },
            name: self.name,
            currency: self.currency,
            lifecycle: lifecycle.with_deleted_at(self.deleted_at),
        }
    }
}

fn names(portfolios: &[Read]) -> BTreeMap<String, u32> {
    let mut names = BTreeMap::new();
    for read in portfolios {
        *names.entry(read.name.clone()).or_default() += 1;
    }
    names
}

fn is_complete(row: &Row<'_>) -> Result<bool, CaptureError> {
    match row.table.place("complete") {
        None => Ok(true),
        Some(_) => Ok(row.value("complete", "yes or no", answer)?.unwrap_or(false)),
    }
}

/// An id as it is compared: a UUID is the same however it is written.
fn plain(id: &str) -> String {
    Uuid::try_parse(id).map_or_else(|_| id.to_owned(), |id| id.to_string())
}
