//! The days that expectations can be about: the sessions between the earliest inception and the
//! latest day of the clock.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::error::ExpectationError;
use super::model::{FileImport, Run};
use super::resolver::Resolver;
use crate::domain::{Calendar, Day, DayRange};
use crate::import::apply::FileKind;
use crate::scenario::world::WorldPortfolio;
use crate::scenario::world::values::Span;

/// The days around those of the scenario that expectations may be about, to say that a run does
/// nothing there. Less than a month, so that a mistyped month or year is refused.
const MARGIN_DAYS: i32 = 7;

/// The days on which a scenario can have cells, as far as its steps have been read.
pub(super) struct CellDays {
    /// The calendars so far, that of the world first. A day that is a session of any of them can
    /// have cells.
    calendars: Vec<Calendar>,
    /// The earliest inception; the latest day below if there is no portfolio.
    first: Day,
    /// The inception of each portfolio; none once a file may have changed them.
    inceptions: Option<BTreeMap<String, Day>>,
    /// The latest day that the clock has reached, or that a run names as its target.
    last: Day,
    clock: DateTime<Utc>,
}

impl CellDays {
    pub(super) fn at_start(resolver: Resolver<'_>) -> Self {
        let world = resolver.world;
        let last = world.calendar.today(world.now);
        let portfolios = world.portfolios.iter().chain(&world.added_later);
        let inceptions = portfolios.map(|WorldPortfolio { portfolio, .. }| {
            (portfolio.name.clone(), portfolio.lifecycle.inception())
        });
        let inceptions: BTreeMap<_, _> = inceptions.collect();
        Self {
            calendars: vec![world.calendar.clone()],
            first: inceptions.values().min().copied().unwrap_or(last),
            inceptions: Some(inceptions),
            last,
            clock: world.now,
        }
    }

    /// Follows a step that sets the clock.
    pub(super) fn set_clock(&mut self, clock: DateTime<Utc>) {
        self.clock = clock;
        let today = self.calendars[0].today(clock);
        self.last = self.last.max(today);
    }

    /// Follows a step that moves the clock.
    pub(super) fn advance_clock(&mut self, by: TimeDelta) {
        self.set_clock(self.clock.checked_add_signed(by).unwrap_or(self.clock));
    }

    pub(super) fn add_calendar(&mut self, calendar: &Calendar) {
        self.calendars.push(calendar.clone());
    }

    /// Follows a step that imports a file.
    pub(super) fn add_import(&mut self, file: &FileImport) {
        if file.kind == FileKind::Portfolios {
            self.inceptions = None;
        }
    }

    pub(super) fn add_run(&mut self, run: &Run) {
        self.last = run.target.map_or(self.last, |day| self.last.max(day));
    }

    /// Refuses a day that is no session, or far from all cells: an expectation of it would hold
    /// whatever happens.
    pub(super) fn check(&self, day: Day) -> Result<(), ExpectationError> {
        self.check_distance(day)?;
        self.check_session(day)
    }

    /// Refuses a day after the last of the scenario as well, and one before the inception of the
    /// portfolio, or of all: no cell of it is expected, so that its state would hold whatever happens.
    pub(super) fn check_expected(
        &self,
        day: Day,
        key: &'static str,
        portfolio: Option<&str>,
    ) -> Result<(), ExpectationError> {
        self.check(day)?;
        if day > self.last {
            return Err(ExpectationError::NotDue {
                key,
                day,
                last: self.last,
            });
        }
        let known = self.inceptions.as_ref();
        let inception = known.and_then(|known| match portfolio {
            Some(name) => known.get(name),
            None => known.values().min(),
        });
        match inception {
            Some(inception) if day < *inception => Err(ExpectationError::BeforeInception {
                key,
                day,
                portfolio: portfolio.map(str::to_owned),
                inception: *inception,
            }),
            _ => Ok(()),
        }
    }

    /// Refuses a day that is far from all cells.
    fn check_distance(&self, day: Day) -> Result<(), ExpectationError> {
        let within = day.max(self.first).min(self.last);
        if within.number().abs_diff(day.number()) > MARGIN_DAYS as u32 {
            return Err(ExpectationError::OutsideDays {
                day,
                first: self.first,
                last: self.last,
                nearest: self.nearest_session(within),
            });
        }
        Ok(())
    }

    pub(super) fn check_session(&self, day: Day) -> Result<(), ExpectationError> {
        let mut calendars = self.calendars.iter();
        if calendars.any(|calendar| calendar.is_session(day) == Ok(true)) {
            return Ok(());
        }
        Err(ExpectationError::NoSession {
            day,
            calendar: self.calendars[0].name().to_owned(),
            nearest: self.nearest_session(day),
        })
    }

    /// Returns the sessions of a span: of a single day that day, which must be a session; of others
    /// all sessions. An open end is that of the scenario. A session outside the days of the scenario
    /// is refused, since nothing is compared on it.
    pub(super) fn sessions(&self, span: Span) -> Result<Vec<Day>, ExpectationError> {
        if let Some(day) = span.single() {
            self.check(day)?;
            return Ok(vec![day]);
        }
        for day in span.endpoints() {
            self.check_distance(day)?;
        }
        let none = || ExpectationError::NoSessions(span);
        let (first, last) = span.ends_or(self.first, self.last);
        let days = DayRange::new(first, last).map_err(|_| none())?;
        let known = self.calendars.iter();
        let sessions = known.filter_map(|calendar| calendar.sessions(days).ok());
        let sessions: BTreeSet<Day> = sessions.flat_map(|days| days.to_vec()).collect();
        let mut outside = sessions.iter().copied();
        if let Some(day) = outside.find(|day| *day < self.first || *day > self.last) {
            return Err(ExpectationError::SpanOutsideDays {
                span,
                day,
                first: self.first,
                last: self.last,
            });
        }
        match sessions.is_empty() {
            true => Err(none()),
            false => Ok(sessions.into_iter().collect()),
        }
    }

    /// Returns the session nearest to a day, the earlier one of two.
    fn nearest_session(&self, day: Day) -> Option<Day> {
        let calendar = self.calendars.last()?;
        let before = calendar.on_or_before(day).ok().flatten();
        let after = calendar.on_or_after(day).ok().flatten();
        let distance = |session: &Day| session.number().abs_diff(day.number());
        before.into_iter().chain(after).min_by_key(distance)
    }
}
