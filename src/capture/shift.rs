//! Another time for the same state. Days move by whole sessions, so that every session stays one
//! and as many lie between any two; a clock keeps its time of day.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};

use super::CaptureError;
use super::state::{CapturedPortfolio, State};
use super::write::base_calendar;
use crate::domain::{Calendar, Day, DayRange};

/// When it is late enough for a session to have closed, and the next not to have begun.
const LATE_EVENING: NaiveTime = NaiveTime::from_hms_opt(23, 30, 0).expect("23:30 is a time of day");

impl State {
    /// The same state, moved by as many sessions as lie in so many days from its last closed
    /// session on; forward, or back where they are negative. The calendar is as it is without
    /// amendments, since those would tell the days.
    pub fn shifted(mut self, days: i32) -> Result<Self, CaptureError> {
        let shift = Shift::new(&self, days)?;
        self.now = shift.shift_now(&self)?;
        let mut left_out = 0;
        for one in &mut self.portfolios {
            shift.shift_portfolio(one)?;
            left_out += shift.shift_orphan_days(one)?;
            let failed = std::mem::take(&mut one.failed).into_iter();
            one.failed = failed
                .map(|((day, phase), times)| Ok(((shift.shift_session(day)?, phase), times)))
                .collect::<Result<BTreeMap<_, _>, CaptureError>>()?;
            let blocked = one.blocked.iter().map(|day| shift.shift_session(*day));
            one.blocked = blocked.collect::<Result<_, _>>()?;
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
        let sessions = self.sessions.iter().map(|day| shift.shift_session(*day));
        self.sessions = sessions.collect::<Result<_, _>>()?;
        self.calendar = shift.to;
        if left_out > 0 {
            let what = format!("{left_out} rows of days that are no sessions, which have no place");
            self.left_out.push(what);
        }
        Ok(self)
    }
}

/// From the sessions of one calendar to those of another.
struct Shift {
    from: Calendar,
    to: Calendar,
    /// The last closed session there, and here.
    anchor: (Day, Day),
}

impl Shift {
    fn new(state: &State, days: i32) -> Result<Self, CaptureError> {
        let (_, to) = base_calendar(&state.calendar);
        let last = state.last_closed()?;
        let there = to.on_or_before(last.saturating_add(days))?;
        Ok(Self {
            from: state.calendar.clone(),
            anchor: (last, there.unwrap_or(to.known_days().first())),
            to,
        })
    }

    /// A session, moved. A day that is none goes where the session before it goes.
    fn shift_session(&self, day: Day) -> Result<Day, CaptureError> {
        let (last, there) = self.anchor;
        let known = self.to.known_days();
        let ends = [day, last].map(|day| self.from.on_or_before(day));
        let [day, last] = [
            ends[0].clone()?.unwrap_or(day),
            ends[1].clone()?.unwrap_or(last),
        ];
        let beyond = || CaptureError::Shift { day };
        match day <= last {
            true => {
                let back = self.from.distance(day, last)?;
                let range = DayRange::new(known.first(), there).map_err(|_| beyond())?;
                let sessions = self.to.sessions(range)?;
                let at = sessions.len().checked_sub(back + 1).ok_or_else(beyond)?;
                Ok(sessions[at])
            }
            false => {
                let forth = self.from.distance(last, day)?;
                let range = DayRange::new(there, known.last()).map_err(|_| beyond())?;
                self.to
                    .sessions(range)?
                    .get(forth)
                    .copied()
                    .ok_or_else(beyond)
            }
        }
    }

    /// A life begins on a session and ends on one.
    fn shift_portfolio(&self, one: &mut CapturedPortfolio) -> Result<(), CaptureError> {
        let life = one.portfolio.lifecycle;
        let first = self.from.on_or_after(life.inception())?;
        let inception = self.shift_session(first.unwrap_or(life.inception()))?;
        let closed = life
            .closing_day()
            .map(|day| self.shift_session(day))
            .transpose()?;
        let deleted = life
            .deleted_at()
            .map(|at| self.shift_instant(at))
            .transpose()?;
        let moved = crate::domain::Lifecycle::new(inception);
        let moved = moved.with_closing_day(closed.map(|day| day.max(inception)));
        one.portfolio.lifecycle = moved.unwrap_or(life).with_deleted_at(deleted);
        Ok(())
    }

    /// Days that are no sessions stay so, as many days after the session before; how many can't.
    fn shift_orphan_days(&self, one: &mut CapturedPortfolio) -> Result<usize, CaptureError> {
        let mut moved = Vec::new();
        for day in &one.orphan_days {
            let there = self.shift_day(*day)?;
            if !self.to.is_session(there)? && !moved.contains(&there) {
                moved.push(there);
            }
        }
        let left_out = one.orphan_days.len() - moved.len();
        one.orphan_days = moved;
        Ok(left_out)
    }

    /// A day, as many days after the session before it as it was.
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
        let there = self.to.zone().from_local_datetime(&local).earliest();
        // An hour that the clocks of the place skip on that day.
        let later = || {
            (self.to.zone())
                .from_local_datetime(&(local + TimeDelta::hours(1)))
                .earliest()
        };
        let there = there.or_else(later).ok_or(CaptureError::Shift { day })?;
        Ok(there.to_utc())
    }

    /// The clock: at the same time of day where the same session has closed last by then, and
    /// late on that session otherwise.
    fn shift_now(&self, state: &State) -> Result<DateTime<Utc>, CaptureError> {
        let (_, there) = self.anchor;
        let moved = self.shift_instant(state.now)?;
        match self.to.last_final(moved, TimeDelta::zero())? == there {
            true => Ok(moved),
            false => self.local_instant(there, LATE_EVENING),
        }
    }
}
