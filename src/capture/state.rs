//! The captured state, independent of its source and of the format in which it is written.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::CaptureError;
use super::intervals::Interval;
use super::sources::GivenSources;
use crate::domain::{Calendar, Day, DayRange, Phase, Portfolio};
use crate::plan::InvalidationCause;
use crate::scenario::world::{PastRun, RunLeftRunning};

/// A captured state. Read it with one of the `capture_*` functions, and write it with
/// [`State::to_world_toml`].
#[derive(Debug)]
pub struct State {
    /// The kind of source, without a name, path or amount.
    pub(super) origin: &'static str,
    pub(super) now: DateTime<Utc>,
    pub(super) calendar: Calendar,
    /// The captured sessions, ascending; intervals are indices into this list.
    pub(super) sessions: Vec<Day>,
    pub(super) portfolios: Vec<CapturedPortfolio>,
    /// Open invalidations, the oldest first.
    pub(super) invalidations: Vec<CapturedInvalidation>,
    /// The last runs that ended, the oldest first.
    pub(super) runs: Vec<PastRun>,
    /// The run that has not ended, if any.
    pub(super) left_running: Option<RunLeftRunning>,
    /// The sources; `None` if they are not captured.
    pub(super) sources: Option<GivenSources>,
    /// Descriptions of what a world cannot represent.
    pub(super) left_out: Vec<String>,
    /// Number of failures after which a phase is quarantined.
    pub(super) quarantine_after: u32,
    pub(super) naming: Naming,
}

/// Origin of the names and texts of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// Names and texts as they were read.
    Original,
    /// Pseudonyms instead of names, ids and free text.
    Scrubbed,
}

/// Number of failures of a portfolio's phases, by session and phase.
pub(super) type FailureCounts = BTreeMap<(Day, Phase), u32>;

/// A portfolio and the state of its cells.
#[derive(Debug)]
pub(super) struct CapturedPortfolio {
    pub(super) portfolio: Portfolio,
    /// Phases that are done, or were done before an open invalidation, and orphan rows.
    pub(super) intervals: Vec<Interval>,
    /// Days with a snapshot row that are not sessions.
    pub(super) orphan_days: Vec<Day>,
    /// Failure counts of phases that are not done.
    pub(super) failed: FailureCounts,
    /// Sessions whose cells wait for prices.
    pub(super) blocked: BTreeSet<Day>,
}

/// An open invalidation, with those of its cells that are not done again.
#[derive(Debug)]
pub(super) struct CapturedInvalidation {
    pub(super) cause: InvalidationCause,
    pub(super) reason: String,
    /// Intervals of invalidated sessions and phases, by portfolio.
    pub(super) cells: BTreeMap<u32, Vec<Interval>>,
}

impl State {
    /// Returns the last session that has closed by the clock. A world's prices end there by default.
    pub(super) fn last_closed(&self) -> Result<Day, CaptureError> {
        Ok(self.calendar.last_final(self.now, TimeDelta::zero())?)
    }

    /// Returns the last session with any data, or the last closed session if that is later.
    pub(super) fn last_known_session(&self) -> Result<Day, CaptureError> {
        let known = self.portfolios.iter().filter_map(|portfolio| {
            let last = portfolio.intervals.last();
            let marked = last.map(|interval| self.sessions[interval.last]);
            let failed = portfolio.failed.keys().map(|(day, _)| *day).max();
            marked.max(failed).max(portfolio.blocked.last().copied())
        });
        Ok(known
            .max()
            .max(Some(self.last_closed()?))
            .expect("at least the last closed session is known"))
    }

    /// Returns the first and last index of the sessions in a portfolio's lifetime, up to `last`;
    /// `None` if there are none.
    pub(super) fn lifetime(&self, portfolio: &Portfolio, last: Day) -> Option<(usize, usize)> {
        let lifecycle = portfolio.lifecycle;
        let closing_day = lifecycle.closing_day();
        let last = closing_day.map_or(last, |closed| closed.min(last));
        let days = DayRange::new(lifecycle.inception(), last).ok()?;
        let first = self.sessions.partition_point(|day| *day < days.first());
        let end = self.sessions.partition_point(|day| *day <= days.last());
        (first < end).then(|| (first, end - 1))
    }
}
