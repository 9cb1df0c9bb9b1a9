//! Moves all days of a state. Sessions move to sessions, and the number of sessions between any two
//! stays the same; times keep their time of day.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};

use super::error::CaptureError;
use super::state::{CapturedPortfolio, State};
use crate::domain::calendar::BuiltIn;
use crate::domain::{Calendar, Day, DayRange, PortfolioCalendars};

/// A time of day at which the day's session has closed and the next has not begun.
const LATE_EVENING: NaiveTime = NaiveTime::from_hms_opt(23, 30, 0).expect("23:30 is a time of day");

impl State {
    /// Returns the state moved by `days` days, rounded to whole sessions: the last closed session
    /// moves by `days`, or to the session before that day. Negative `days` move back. The new
    /// calendar has no amendments, since they would reveal the original days.
    ///
    /// # Errors
    ///
    /// Fails if a day of the state, before or after the shift, is unknown to the calendar.
    pub fn shifted(mut self, days: i32) -> Result<Self, CaptureError> {
        let shift = Shift::new(&self, days)?;
        self.now = shift.shift_now(&self)?;
        let mut left_out = 0;
        for portfolio in &mut self.portfolios {
            shift.shift_portfolio(portfolio)?;
            left_out += shift.shift_orphan_days(portfolio)?;
            let failed = std::mem::take(&mut portfolio.failed).into_iter();
            portfolio.failed = failed
                .map(|((day, phase), times)| Ok(((shift.shift_session(day)?, phase), times)))
                .collect::<Result<BTreeMap<_, _>, CaptureError>>()?;
            let blocked = portfolio.blocked.iter();
            let blocked = blocked.map(|day| shift.shift_session(*day));
            portfolio.blocked = blocked.collect::<Result<_, _>>()?;
        }
        for run in &mut self.runs {
            (run.started, run.ended) = (
                shift.shift_instant(run.started)?,
                shift.shift_instant(run.ended)?,
            );
            run.target = shift.shift_session(run.target)?;
        }
        if let Some(run) = &mut self.left_running {
            run.started = shift.shift_instant(run.started)?;
            run.target = shift.shift_session(run.target)?;
        }
        let unpriced = self.unpriced.iter().map(|day| shift.shift_session(*day));
        self.unpriced = unpriced.collect::<Result<_, _>>()?;
        for accepted in &mut self.accepted_prices {
            let days = [accepted.days.first(), accepted.days.last()];
            let [first, last] = days.map(|day| shift.shift_day(day));
            accepted.days = DayRange::new(first?, last?).unwrap_or(accepted.days);
        }
        let mut portfolio_calendars = 0;
        for captured in &mut self.portfolios {
            portfolio_calendars += usize::from(captured.portfolio.calendar.take().is_some());
        }
        self.portfolio_calendars = PortfolioCalendars::default();
        self.own_calendars.clear();
        if portfolio_calendars > 0 {
            self.left_out.push(format!(
                "the calendars of {portfolio_calendars} portfolios, whose holidays cannot be shifted"
            ));
        }
        let sessions = self.sessions.iter().map(|day| shift.shift_session(*day));
        self.sessions = sessions.collect::<Result<_, _>>()?;
        self.calendar = shift.to;
        if left_out > 0 {
            self.left_out.push(format!(
                "{left_out} rows on non-session days without a counterpart after the shift"
            ));
        }
        Ok(self)
    }
}

/// Returns the built-in calendar nearest to `own`: the one with its name, else the first with its
/// time zone, else `weekdays`.
fn base_calendar(own: &Calendar) -> Calendar {
    let mut bases = BuiltIn::all().map(BuiltIn::calendar);
    BuiltIn::from_name(own.name())
        .map(BuiltIn::calendar)
        .or_else(|| bases.find(|base| base.zone() == own.zone()))
        .unwrap_or_else(Calendar::weekdays)
}

/// Mapping from the sessions of one calendar to those of another.
struct Shift {
    from: Calendar,
    to: Calendar,
    /// The last closed session in `from`, and the session in `to` that it maps to.
    anchor: (Day, Day),
}

impl Shift {
    fn new(state: &State, days: i32) -> Result<Self, CaptureError> {
        let to = base_calendar(&state.calendar);
        let last = state.last_closed()?;
        let shifted = to.on_or_before(last.saturating_add(days))?;
        Ok(Self {
            from: state.calendar.clone(),
            anchor: (last, shifted.unwrap_or(to.known_days().first())),
            to,
        })
    }

    /// Maps a session. A day that is not a session maps like the session before it.
    fn shift_session(&self, day: Day) -> Result<Day, CaptureError> {
        let (last, shifted_last) = self.anchor;
        let known = self.to.known_days();
        let ends = [day, last].map(|day| self.from.on_or_before(day));
        let [day, last] = [
            ends[0].clone()?.unwrap_or(day),
            ends[1].clone()?.unwrap_or(last),
        ];
        let out_of_range = || CaptureError::Shift { day };
        match day <= last {
            true => {
                let back = self.from.distance(day, last)?;
                let range =
                    DayRange::new(known.first(), shifted_last).map_err(|_| out_of_range())?;
                let sessions = self.to.sessions(range)?;
                let at = (sessions.len().checked_sub(back + 1)).ok_or_else(out_of_range)?;
                Ok(sessions[at])
            }
            false => {
                let forward = self.from.distance(last, day)?;
                let range =
                    DayRange::new(shifted_last, known.last()).map_err(|_| out_of_range())?;
                self.to
                    .sessions(range)?
                    .get(forward)
                    .copied()
                    .ok_or_else(out_of_range)
            }
        }
    }

    /// Moves a lifecycle to begin and end on the sessions that its first and last session map to.
    fn shift_portfolio(&self, captured: &mut CapturedPortfolio) -> Result<(), CaptureError> {
        let lifecycle = captured.portfolio.lifecycle;
        let first = self.from.on_or_after(lifecycle.inception())?;
        let inception = self.shift_session(first.unwrap_or(lifecycle.inception()))?;
        let closed = lifecycle
            .closing_day()
            .map(|day| self.shift_session(day))
            .transpose()?;
        let deleted = lifecycle
            .deleted_at()
            .map(|at| self.shift_instant(at))
            .transpose()?;
        let shifted = crate::domain::Lifecycle::new(inception);
        // `max`, since a lifecycle without a session would end before it begins.
        let shifted = shifted.with_closing_day(closed.map(|day| day.max(inception)));
        captured.portfolio.lifecycle = shifted.unwrap_or(lifecycle).with_deleted_at(deleted);
        Ok(())
    }

    /// Moves days that are not sessions, each as many days after its previous session as before.
    /// Drops those that land on a session or on each other, and returns their number.
    fn shift_orphan_days(&self, captured: &mut CapturedPortfolio) -> Result<usize, CaptureError> {
        let mut shifted = Vec::new();
        for day in &captured.orphan_days {
            let shifted_day = self.shift_day(*day)?;
            if !self.to.is_session(shifted_day)? && !shifted.contains(&shifted_day) {
                shifted.push(shifted_day);
            }
        }
        let left_out = captured.orphan_days.len() - shifted.len();
        captured.orphan_days = shifted;
        Ok(left_out)
    }

    /// Moves a day, keeping the number of days since the previous session.
    fn shift_day(&self, day: Day) -> Result<Day, CaptureError> {
        let before = self.from.on_or_before(day)?.unwrap_or(day);
        Ok(self
            .shift_session(before)?
            .saturating_add(day.number() - before.number()))
    }

    fn shift_instant(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, CaptureError> {
        let local = at.with_timezone(&self.from.zone());
        self.local_instant(self.shift_day(self.from.today(at))?, local.time())
    }

    fn local_instant(&self, day: Day, time: NaiveTime) -> Result<DateTime<Utc>, CaptureError> {
        let local = day.to_date().and_time(time);
        let instant = self.to.zone().from_local_datetime(&local).earliest();
        // The local time does not exist if the clocks skip it for daylight saving on that day.
        let one_hour_later = || {
            (self.to.zone())
                .from_local_datetime(&(local + TimeDelta::hours(1)))
                .earliest()
        };
        let instant = (instant.or_else(one_hour_later)).ok_or(CaptureError::Shift { day })?;
        Ok(instant.to_utc())
    }

    /// Moves the clock to the same time of day. If another session than the mapped one would be the
    /// last closed session then, moves it to late on the mapped session.
    fn shift_now(&self, state: &State) -> Result<DateTime<Utc>, CaptureError> {
        let (_, shifted_last) = self.anchor;
        let shifted = self.shift_instant(state.now)?;
        match self.to.last_final(shifted, TimeDelta::zero())? == shifted_last {
            true => Ok(shifted),
            false => self.local_instant(shifted_last, LATE_EVENING),
        }
    }
}
