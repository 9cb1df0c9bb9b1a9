//! Defines the captured state, independent of its source and of the format in which it is written.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::error::CaptureError;
use super::intervals::Interval;
use super::sources::GivenSources;
use crate::domain::calendar::Definition;
use crate::domain::{
    Calendar, Day, DayRange, InvalidationCause, Phase, Portfolio, PortfolioCalendars,
    PriceAcceptance,
};
use crate::scenario::world::{PastRun, RunLeftRunning};

/// A captured state. Read it with one of the `capture_*` functions, and write it with
/// [`State::to_world_toml`].
#[derive(Debug)]
pub struct State {
    /// The kind of source in words. Must not have a name, path or amount, which a scrub would miss.
    pub(super) origin: &'static str,
    pub(super) now: DateTime<Utc>,
    /// Time from the close of a session until it is due.
    pub(super) grace: TimeDelta,
    pub(super) calendar: Calendar,
    /// The calendars that portfolios name.
    pub(super) portfolio_calendars: PortfolioCalendars,
    /// The calendars of the user's own, as they are defined.
    pub(super) own_calendars: Vec<Definition>,
    /// The captured sessions, ascending; intervals are indices into this list.
    pub(super) sessions: Vec<Day>,
    pub(super) portfolios: Vec<CapturedPortfolio>,
    /// Open invalidations (some of their cells are not done again), oldest first.
    pub(super) invalidations: Vec<CapturedInvalidation>,
    /// The latest runs that ended, oldest first.
    pub(super) runs: Vec<PastRun>,
    /// The run that has not ended, if any.
    pub(super) left_running: Option<RunLeftRunning>,
    /// The unpriced sessions, on which all cells wait.
    pub(super) unpriced: BTreeSet<Day>,
    /// The decisions in force to do unpriced sessions with the prices there are, oldest first.
    pub(super) accepted_prices: Vec<PriceAcceptance>,
    /// Transactions, prices and other sources; `None` if they are not captured.
    pub(super) sources: Option<GivenSources>,
    /// Descriptions of the captured data that a world cannot represent.
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

/// The number of failures of a portfolio, by session and phase.
pub(super) type FailureCounts = BTreeMap<(Day, Phase), u32>;

/// A portfolio and the state of its cells.
#[derive(Debug)]
pub(super) struct CapturedPortfolio {
    pub(super) portfolio: Portfolio,
    /// Intervals of equal marks, ascending. Phases are marked if they are done or were done before
    /// an open invalidation; orphan rows (snapshot rows that the ledger does not cover) are marked
    /// too.
    pub(super) intervals: Vec<Interval>,
    /// Days with a snapshot row that are not sessions.
    pub(super) orphan_days: Vec<Day>,
    /// Failure counts of phases that are not done.
    pub(super) failed: FailureCounts,
    /// Sessions on which the portfolio's cell is blocked.
    pub(super) blocked: BTreeSet<Day>,
}

/// An open invalidation, with the cells that it removed and that are not done again.
#[derive(Debug)]
pub(super) struct CapturedInvalidation {
    pub(super) cause: InvalidationCause,
    pub(super) reason: String,
    /// Intervals of invalidated sessions and phases, by portfolio.
    pub(super) cells: BTreeMap<u32, Vec<Interval>>,
}

impl State {
    /// Returns the last session that had closed at `now`. A world's prices end there by default.
    pub(super) fn last_closed(&self) -> Result<Day, CaptureError> {
        Ok(self.calendar.last_final(self.now, TimeDelta::zero())?)
    }

    /// Returns the last session with a mark, a failure or a blocked cell, or the last closed
    /// session if that is later.
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

    /// Returns whether a captured session, by its index, is one of a portfolio's own.
    pub(super) fn is_session_of(&self, portfolio: &Portfolio, at: usize) -> bool {
        self.portfolio_calendars
            .has_session(portfolio.id, self.sessions[at])
    }

    /// Returns the indices of the first and last session from a portfolio's inception to its
    /// closing, up to `last`; `None` if there are no such sessions.
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
