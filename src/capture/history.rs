//! Collects the runs of another program: the last runs that ended, and one that has not ended.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::CaptureError;
use super::map::Map;
use super::rows::Row;
use super::values::{parse_day, parse_instant};
use crate::domain::{Calendar, Day};
use crate::engine::Settings;
use crate::scenario::world::{Lease, PastRun, RunLeftRunning};
use crate::store::{Progress, RunState};

/// Maximum number of runs in a capture.
const MAX_RUNS: usize = 10;

/// The last runs read so far.
pub(super) struct RunHistory<'s> {
    calendar: &'s Calendar,
    map: &'s Map,
    target: Day,
    /// Runs by start in microseconds and row number; the number separates runs that started
    /// together.
    runs: BTreeMap<(i64, u64), PastRun>,
}

impl<'s> RunHistory<'s> {
    pub(super) fn new(settings: &'s Settings, map: &'s Map, target: Day) -> Self {
        Self {
            calendar: &settings.calendar,
            map,
            target,
            runs: BTreeMap::new(),
        }
    }

    /// Adds a run, and drops the oldest one beyond the maximum.
    pub(super) fn add_run(&mut self, row: &Row<'_>) -> Result<(), CaptureError> {
        let started = row.parse_required("started", "an instant", parse_instant)?;
        let ended = row.parse("ended", "an instant", parse_instant)?;
        let expected = "a run state; `[runs.states]` of the map can name other words";
        let state = row.parse("state", expected, |word| self.map.run_state(word))?;
        let target = row.parse("target", "a day", parse_day)?;
        let last_final = || self.calendar.last_final(started, TimeDelta::zero());
        let count = |key| row.parse(key, "a count", |text| text.parse::<u64>().ok());
        let run = PastRun {
            started,
            ended: ended.unwrap_or(started),
            state: state.unwrap_or(match ended {
                Some(_) => RunState::Complete,
                None => RunState::Running,
            }),
            policy: row.text("policy").unwrap_or("unknown").to_owned(),
            scope: "all active".to_owned(),
            target: target.or_else(|| last_final().ok()).unwrap_or(self.target),
            progress: Progress {
                planned: count("planned")?.unwrap_or(0),
                done: count("done")?.unwrap_or(0),
                failed: count("failed")?.unwrap_or(0),
                ..Progress::default()
            },
        };
        self.runs
            .insert((started.timestamp_micros(), row.number), run);
        if self.runs.len() > MAX_RUNS {
            self.runs.pop_first();
        }
        Ok(())
    }

    /// Returns the newest start or end of a run.
    pub(super) fn newest_instant(&self) -> Option<DateTime<Utc>> {
        let runs = self.runs.values();
        runs.map(|run| run.started.max(run.ended)).max()
    }

    /// Returns the runs that ended, the oldest first, and the newest run if it has not ended. An
    /// older run without an end counts as abandoned.
    pub(super) fn finish(self) -> (Vec<PastRun>, Option<RunLeftRunning>) {
        let mut runs: Vec<_> = self.runs.into_values().collect();
        let last = runs.pop_if(|run| run.state == RunState::Running);
        for run in runs.iter_mut().filter(|run| run.state == RunState::Running) {
            run.state = RunState::Abandoned;
        }
        let left_running = last.map(|run| RunLeftRunning {
            started: run.started,
            target: run.target,
            lease: Lease::Expired,
            lease_expires: run.started,
        });
        (runs, left_running)
    }
}
