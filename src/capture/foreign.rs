//! Builds a state from another program's tables, row by row. Each row goes into a bitmap of its day
//! at once, so that memory grows with the bitmaps and not with the rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Timelike, Utc};
use uuid::Uuid;

use super::books::captured_sessions;
use super::error::CaptureError;
use super::history::RunHistory;
use super::intervals::{DayMarks, IntervalAccumulator, MARK_COUNT};
use super::map::{Deletion, Map, Table};
use super::rows::{Row, RowSource, check_columns, visit_numbered_rows};
use super::state::{CapturedPortfolio, Naming, State};
use super::time::CaptureTime;
use super::values::parse_day;
use crate::domain::{
    CostBasis, Currency, Day, IdSet, Lifecycle, Phase, Portfolio, PortfolioCalendars, PortfolioId,
    PortfolioKey,
};
use crate::engine::{Settings, today};
use crate::report::count_with_noun;

/// Captures the state in `rows`, read by a map, at a time.
pub(super) fn capture_rows(
    mut rows: impl RowSource,
    map: &Map,
    settings: &Settings,
    time: CaptureTime,
) -> Result<State, CaptureError> {
    check_columns(&mut rows, map.tables())?;
    let mut collector = RowCollector::default();
    visit_numbered_rows(&mut rows, &map.portfolios, |row| {
        collector.add_portfolio(&row)
    })?;
    collector.assign_numbers();
    visit_numbered_rows(&mut rows, &map.snapshots, |row| {
        collector.add_snapshot(&row)
    })?;
    let mut analytics = BTreeMap::new();
    for (phase, table) in &map.analytics {
        let done = collector.read_analytics(&mut rows, table)?;
        analytics.insert(*phase, done);
    }
    let newest_day = collector.newest_day(&analytics);
    let last_final = |now| today(settings, now).map(|today| today.last_final);
    let target = last_final(time.resolve(newest_day, None, settings)?)?;
    let mut history = RunHistory::new(settings, map, target);
    if let Some(table) = &map.runs {
        visit_numbered_rows(&mut rows, table, |row| history.add_run(&row))?;
    }
    if let Some(table) = &map.progress {
        visit_numbered_rows(&mut rows, table, |row| collector.add_progress(&row))?;
    }
    let now = time.resolve(newest_day, history.newest_instant(), settings)?;
    let target = last_final(now)?;
    let days = collector.take_day_marks(&mut analytics);
    let mut state = collector.into_state(days, history, settings, now, target, rows.origin())?;
    if map.amounts().next().is_some() {
        let text = "the mapped amounts: a world has the sources of amounts, not amounts";
        state.left_out.push(text.to_owned());
    }
    Ok(state)
}

/// The rows read so far. Portfolios are numbered in the order of their ids, so that the order of
/// rows does not matter.
#[derive(Default)]
struct RowCollector {
    /// The number of each portfolio, by normalised id.
    numbers: BTreeMap<String, u32>,
    portfolios: Vec<PortfolioRow>,
    complete: BTreeMap<Day, IdSet>,
    incomplete: BTreeMap<Day, IdSet>,
    /// Ids of portfolios in rows that the portfolios table does not have.
    unknown_ids: BTreeSet<String>,
    /// Days whose progress counts more portfolios than have a snapshot, with both counts.
    overcounted: BTreeMap<Day, (u64, u64)>,
    /// The numbers of cells with a later phase done without their snapshot, by phase.
    without_snapshot: BTreeMap<Phase, u64>,
}

/// One row of the portfolios table.
struct PortfolioRow {
    id: String,
    name: String,
    currency: Currency,
    inception: Option<Day>,
    closed: Option<Day>,
    deletion: Deletion,
    /// The first day with a snapshot row.
    first_row: Option<Day>,
}

impl RowCollector {
    fn add_portfolio(&mut self, row: &Row<'_>) -> Result<(), CaptureError> {
        let id: String = row.parse_required("id", "an id", |text| Some(text.to_owned()))?;
        let number = self.portfolios.len() as u32 + 1;
        if self.numbers.insert(normalize_id(&id), number).is_some() {
            return Err(row.invalid_value("id", "a unique id"));
        }
        let inception = row.parse("inception", "a day", parse_day)?;
        let closed = row.parse("closed", "a day", parse_day)?;
        if inception
            .zip(closed)
            .is_some_and(|(first, last)| last < first)
        {
            return Err(row.invalid_value("closed", "a day on or after the inception"));
        }
        let currency = row.parse("currency", "three capital letters", |text| {
            text.parse().ok()
        })?;
        self.portfolios.push(PortfolioRow {
            name: row.text("name").unwrap_or(&id).to_owned(),
            id,
            currency: currency.unwrap_or(Currency::USD),
            inception,
            closed,
            deletion: {
                let expected = match row.table.deleted_values {
                    None => "an instant",
                    Some(_) => "one of `deleted-values`",
                };
                let parse = |text: &str| row.table.parse_deletion(text);
                let deletion = row.parse("deleted-at", expected, parse)?;
                deletion.unwrap_or(Deletion::None)
            },
            first_row: None,
        });
        Ok(())
    }

    fn assign_numbers(&mut self) {
        self.portfolios
            .sort_by_cached_key(|row| normalize_id(&row.id));
        let numbered = (1..).zip(&self.portfolios);
        self.numbers = numbered
            .map(|(number, row)| (normalize_id(&row.id), number))
            .collect();
    }

    /// Returns the portfolio's number and the day of a row; `None` if the portfolio is unknown.
    fn resolve_cell(&mut self, row: &Row<'_>) -> Result<Option<(u32, Day)>, CaptureError> {
        let id = row.parse_required("portfolio", "the id of a portfolio", |id| {
            Some(normalize_id(id))
        })?;
        let day = row.parse_required("day", "a day", parse_day)?;
        let number = self.numbers.get(&id).copied();
        if number.is_none() {
            self.unknown_ids.insert(id);
        }
        Ok(number.map(|number| (number, day)))
    }

    fn add_snapshot(&mut self, row: &Row<'_>) -> Result<(), CaptureError> {
        let complete = is_complete(row)?;
        let Some((number, day)) = self.resolve_cell(row)? else {
            return Ok(());
        };
        let first = &mut self.portfolios[number as usize - 1].first_row;
        *first = Some(first.map_or(day, |first| first.min(day)));
        let days = if complete {
            &mut self.complete
        } else {
            &mut self.incomplete
        };
        days.entry(day).or_default().insert(number);
        Ok(())
    }

    fn add_progress(&mut self, row: &Row<'_>) -> Result<(), CaptureError> {
        let day = row.parse_required("day", "a day", parse_day)?;
        let counted = row.parse_required("done", "a count", |text| text.parse::<u64>().ok())?;
        let with_rows = [&self.complete, &self.incomplete].map(|days| days.get(&day));
        let with_rows = with_rows.into_iter().flatten();
        let there = with_rows.fold(IdSet::new(), |ids, more| ids | more).len();
        if counted > there {
            let most = self.overcounted.entry(day).or_insert((counted, there));
            most.0 = most.0.max(counted);
        }
        Ok(())
    }

    /// Returns the portfolios whose phase is done, by day.
    fn read_analytics(
        &mut self,
        rows: &mut impl RowSource,
        table: &Table,
    ) -> Result<BTreeMap<Day, IdSet>, CaptureError> {
        let mut done: BTreeMap<Day, IdSet> = BTreeMap::new();
        visit_numbered_rows(rows, table, |row| {
            let complete = is_complete(&row)?;
            if let (Some((number, day)), true) = (self.resolve_cell(&row)?, complete) {
                done.entry(day).or_default().insert(number);
            }
            Ok(())
        })?;
        Ok(done)
    }

    /// Returns the newest day with a row of a known portfolio.
    fn newest_day(&self, analytics: &BTreeMap<Phase, BTreeMap<Day, IdSet>>) -> Option<Day> {
        let tables = analytics.values();
        let tables = tables.chain([&self.complete, &self.incomplete]);
        tables
            .filter_map(|days| days.keys().next_back())
            .max()
            .copied()
    }

    /// Returns the marks of each day. A phase that the map does not name counts as done with the
    /// snapshot.
    fn take_day_marks(
        &mut self,
        analytics: &mut BTreeMap<Phase, BTreeMap<Day, IdSet>>,
    ) -> BTreeMap<Day, DayMarks> {
        let mut days: BTreeMap<Day, DayMarks> = BTreeMap::new();
        let complete = std::mem::take(&mut self.complete);
        for (phase, done) in &*analytics {
            let without = |(day, ids): (&Day, &IdSet)| match complete.get(day) {
                Some(snapshot) => (ids - snapshot).len(),
                None => ids.len(),
            };
            let count: u64 = done.iter().map(without).sum();
            if count > 0 {
                self.without_snapshot.insert(*phase, count);
            }
        }
        for (day, snapshot) in complete {
            let marks = days.entry(day).or_default();
            for (mark, phase) in marks.iter_mut().zip(Phase::CELL_PHASES) {
                *mark = match analytics.get_mut(&phase) {
                    None => snapshot.clone(),
                    // A world has no later phase without its snapshot.
                    Some(done) => done.remove(&day).unwrap_or_default() & &snapshot,
                };
            }
        }
        for (day, rows) in std::mem::take(&mut self.incomplete) {
            let marks = days.entry(day).or_default();
            marks[MARK_COUNT - 1] = rows - &marks[0];
        }
        days
    }

    fn into_state(
        self,
        days: BTreeMap<Day, DayMarks>,
        history: RunHistory,
        settings: &Settings,
        now: DateTime<Utc>,
        target: Day,
        origin: &'static str,
    ) -> Result<State, CaptureError> {
        let name_counts = count_names(&self.portfolios);
        let portfolios = (1..).zip(self.portfolios);
        let portfolios =
            portfolios.map(|(number, row)| row.into_portfolio(number, &name_counts, (now, target)));
        let mut portfolios: Vec<Portfolio> = portfolios.collect();
        let known: BTreeSet<Day> = days.keys().copied().collect();
        let sessions = captured_sessions(&settings.calendar, &portfolios, &known, target)?;
        let mut orphan_days: BTreeMap<u32, Vec<Day>> = BTreeMap::new();
        let mut accumulator = IntervalAccumulator::default();
        for (day, marks) in days {
            match sessions.binary_search(&day) {
                Ok(at) => accumulator.add_session(at, marks),
                Err(_) => {
                    for number in &marks[0] | &marks[MARK_COUNT - 1] {
                        orphan_days.entry(number).or_default().push(day);
                    }
                }
            }
        }
        let mut intervals = accumulator.finish();
        portfolios.sort_by(|a, b| {
            let order = |portfolio: &Portfolio| {
                let inception = portfolio.lifecycle.inception();
                (inception, portfolio.name.clone(), portfolio.key)
            };
            order(a).cmp(&order(b))
        });
        let captured = portfolios.into_iter().map(|portfolio| CapturedPortfolio {
            intervals: intervals.remove(&portfolio.id.0).unwrap_or_default(),
            orphan_days: orphan_days.remove(&portfolio.id.0).unwrap_or_default(),
            failed: BTreeMap::new(),
            blocked: BTreeSet::new(),
            portfolio,
        });
        let mut left_out = Vec::new();
        if !self.unknown_ids.is_empty() {
            left_out.push(format!(
                "rows of {} missing from the portfolios table",
                count_with_noun(self.unknown_ids.len() as u64, "portfolio")
            ));
        }
        left_out.extend(self.overcounted.iter().map(|(day, (counted, there))| {
            format!("the progress of {day}: {counted} counted, {there} with a snapshot")
        }));
        left_out.extend(self.without_snapshot.iter().map(|(phase, count)| {
            let cells = count_with_noun(*count, "cell");
            format!("the {phase} of {cells} without a complete snapshot, which no world can hold")
        }));
        let portfolios = captured.collect();
        let (runs, left_running) = history.finish();
        Ok(State {
            origin,
            now: now.with_nanosecond(0).unwrap_or(now),
            grace: settings.grace,
            calendar: settings.calendar.clone(),
            portfolio_calendars: PortfolioCalendars::default(),
            own_calendars: Vec::new(),
            sessions,
            portfolios,
            invalidations: Vec::new(),
            runs,
            left_running,
            unpriced: BTreeSet::new(),
            accepted_prices: Vec::new(),
            sources: None,
            left_out,
            quarantine_after: settings.quarantine_after,
            naming: Naming::Original,
        })
    }
}

impl PortfolioRow {
    /// Without an inception the portfolio starts on the day of its first row, or on `target` if it
    /// has no row. A deletion of unknown time is at `now`. `name_counts` tells whether its name is unique.
    fn into_portfolio(
        self,
        number: u32,
        name_counts: &BTreeMap<String, u32>,
        (now, target): (DateTime<Utc>, Day),
    ) -> Portfolio {
        let first = self.first_row.into_iter().chain(self.closed).min();
        let inception = self.inception.or(first).unwrap_or(target);
        let lifecycle = Lifecycle::new(inception).with_closing_day(self.closed);
        let lifecycle = lifecycle.unwrap_or(Lifecycle::new(inception));
        Portfolio {
            id: PortfolioId(number),
            // A world derives the key from the name, so a unique name saves writing the id. A UUID
            // is kept.
            key: match (Uuid::try_parse(&self.id), name_counts.get(&self.name)) {
                (Err(_), Some(1)) => PortfolioKey::from_name(&self.name),
                _ => PortfolioKey::from_name(&self.id),
            },
            name: self.name,
            currency: self.currency,
            cost_basis: CostBasis::default(),
            calendar: None,
            lifecycle: lifecycle.with_deleted_at(match self.deletion {
                Deletion::None => None,
                Deletion::Unknown => Some(now.with_nanosecond(0).unwrap_or(now)),
                Deletion::At(at) => Some(at),
            }),
        }
    }
}

fn count_names(portfolios: &[PortfolioRow]) -> BTreeMap<String, u32> {
    let mut names = BTreeMap::new();
    for portfolio in portfolios {
        *names.entry(portfolio.name.clone()).or_default() += 1;
    }
    names
}

fn is_complete(row: &Row<'_>) -> Result<bool, CaptureError> {
    match row.table.column_index("complete") {
        None => Ok(true),
        Some(_) => Ok(row
            .parse(
                "complete",
                "yes or no, or one of `complete-values`",
                |text| row.table.parse_complete(text),
            )?
            .unwrap_or(false)),
    }
}

/// Returns an id for comparison: all spellings of a UUID are equal, also as bytes of PostgreSQL.
pub(crate) fn normalize_id(id: &str) -> String {
    let digits = id.strip_prefix("\\x").unwrap_or(id);
    Uuid::try_parse(digits).map_or_else(|_| id.to_owned(), |id| id.to_string())
}
