//! What was captured: one value, whatever it was read from. What a world says of it is the
//! writer's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::CaptureError;
use super::intervals::Interval;
use super::sources::GivenSources;
use crate::domain::{Calendar, Day, DayRange, Phase, Portfolio};
use crate::plan::InvalidationCause;
use crate::scenario::world::{PastRun, RunLeftRunning};

/// A state that was captured.
#[derive(Debug)]
pub struct State {
    /// Where it was read from, in words without a name, path or amount.
    pub(super) origin: &'static str,
    /// What the clock said.
    pub(super) now: DateTime<Utc>,
    /// The trading days.
    pub(super) calendar: Calendar,
    /// The sessions that indices speak of, ascending.
    pub(super) sessions: Vec<Day>,
    /// The portfolios, in the order of their ids.
    pub(super) portfolios: Vec<CapturedPortfolio>,
    /// What was taken out of the ledger and is not done again, one after the other.
    pub(super) invalidations: Vec<CapturedInvalidation>,
    /// How the last runs ended, the oldest first.
    pub(super) runs: Vec<PastRun>,
    /// A run that has not ended.
    pub(super) left_running: Option<RunLeftRunning>,
    /// What its books are made from, where that was asked for.
    pub(super) sources: Option<GivenSources>,
    /// What can't be said in a world, in words for people.
    pub(super) left_out: Vec<String>,
    /// From how many failures on a phase is left alone.
    pub(super) quarantine_after: u32,
    /// Whose words it is in.
    pub(super) naming: Naming,
}

/// Whose words a state is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// As they were read.
    Original,
    /// Pseudonyms instead of names, ids and free text.
    Scrubbed,
}

/// How often phases of a portfolio's cells failed.
pub(super) type FailureCounts = BTreeMap<(Day, Phase), u32>;

/// A portfolio, and what there is of its cells.
#[derive(Debug)]
pub(super) struct CapturedPortfolio {
    pub(super) portfolio: Portfolio,
    /// Phases that are done, or were before they were taken out of the ledger, and rows of books.
    pub(super) intervals: Vec<Interval>,
    /// Days that are no sessions, of which rows of books stand.
    pub(super) orphan_days: Vec<Day>,
    /// How often phases failed that are not done.
    pub(super) failed: FailureCounts,
    /// Sessions that wait for prices.
    pub(super) blocked: BTreeSet<Day>,
}

/// What was taken out of the ledger for one reason and is not done again.
#[derive(Debug)]
pub(super) struct CapturedInvalidation {
    pub(super) cause: InvalidationCause,
    pub(super) reason: String,
    /// Sessions and phases, by portfolio.
    pub(super) cells: BTreeMap<u32, Vec<Interval>>,
}

impl State {
    /// The last session that has closed by the clock, which is the last that a world knows
    /// unless it says otherwise.
    pub(super) fn last_closed(&self) -> Result<Day, CaptureError> {
        Ok(self.calendar.last_final(self.now, TimeDelta::zero())?)
    }

    /// The last session of which anything is known, or the last that has closed where that is
    /// later.
    pub(super) fn last_known_session(&self) -> Result<Day, CaptureError> {
        let known = self.portfolios.iter().filter_map(|one| {
            let marked = one.intervals.last().map(|last| self.sessions[last.last]);
            let failed = one.failed.keys().map(|(day, _)| *day).max();
            marked.max(failed).max(one.blocked.last().copied())
        });
        Ok(known
            .max()
            .max(Some(self.last_closed()?))
            .expect("a session has closed"))
    }

    /// The indices of the sessions on which a portfolio lives, up to `last`; nothing where it has
    /// none.
    pub(super) fn lifetime(&self, portfolio: &Portfolio, last: Day) -> Option<(usize, usize)> {
        let life = portfolio.lifecycle;
        let last = life.closing_day().map_or(last, |closed| closed.min(last));
        let days = DayRange::new(life.inception(), last).ok()?;
        let first = self.sessions.partition_point(|day| *day < days.first());
        let end = self.sessions.partition_point(|day| *day <= days.last());
        (first < end).then(|| (first, end - 1))
    }
}
