//! The calendars that portfolios name: which sessions of the database are sessions of a portfolio.

use std::sync::Arc;

use super::calendar::{Calendar, SessionsPerYear};
use super::coverage::IdSet;
use super::day::Day;
use super::ids::PortfolioId;
use super::security_calendars::is_closed;

/// A calendar, and the portfolios that name it.
#[derive(Debug, Clone, PartialEq)]
pub struct PortfolioCalendar {
    /// The name of the calendar.
    pub name: String,
    /// The portfolios, deleted ones included.
    pub portfolios: IdSet,
    /// The sessions of the calendar, ascending.
    pub sessions: Vec<Day>,
    /// The number of sessions by which figures of the portfolios are annualised.
    pub sessions_per_year: SessionsPerYear,
}

impl PortfolioCalendar {
    /// Returns whether a session of the database is one of the portfolios. Outside the sessions
    /// that the calendar knows each is: a missing year must not hide missing cells.
    pub fn has_session(&self, day: Day) -> bool {
        !is_closed(Some(&self.sessions), day)
    }

    /// Returns those of `sessions` that are sessions of the portfolios.
    pub fn pick(&self, sessions: &[Day]) -> Vec<Day> {
        let sessions = sessions.iter().copied();
        sessions.filter(|day| self.has_session(*day)).collect()
    }
}

/// The calendars that portfolios name. Cheap to clone.
///
/// The calendar of the database has all sessions; that of a portfolio picks its sessions from them.
/// A portfolio is in one calendar at most; without one all sessions of the database are its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PortfolioCalendars(Arc<Vec<PortfolioCalendar>>);

impl FromIterator<PortfolioCalendar> for PortfolioCalendars {
    /// Collects calendars with disjoint portfolios.
    fn from_iter<I: IntoIterator<Item = PortfolioCalendar>>(calendars: I) -> Self {
        Self(Arc::new(calendars.into_iter().collect()))
    }
}

impl PortfolioCalendars {
    /// Returns whether no portfolio has a calendar of its own.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns these calendars, of which the one of the name of `calendar` has its sessions.
    #[must_use]
    pub fn with_sessions_of(&self, calendar: &Calendar) -> Self {
        let calendars = self.0.iter().cloned();
        let replaced = calendars.map(|own| match own.name == calendar.name() {
            false => own,
            true => PortfolioCalendar {
                sessions: calendar.all_sessions().to_vec(),
                sessions_per_year: calendar.sessions_per_year(),
                ..own
            },
        });
        replaced.collect()
    }

    /// Iterates over the calendars.
    pub fn iter(&self) -> impl Iterator<Item = &PortfolioCalendar> {
        self.0.iter()
    }

    /// Returns the index, in the order of [`Self::iter`], of a portfolio's calendar.
    pub fn index_of(&self, id: PortfolioId) -> Option<usize> {
        let mut calendars = self.0.iter();
        calendars.position(|calendar| calendar.portfolios.contains(id.0))
    }

    /// Returns the calendar of a portfolio, if it has one.
    pub fn of(&self, id: PortfolioId) -> Option<&PortfolioCalendar> {
        self.index_of(id).map(|at| &self.0[at])
    }

    /// Returns all portfolios with a calendar of their own.
    pub fn portfolios(&self) -> IdSet {
        let calendars = self.0.iter();
        calendars.fold(IdSet::new(), |all, calendar| all | &calendar.portfolios)
    }

    /// Returns whether a session of the database is one of a portfolio.
    pub fn has_session(&self, id: PortfolioId, day: Day) -> bool {
        self.of(id).is_none_or(|own| own.has_session(day))
    }

    /// Returns the portfolios that have no session on a session of the database.
    pub fn without_session(&self, day: Day) -> IdSet {
        let closed = self.0.iter().filter(|calendar| !calendar.has_session(day));
        closed.fold(IdSet::new(), |all, calendar| all | &calendar.portfolios)
    }

    /// Returns those of `sessions` that are sessions of a portfolio.
    pub fn pick(&self, id: PortfolioId, sessions: &[Day]) -> Vec<Day> {
        match self.of(id) {
            None => sessions.to_vec(),
            Some(own) => own.pick(sessions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i32) -> Day {
        Day::from_number(number).unwrap()
    }

    #[test]
    fn a_calendar_picks_sessions_between_its_first_and_last() {
        let calendars = PortfolioCalendars::from_iter([PortfolioCalendar {
            name: "XTSE".to_owned(),
            portfolios: IdSet::from([2, 3]),
            sessions: [10, 11, 13].map(day).to_vec(),
            sessions_per_year: SessionsPerYear::EXCHANGE,
        }]);
        let sessions: Vec<_> = (9..15).map(day).collect();
        let own = [9, 10, 11, 13, 14].map(day);
        assert_eq!(calendars.pick(PortfolioId(2), &sessions), own);
        assert_eq!(calendars.pick(PortfolioId(1), &sessions), sessions);
        assert_eq!(calendars.without_session(day(12)), IdSet::from([2, 3]));
        assert!(calendars.without_session(day(13)).is_empty());
        assert!(!calendars.has_session(PortfolioId(3), day(12)));
        assert!(calendars.has_session(PortfolioId(1), day(12)));
    }
}
