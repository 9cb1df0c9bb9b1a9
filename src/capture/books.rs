//! A state from a Plimsoll database, read in one transaction: session by session from the
//! ledger, so that the memory it takes does not grow with the cells.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Timelike, Utc};

use super::CaptureError;
use super::intervals::{DayMarks, Interval, IntervalAccumulator};
use super::sources::GivenSources;
use super::state::{CapturedInvalidation, CapturedPortfolio, FailureCounts, Naming, State};
use crate::domain::{Calendar, Day, DayRange, IdSet, Phase, Portfolio, Scope};
use crate::engine::{Settings, WORLD_HISTORY_SCOPE, survey, today};
use crate::environment::{Environment, Liveness};
use crate::plan::{Filter, OpenInvalidation, Policy, Request};
use crate::scenario::world::{Lease, PastRun, RunLeftRunning};
use crate::store::{ReadTransaction, RunRow, RunState, Store};

/// How many of the last runs are told, and how many more are looked at: one may be running, and
/// two may be of the past of a world.
const MAX_RUNS: usize = 10;
const SPARE_RUNS: usize = 3;

/// Captures the state of a database as `environment`'s clock has it.
pub fn capture_books(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    extent: CaptureExtent,
) -> Result<State, CaptureError> {
    let now = environment.clock.now();
    store.read(|reading| read_state(reading, settings, environment, now, extent))
}

/// How much of a database is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureExtent {
    /// Its state, with the cells that wait for prices, without what books are made from.
    State,
    /// What books are made from too, from which it follows what waits.
    WithSources,
}

fn read_state(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    environment: &Environment,
    now: DateTime<Utc>,
    extent: CaptureExtent,
) -> Result<State, CaptureError> {
    let portfolios = reading.portfolios()?;
    let days = reading.stored_days()?;
    let target = today(settings, now)?.last_final;
    let sessions = captured_sessions(&settings.calendar, &portfolios, &days, target)?;
    let open = reading.open_invalidations()?;
    let mut sweep = LedgerScan::new(reading, &open);
    let mut strays: BTreeMap<u32, Vec<Day>> = BTreeMap::new();
    for day in &days {
        match sessions.binary_search(day) {
            Ok(at) => sweep.scan_session(at, *day)?,
            Err(_) => {
                for id in reading.ids_with_output(*day, Phase::Snapshot)? {
                    strays.entry(id).or_default().push(*day);
                }
            }
        }
    }
    let (mut stretches, invalidations, left_out) = sweep.finish();
    let mut failed = open_failures(reading)?;
    let (mut blocked, sources) = match extent {
        CaptureExtent::State => (blocked_days(reading, settings, now)?, None),
        CaptureExtent::WithSources => (BTreeMap::new(), Some(GivenSources::read(reading)?)),
    };
    let captured = portfolios.into_iter().map(|portfolio| {
        let id = portfolio.id.0;
        CapturedPortfolio {
            intervals: stretches.remove(&id).unwrap_or_default(),
            orphan_days: strays.remove(&id).unwrap_or_default(),
            failed: failed.remove(&id).unwrap_or_default(),
            blocked: blocked.remove(&id).unwrap_or_default(),
            portfolio,
        }
    });
    let (runs, left_running) = recent_runs(reading, environment, now)?;
    Ok(State {
        origin: "a Plimsoll database",
        now: now.with_nanosecond(0).unwrap_or(now),
        calendar: settings.calendar.clone(),
        portfolios: captured.collect(),
        sessions,
        invalidations,
        runs,
        left_running,
        sources,
        left_out,
        quarantine_after: settings.quarantine_after,
        naming: Naming::Original,
    })
}

/// The sessions from the first day that anything is known of to the last.
pub(super) fn captured_sessions(
    calendar: &Calendar,
    portfolios: &[Portfolio],
    days: &BTreeSet<Day>,
    target: Day,
) -> Result<Vec<Day>, CaptureError> {
    let known = calendar.known_days();
    let inceptions = portfolios.iter().map(|one| one.lifecycle.inception());
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

/// The ledger, read session by session.
struct LedgerScan<'r> {
    reading: &'r ReadTransaction<'r>,
    accumulator: IntervalAccumulator,
    /// Which invalidations speak of a day, the latest first.
    by_day: BTreeMap<Day, Vec<usize>>,
    open: &'r [OpenInvalidation],
    invalidated: Vec<IntervalAccumulator>,
    /// How many cells have later phases done and not the snapshot that they are made from.
    without_snapshot: u64,
}

impl<'r> LedgerScan<'r> {
    fn new(reading: &'r ReadTransaction<'r>, open: &'r [OpenInvalidation]) -> Self {
        let mut by_day: BTreeMap<Day, Vec<usize>> = BTreeMap::new();
        for (at, invalidation) in open.iter().enumerate().rev() {
            let days: BTreeSet<Day> = invalidation.cells.keys().map(|(day, _)| *day).collect();
            for day in days {
                by_day.entry(day).or_default().push(at);
            }
        }
        Self {
            reading,
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

    /// What is not done of an invalidated cell counts as taken out by the latest invalidation
    /// that speaks of it, and as having been done.
    fn scan_session(&mut self, at: usize, day: Day) -> Result<(), CaptureError> {
        let mut marks = DayMarks::default();
        for (mark, phase) in marks.iter_mut().zip(Phase::CELL_PHASES) {
            *mark = self.reading.done(day, phase)?;
        }
        for nth in self.by_day.get(&day).map_or(&[][..], Vec::as_slice) {
            let mut taken = DayMarks::default();
            for (bit, phase) in Phase::CELL_PHASES.into_iter().enumerate() {
                if let Some(who) = self.open[*nth].cells.get(&(day, phase)) {
                    taken[bit] = who - &marks[bit];
                    marks[bit] |= &taken[bit];
                }
            }
            if taken.iter().any(|who| !who.is_empty()) {
                self.invalidated[*nth].add_session(at, taken);
            }
        }
        let [snapshot, later @ .., row] = &mut marks;
        let mut lame = IdSet::new();
        for phase in later {
            lame |= &*phase - &*snapshot;
            *phase &= &*snapshot;
        }
        self.without_snapshot += lame.len();
        if self.reading.snapshot_count(day)? != snapshot.len() {
            *row = self.reading.ids_with_output(day, Phase::Snapshot)? - &*snapshot;
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
        let folds = self.open.iter().zip(self.invalidated);
        let invalidations = folds.map(|(open, fold)| CapturedInvalidation {
            cause: open.cause,
            reason: open.reason.clone(),
            cells: fold.finish(),
        });
        let invalidations = invalidations.filter(|one| !one.cells.is_empty()).collect();
        let mut left_out = Vec::new();
        if self.without_snapshot > 0 {
            left_out.push(format!(
                "later phases of {} cells, done without the snapshot that they are made from",
                self.without_snapshot
            ));
        }
        (self.accumulator.finish(), invalidations, left_out)
    }
}

/// How often phases failed that are not done, by portfolio.
fn open_failures(
    reading: &ReadTransaction<'_>,
) -> Result<BTreeMap<u32, FailureCounts>, CaptureError> {
    let mut failed: BTreeMap<u32, FailureCounts> = BTreeMap::new();
    for failure in reading.failures()? {
        let (day, id) = (failure.cell.day, failure.cell.portfolio.0);
        if !reading.done(day, failure.phase)?.contains(id) {
            let of = failed.entry(id).or_default();
            of.insert((day, failure.phase), failure.times);
        }
    }
    Ok(failed)
}

/// Every cell that would wait for prices if it were to be done, whether or not it is.
fn blocked_days(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<BTreeMap<u32, BTreeSet<Day>>, CaptureError> {
    let everything = Policy {
        filter: Filter::None,
        ..Policy::default()
    };
    let mut request = Request::new(Scope::AllActive);
    request.policy = everything;
    let surveyed = survey(reading, &request, settings, now)?;
    let mut blocked: BTreeMap<u32, BTreeSet<Day>> = BTreeMap::new();
    for (day, waiting) in &surveyed.survey.blocked {
        for one in waiting {
            blocked.entry(one.portfolio.0).or_default().insert(*day);
        }
    }
    Ok(blocked)
}

/// The last runs that ended, the oldest first, and the one that has not.
fn recent_runs(
    reading: &ReadTransaction<'_>,
    environment: &Environment,
    now: DateTime<Utc>,
) -> Result<(Vec<PastRun>, Option<RunLeftRunning>), CaptureError> {
    let mut rows = reading.runs((MAX_RUNS + SPARE_RUNS) as u32)?;
    rows.retain(|row| row.scope != WORLD_HISTORY_SCOPE);
    let holder = reading.lease_holder()?;
    let left_running = holder.and_then(|holder| {
        let row = rows.iter().find(|row| row.number == holder.number)?;
        let gone = environment.liveness(&holder.process) == Liveness::Gone;
        Some(RunLeftRunning {
            started: row.started,
            target: row.target,
            lease: match holder.expires > now && !gone {
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
