//! Captures a state from a Plimsoll database in one read transaction. It reads the ledger session by
//! session, so that memory does not grow with the cells.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Timelike, Utc};

use super::error::CaptureError;
use super::intervals::{DayMarks, Interval, IntervalAccumulator};
use super::sources::GivenSources;
use super::state::{CapturedInvalidation, CapturedPortfolio, FailureCounts, Naming, State};
use crate::domain::calendar::Definition;
use crate::domain::{
    Calendar, Day, DayRange, IdSet, OpenInvalidation, Phase, Portfolio, PortfolioCalendars, Scope,
};
use crate::engine::{Settings, is_world_history, survey, today};
use crate::environment::{Environment, Liveness};
use crate::plan::{Filter, Policy, Request};
use crate::report::count_with_noun;
use crate::scenario::world::{Lease, PastRun, RunLeftRunning};
use crate::store::{ReadTransaction, RunRow, RunState, Store, StoreError};

/// Maximum number of ended runs in a capture.
const MAX_RUNS: usize = 10;
/// Additional runs to read: one may be running, and two may have computed the history of a world.
const SPARE_RUNS: usize = 3;

/// Captures the state of a database at the time of `environment`'s clock.
///
/// # Errors
///
/// Fails if the store cannot be read or the calendar does not know a day of the state.
pub fn capture_books(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    extent: CaptureExtent,
) -> Result<State, CaptureError> {
    let now = environment.clock.now();
    store.read(|reading| read_state(reading, settings, environment, now, extent))
}

/// Extent of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureExtent {
    /// The state without sources; cells that wait for prices are listed.
    State,
    /// The state with all sources, from which the waiting cells follow.
    WithSources,
}

fn read_state(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    environment: &Environment,
    now: DateTime<Utc>,
    extent: CaptureExtent,
) -> Result<State, CaptureError> {
    let portfolios = reading.portfolios().all()?;
    let days = reading.outputs().stored_days()?;
    let target = today(settings, now)?.last_final;
    let sessions = captured_sessions(&settings.calendar, &portfolios, &days, target)?;
    let open = reading.invalidations().open()?;
    let portfolio_calendars = (reading.security_calendars()).of_portfolios(&settings.calendar)?;
    let mut scan = LedgerScan::new(reading, &open, &portfolio_calendars);
    let mut orphan_days: BTreeMap<u32, Vec<Day>> = BTreeMap::new();
    for day in &days {
        match sessions.binary_search(day) {
            Ok(at) => scan.scan_session(at, *day)?,
            Err(_) => {
                for id in reading.outputs().ids_with_output(*day, Phase::Snapshot)? {
                    orphan_days.entry(id).or_default().push(*day);
                }
            }
        }
    }
    let (mut intervals, invalidations, left_out) = scan.finish();
    let mut failed = open_failures(reading)?;
    let (mut waiting, sources) = match extent {
        CaptureExtent::State => (waiting_days(reading, settings, now)?, None),
        CaptureExtent::WithSources => (WaitingDays::default(), Some(GivenSources::read(reading)?)),
    };
    let captured = portfolios.into_iter().map(|portfolio| {
        let id = portfolio.id.0;
        CapturedPortfolio {
            intervals: intervals.remove(&id).unwrap_or_default(),
            orphan_days: orphan_days.remove(&id).unwrap_or_default(),
            failed: failed.remove(&id).unwrap_or_default(),
            blocked: waiting.blocked.remove(&id).unwrap_or_default(),
            portfolio,
        }
    });
    let (runs, left_running) = recent_runs(reading, environment, now)?;
    Ok(State {
        origin: "a Plimsoll database",
        now: now.with_nanosecond(0).unwrap_or(now),
        grace: settings.grace,
        calendar: settings.calendar.clone(),
        portfolio_calendars,
        own_calendars: own_calendars(reading, &settings.calendar)?,
        portfolios: captured.collect(),
        sessions,
        invalidations,
        runs,
        left_running,
        unpriced: waiting.unpriced,
        accepted_prices: (reading.accepted_prices().in_force()?.into_iter())
            .map(|accepted| accepted.decision)
            .collect(),
        sources,
        left_out,
        quarantine_after: settings.quarantine_after,
        naming: Naming::Original,
    })
}

/// Returns the calendars that securities and portfolios can name beside that of the database.
fn own_calendars(
    reading: &ReadTransaction<'_>,
    of_database: &Calendar,
) -> Result<Vec<Definition>, StoreError> {
    let mut own = reading.security_calendars().own()?;
    own.retain(|own| own.name() != of_database.name());
    Ok(own)
}

/// Returns the sessions from the first inception or day with data to the last day with data or
/// `target`, within the days that the calendar knows.
pub(super) fn captured_sessions(
    calendar: &Calendar,
    portfolios: &[Portfolio],
    days: &BTreeSet<Day>,
    target: Day,
) -> Result<Vec<Day>, CaptureError> {
    let known = calendar.known_days();
    let inceptions = portfolios
        .iter()
        .map(|portfolio| portfolio.lifecycle.inception());
    let first = inceptions
        .chain(days.first().copied())
        .chain([target])
        .min();
    let last = days.last().copied().max(Some(target));
    let (first, last) = (first.unwrap_or(target), last.unwrap_or(target));
    match DayRange::new(first.max(known.first()), last.min(known.last())) {
        Ok(range) => Ok(calendar.sessions(range)?.to_vec()),
        Err(_) => Ok(Vec::new()),
    }
}

/// Scan of the ledger, session by session.
struct LedgerScan<'r> {
    reading: &'r ReadTransaction<'r>,
    accumulator: IntervalAccumulator,
    /// Indices into `open` of the invalidations with cells on a day, the latest first.
    by_day: BTreeMap<Day, Vec<usize>>,
    open: &'r [OpenInvalidation],
    portfolio_calendars: &'r PortfolioCalendars,
    invalidated: Vec<IntervalAccumulator>,
    /// Number of cells with a later phase done without its snapshot.
    without_snapshot: u64,
}

impl<'r> LedgerScan<'r> {
    fn new(
        reading: &'r ReadTransaction<'r>,
        open: &'r [OpenInvalidation],
        portfolio_calendars: &'r PortfolioCalendars,
    ) -> Self {
        let mut by_day: BTreeMap<Day, Vec<usize>> = BTreeMap::new();
        for (at, invalidation) in open.iter().enumerate().rev() {
            let days: BTreeSet<Day> = invalidation.cells.keys().map(|(day, _)| *day).collect();
            for day in days {
                by_day.entry(day).or_default().push(at);
            }
        }
        Self {
            reading,
            portfolio_calendars,
            accumulator: IntervalAccumulator::default(),
            by_day,
            open,
            invalidated: open
                .iter()
                .map(|_| IntervalAccumulator::default())
                .collect(),
            without_snapshot: 0,
        }
    }

    /// Adds one session. An invalidated phase that is not done counts as done before, and as removed
    /// by the latest invalidation with that cell.
    fn scan_session(&mut self, at: usize, day: Day) -> Result<(), CaptureError> {
        let mut marks = DayMarks::default();
        for (mark, phase) in marks.iter_mut().zip(Phase::CELL_PHASES) {
            *mark = self.reading.ledger().done(day, phase)?;
        }
        // A session that is none of the portfolio any more is never done again.
        let closed = self.portfolio_calendars.without_session(day);
        for nth in self.by_day.get(&day).map_or(&[][..], Vec::as_slice) {
            let mut removed = DayMarks::default();
            for (bit, phase) in Phase::CELL_PHASES.into_iter().enumerate() {
                if let Some(ids) = self.open[*nth].cells.get(&(day, phase)) {
                    removed[bit] = &(ids - &marks[bit]) - &closed;
                    // An earlier invalidation must not claim the same cell again.
                    marks[bit] |= &removed[bit];
                }
            }
            if removed.iter().any(|ids| !ids.is_empty()) {
                self.invalidated[*nth].add_session(at, removed);
            }
        }
        let [snapshot, later @ .., row] = &mut marks;
        // A world cannot have a later phase without its snapshot.
        let mut without_snapshot = IdSet::new();
        for phase in later {
            without_snapshot |= &*phase - &*snapshot;
            *phase &= &*snapshot;
        }
        self.without_snapshot += without_snapshot.len();
        // The count is cheap; the ids are read only on the few days with orphan rows.
        if self.reading.outputs().snapshot_count(day)? != snapshot.len() {
            *row = self
                .reading
                .outputs()
                .ids_with_output(day, Phase::Snapshot)?
                - &*snapshot;
        }
        self.accumulator.add_session(at, marks);
        Ok(())
    }

    fn finish(
        self,
    ) -> (
        BTreeMap<u32, Vec<Interval>>,
        Vec<CapturedInvalidation>,
        Vec<String>,
    ) {
        let accumulators = self.open.iter().zip(self.invalidated);
        let invalidations = accumulators.map(|(open, accumulator)| CapturedInvalidation {
            cause: open.cause,
            reason: open.reason.clone(),
            cells: accumulator.finish(),
        });
        let invalidations = invalidations
            .filter(|invalidation| !invalidation.cells.is_empty())
            .collect();
        let mut left_out = Vec::new();
        if self.without_snapshot > 0 {
            left_out.push(format!(
                "later phases of {} done without their snapshot",
                count_with_noun(self.without_snapshot, "cell")
            ));
        }
        (self.accumulator.finish(), invalidations, left_out)
    }
}

/// Returns the failure counts of phases that are not done, by portfolio.
fn open_failures(
    reading: &ReadTransaction<'_>,
) -> Result<BTreeMap<u32, FailureCounts>, CaptureError> {
    let mut failed: BTreeMap<u32, FailureCounts> = BTreeMap::new();
    for failure in reading.failures().all()? {
        let (day, id) = (failure.cell.day, failure.cell.portfolio.0);
        if !reading.ledger().done(day, failure.phase)?.contains(id) {
            let counts = failed.entry(id).or_default();
            counts.insert((day, failure.phase), failure.times);
        }
    }
    Ok(failed)
}

/// The days on which cells wait for prices.
#[derive(Default)]
struct WaitingDays {
    /// The days on which a portfolio waits for closes of its own holdings.
    blocked: BTreeMap<u32, BTreeSet<Day>>,
    /// The sessions on which all portfolios wait.
    unpriced: BTreeSet<Day>,
}

/// Returns all days on which cells would wait for prices, whether or not they are done.
fn waiting_days(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<WaitingDays, CaptureError> {
    // Without a filter the survey checks the prices of done cells too.
    let everything = Policy {
        filter: Filter::None,
        ..Policy::default()
    };
    let mut request = Request::new(Scope::AllActive);
    request.policy = everything;
    let surveyed = survey(reading, &request, settings, now)?;
    let mut waiting = WaitingDays::default();
    for (day, cells) in &surveyed.survey.blocked {
        for cell in cells {
            let days = waiting.blocked.entry(cell.portfolio.0).or_default();
            days.insert(*day);
        }
    }
    waiting.unpriced = surveyed.survey.unpriced.keys().copied().collect();
    Ok(waiting)
}

/// Returns the last runs that ended, the oldest first, and the run that has not ended.
fn recent_runs(
    reading: &ReadTransaction<'_>,
    environment: &Environment,
    now: DateTime<Utc>,
) -> Result<(Vec<PastRun>, Option<RunLeftRunning>), CaptureError> {
    let mut rows = reading.runs().latest((MAX_RUNS + SPARE_RUNS) as u32)?;
    rows.retain(|row| !is_world_history(&row.scope));
    let holder = reading.lease().holder()?;
    let left_running = holder.and_then(|holder| {
        let row = rows.iter().find(|row| row.number == holder.number)?;
        let is_gone = environment.liveness(&holder.process) == Liveness::Gone;
        Some(RunLeftRunning {
            started: row.started,
            target: row.target,
            lease: match holder.expires > now && !is_gone {
                true => Lease::Live,
                false => Lease::Expired,
            },
            lease_expires: holder.expires,
        })
    });
    rows.retain(|row| row.state != RunState::Running);
    rows.truncate(MAX_RUNS);
    Ok((rows.into_iter().rev().map(past_run).collect(), left_running))
}

fn past_run(row: RunRow) -> PastRun {
    PastRun {
        started: row.started,
        ended: row.ended.unwrap_or(row.started),
        state: row.state,
        policy: row.policy,
        scope: row.scope,
        target: row.target,
        progress: row.progress,
    }
}
