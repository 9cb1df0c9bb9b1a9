//! The calendars that securities name: on which sessions of a database a security is closed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::calendar::{BuiltIn, Calendar};
use super::day::Day;
use super::security::Security;

/// The sessions of the calendars that securities name. Cheap to clone.
///
/// A security is closed on a session of the database if its own calendar has sessions before and
/// after that day and none on it. Outside the sessions that a calendar knows it is never closed: a
/// missing year must not excuse a missing close.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityCalendars(Arc<BTreeMap<String, Vec<Day>>>);

impl FromIterator<(String, Vec<Day>)> for SecurityCalendars {
    /// Collects names with their sessions, ascending.
    fn from_iter<I: IntoIterator<Item = (String, Vec<Day>)>>(calendars: I) -> Self {
        Self(Arc::new(calendars.into_iter().collect()))
    }
}

impl SecurityCalendars {
    /// Returns the calendar that a security or portfolio means by this name: that of the database,
    /// `configured`, or a built-in one.
    pub fn find(name: &str, configured: &Calendar) -> Option<Calendar> {
        if name == configured.name() {
            return Some(configured.clone());
        }
        BuiltIn::from_name(name).map(BuiltIn::calendar)
    }

    /// Iterates over the names that [`Self::find`] finds.
    pub fn known_names(configured: &Calendar) -> impl Iterator<Item = &str> {
        let built_in = BuiltIn::all().flat_map(|known| [Some(known.name()), known.alias()]);
        built_in.flatten().chain([configured.name()])
    }

    /// Returns these calendars with other sessions, ascending, of the one of this name.
    #[must_use]
    pub fn with_sessions(&self, name: &str, sessions: Vec<Day>) -> Self {
        let mut calendars = BTreeMap::clone(&self.0);
        calendars.insert(name.to_owned(), sessions);
        Self(Arc::new(calendars))
    }

    /// Returns whether there is no calendar, so that no security is closed on any session.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the names, ascending.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the sessions of the calendar of this name, ascending.
    pub fn named(&self, name: &str) -> Option<&[Day]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Returns the sessions of a security's own calendar; `None` if it has none.
    pub fn sessions_of(&self, security: &Security) -> Option<&[Day]> {
        self.named(security.calendar.as_deref()?)
    }

    /// Returns whether a security is closed on a session of the database.
    pub fn is_closed(&self, security: &Security, day: Day) -> bool {
        is_closed(self.sessions_of(security), day)
    }

    /// Returns the last of `sessions`, which ascend, on which the security is not closed.
    pub fn last_open(&self, security: &Security, sessions: &[Day]) -> Option<Day> {
        let own = self.sessions_of(security);
        let mut latest = sessions.iter().rev().copied();
        latest.find(|day| !is_closed(own, *day))
    }
}

/// Returns whether `own`, the ascending sessions of a security's calendar if it has one, leave out
/// a day between two of them.
pub fn is_closed(own: Option<&[Day]>, day: Day) -> bool {
    let Some([first, .., last]) = own else {
        return false;
    };
    *first < day && day < *last && own.is_some_and(|own| own.binary_search(&day).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{NewSecurity, SecurityId};

    fn day(number: i32) -> Day {
        Day::from_number(number).unwrap()
    }

    #[test]
    fn a_security_is_closed_between_sessions_of_its_calendar_and_nowhere_else() {
        let sessions = vec![day(10), day(11), day(13)];
        let calendars = SecurityCalendars::from_iter([("XTSE".to_owned(), sessions)]);
        let mut share = NewSecurity::equity("RY.TO").with_id(SecurityId(1));
        assert!(!calendars.is_closed(&share, day(12)), "no calendar");
        share.calendar = Some("XTSE".to_owned());
        let closed = (9..15).filter(|number| calendars.is_closed(&share, day(*number)));
        assert_eq!(closed.collect::<Vec<_>>(), [12]);
        let until = |last: i32| (9..=last).map(day).collect::<Vec<_>>();
        assert_eq!(calendars.last_open(&share, &until(12)), Some(day(11)));
        assert_eq!(calendars.last_open(&share, &until(14)), Some(day(14)));
    }
}
