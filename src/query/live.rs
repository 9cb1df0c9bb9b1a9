//! Finds the active run, in this process or another one, and the lease that is stored.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::QueryError;
use crate::domain::RunId;
use crate::environment::Environment;
use crate::store::{LeaseHolder, ReadTransaction, RunRow, RunState, Store};

/// An active run with its progress and lease.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LiveRun {
    /// The row of the run, with the progress of its last commit.
    #[serde(flatten)]
    pub row: RunRow,
    /// Share of the planned cells that are done or failed, 0 to 100; 0 until a plan is made.
    pub percent: f64,
    /// Cells that were done or failed a second of wall-clock time, from the start of the run to its
    /// last commit; unknown before the first one.
    pub cells_per_second: Option<f64>,
    /// Seconds that the other planned cells take at this rate, from the last commit on.
    pub seconds_left: Option<f64>,
    /// The lease that the run holds.
    pub lease: LeaseView,
}

/// Returns the active run. A run that is stored as running is not active if its lease has expired
/// or its process is gone.
///
/// # Errors
///
/// Where the store cannot be read.
pub fn live_run(store: &Store, environment: &Environment) -> Result<Option<LiveRun>, QueryError> {
    store.read(|reading| {
        let holder = reading.lease().holder()?;
        let Some(holder) = holder.filter(|holder| holder.is_live(environment)) else {
            return Ok(None);
        };
        let running = reading.runs().in_state(RunState::Running)?;
        let row = running.into_iter().find(|row| row.key == holder.run);
        Ok(row.map(|row| {
            let rate = cells_per_second(&row, &holder);
            let left = row.progress.planned.saturating_sub(tried(&row));
            LiveRun {
                percent: percent(&row),
                cells_per_second: rate,
                seconds_left: rate.map(|rate| left as f64 / rate),
                row,
                lease: LeaseView::of(&holder, environment),
            }
        }))
    })
}

fn percent(row: &RunRow) -> f64 {
    let progress = &row.progress;
    match progress.planned {
        0 => 0.0,
        planned => tried(row) as f64 * 100.0 / planned as f64,
    }
}

/// Number of cells that are done or failed.
const fn tried(row: &RunRow) -> u64 {
    row.progress.done + row.progress.failed
}

/// Cells a second up to the last commit, which renews the lease. The current time would let the rate
/// sink between commits, and the start in the run's row is a time of the books, which `--now` sets.
fn cells_per_second(row: &RunRow, holder: &LeaseHolder) -> Option<f64> {
    let seconds = (holder.renewed - holder.acquired?).as_seconds_f64();
    (tried(row) > 0 && seconds > 0.0).then(|| tried(row) as f64 / seconds)
}

/// The stored lease and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LeaseView {
    /// The run that holds the lease.
    pub run: RunId,
    /// Description of the process, such as `process 4711 on host books`.
    pub owner: String,
    /// The time of the last renewal.
    pub renewed: DateTime<Utc>,
    /// The time at which the lease expires.
    pub expires: DateTime<Utc>,
    /// The state at the time of the query.
    pub state: LeaseState,
}

/// The state of a lease. A live one excludes other runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseState {
    /// The run is active.
    Live,
    /// The lease has expired, or its process is gone. The next run takes it over.
    LeftBehind,
}

/// Returns the stored lease, if there is one.
pub(super) fn lease(
    reading: &ReadTransaction<'_>,
    environment: &Environment,
) -> Result<Option<LeaseView>, QueryError> {
    let holder = reading.lease().holder()?;
    Ok(holder.map(|holder| LeaseView::of(&holder, environment)))
}

impl LeaseView {
    fn of(holder: &LeaseHolder, environment: &Environment) -> Self {
        Self {
            run: holder.run,
            owner: holder.to_string(),
            renewed: holder.renewed,
            expires: holder.expires,
            state: if holder.is_live(environment) {
                LeaseState::Live
            } else {
                LeaseState::LeftBehind
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::environment::Clock;
    use crate::store::{NewRun, Progress, StoreError};

    #[test]
    fn the_rate_is_measured_on_the_wall_clock() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path().join("books.db")).unwrap();
        let books = "2026-01-08T23:00:00Z".parse().unwrap();
        let environment = Environment {
            // As `--now` sets it.
            clock: Clock::fixed(books),
            ..Environment::fixed("2026-03-01T12:00:00Z".parse().unwrap(), 1)
        };
        let length = TimeDelta::minutes(3);
        let start = NewRun {
            key: RunId::new(environment.ids.next()),
            started: environment.clock.now(),
            policy: "per-cell".to_owned(),
            scope: "all active".to_owned(),
            target: "2026-01-08".parse().unwrap(),
            plan: String::new(),
            progress: Progress::default(),
        };
        let progress = Progress {
            planned: 400,
            done: 95,
            failed: 5,
            ..Progress::default()
        };
        let mut writer = store.writer().unwrap();
        let written = writer.write(|writing| {
            let run = writing.runs().start(&start)?;
            let lease = writing.lease().acquire(run, &environment, length)?;
            environment.wall_clock.advance(TimeDelta::seconds(10));
            writing.lease().renew(&lease, &environment, length)?;
            writing.runs().update_progress(run, &progress)
        });
        written.map_err(|error: StoreError| error).unwrap();
        drop(writer);
        let live = live_run(&store, &environment).unwrap().unwrap();
        assert_eq!(live.cells_per_second, Some(10.0));
        assert_eq!(live.seconds_left, Some(30.0));
    }
}
