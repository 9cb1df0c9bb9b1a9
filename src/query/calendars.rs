//! Describes calendars: all built-in ones, those of the user's own, and the days of one in a year.

use serde::Serialize;

use super::error::QueryError;
use crate::domain::calendar::{BuiltIn, Definition};
use crate::domain::{Calendar, CalendarError, Day, DayRange};
use crate::engine::{CalendarUses, EngineError};
use crate::store::ReadTransaction;

/// A calendar in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CalendarSummary {
    /// The name, as configuration and worlds write it.
    pub name: String,
    /// Another name for the same calendar.
    pub alias: Option<&'static str>,
    /// The name of the exchange; that of the calendar if it has none.
    pub title: String,
    /// The IANA time zone.
    pub zone: &'static str,
    /// The ordinary close in local time, `HH:MM`.
    pub close: String,
    /// The first known day.
    pub first: Day,
    /// The last known day.
    pub last: Day,
    /// The last year that the exchange has announced; later years follow rules.
    pub announced: Option<u16>,
    /// The sessions of a year, by which figures are annualised.
    pub sessions_per_year: u16,
    /// The publications that the days were checked against.
    pub sources: Vec<String>,
    /// The securities and portfolios that name it; `None` for a built-in calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_by: Option<UseCounts>,
}

/// The number of securities and portfolios that name a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UseCounts {
    /// The number of securities that name it.
    pub securities: usize,
    /// Portfolios, deleted ones included.
    pub portfolios: usize,
}

/// A calendar, and its definition if it has one: title, sources and names of holidays.
#[derive(Debug, Clone)]
pub struct KnownCalendar {
    /// The sessions.
    pub calendar: Calendar,
    definition: Option<Definition>,
}

impl From<Calendar> for KnownCalendar {
    fn from(calendar: Calendar) -> Self {
        let definition = built_in(&calendar).and_then(BuiltIn::definition);
        Self {
            calendar,
            definition,
        }
    }
}

impl KnownCalendar {
    /// Returns the built-in calendar of this name, or the one of the user's own that a database has.
    ///
    /// # Errors
    ///
    /// The database cannot be read, or the calendar is damaged.
    pub fn find(
        name: &str,
        reading: Option<&ReadTransaction<'_>>,
    ) -> Result<Option<Self>, QueryError> {
        if let Some(known) = Calendar::built_in(name) {
            return Ok(Some(known.into()));
        }
        let own = reading.map_or(Ok(Vec::new()), |reading| reading.security_calendars().own())?;
        let own = own.into_iter().find(|own| own.name() == name);
        own.map(Self::own).transpose()
    }

    fn own(definition: Definition) -> Result<Self, QueryError> {
        let calendar = definition.calendar().map_err(EngineError::from)?;
        Ok(Self {
            calendar,
            definition: Some(definition),
        })
    }
}

/// A calendar and its days in one year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CalendarYear {
    /// Name, hours and known years.
    #[serde(flatten)]
    pub calendar: CalendarSummary,
    /// The year of the days.
    pub year: i32,
    /// Number of sessions in the year.
    pub sessions: usize,
    /// Weekdays without trading, ascending.
    pub closed: Vec<ClosedDay>,
    /// Sessions that close early, ascending.
    pub early_closes: Vec<EarlyClose>,
    /// Saturdays and Sundays with trading, unless all are sessions; ascending.
    pub weekend_sessions: Vec<Day>,
}

/// A weekday without trading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClosedDay {
    /// A weekday without a session.
    pub day: Day,
    /// The holiday, if the calendar names it.
    pub name: Option<String>,
}

/// A session that closes early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EarlyClose {
    /// The session that closes early.
    pub day: Day,
    /// Its close in local time, `HH:MM`.
    pub close: String,
}

/// Describes the built-in calendars.
pub fn built_in_calendars() -> Vec<CalendarSummary> {
    BuiltIn::all()
        .map(|known| summary(&known.calendar().into()))
        .collect()
}

/// Describes the calendars of the user's own that a database has beside its own, `configured`.
///
/// # Errors
///
/// The database cannot be read, or a calendar is damaged.
pub fn own_calendars(
    reading: &ReadTransaction<'_>,
    configured: &Calendar,
) -> Result<Vec<CalendarSummary>, QueryError> {
    let own = reading.security_calendars().own()?.into_iter();
    let beside = own.filter(|own| own.name() != configured.name());
    let summaries = beside.map(|own| {
        let uses = CalendarUses::read(reading, own.name())?;
        Ok(CalendarSummary {
            used_by: Some(UseCounts {
                securities: uses.securities.len(),
                portfolios: uses.portfolios.len(),
            }),
            ..summary(&KnownCalendar::own(own)?)
        })
    });
    summaries.collect()
}

/// Returns the built-in calendar that `calendar` is. One that only has its name, or is amended, is
/// another: no publication was checked against its days.
fn built_in(calendar: &Calendar) -> Option<BuiltIn> {
    BuiltIn::from_name(calendar.name()).filter(|known| known.calendar() == *calendar)
}

fn summary(known: &KnownCalendar) -> CalendarSummary {
    let (calendar, definition) = (&known.calendar, known.definition.as_ref());
    let built_in = built_in(calendar);
    CalendarSummary {
        name: calendar.name().to_owned(),
        alias: built_in.and_then(BuiltIn::alias),
        title: definition.map_or_else(
            || calendar.name().to_owned(),
            |definition| definition.title().to_owned(),
        ),
        zone: calendar.zone().name(),
        close: calendar.ordinary_close().format("%H:%M").to_string(),
        first: calendar.known_days().first(),
        last: calendar.known_days().last(),
        announced: definition.and_then(Definition::announced),
        sessions_per_year: calendar.sessions_per_year().get(),
        sources: definition.map_or_else(Vec::new, |definition| definition.sources().to_vec()),
        used_by: None,
    }
}

/// Describes the days of a calendar in a year, which `days` are.
///
/// # Errors
///
/// The calendar does not know the year.
pub fn calendar_year(
    known: &KnownCalendar,
    year: i32,
    days: DayRange,
) -> Result<CalendarYear, CalendarError> {
    let calendar = &known.calendar;
    let name_of = |day| {
        let definition = known.definition.as_ref();
        let name = definition.and_then(|definition| definition.name_of(day));
        name.map(ToOwned::to_owned)
    };
    let sessions = calendar.sessions(days)?;
    let (mut closed, mut weekend_sessions) = (Vec::new(), Vec::new());
    let mut day = days.first();
    while day <= days.last() {
        match (day.is_weekend(), sessions.binary_search(&day).is_ok()) {
            (false, false) => closed.push(ClosedDay {
                day,
                name: name_of(day),
            }),
            (true, true) => weekend_sessions.push(day),
            _ => {}
        }
        day = day.next();
    }
    let weekends = (0..=days.last().number() - days.first().number())
        .filter(|offset| days.first().saturating_add(*offset).is_weekend())
        .count();
    if weekend_sessions.len() == weekends {
        weekend_sessions.clear();
    }
    let mut early_closes = Vec::new();
    for session in sessions {
        if calendar.is_half_day(*session)? {
            let close = calendar.close_time(*session)?;
            let close = close.with_timezone(&calendar.zone());
            early_closes.push(EarlyClose {
                day: *session,
                close: close.format("%H:%M").to_string(),
            });
        }
    }
    Ok(CalendarYear {
        calendar: summary(known),
        year,
        sessions: sessions.len(),
        closed,
        early_closes,
        weekend_sessions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(calendar: &Calendar, year: i32) -> CalendarYear {
        let day = |text: &str| format!("{year}-{text}").parse().unwrap();
        let days = DayRange::new(day("01-01"), day("12-31")).unwrap();
        calendar_year(&calendar.clone().into(), year, days).unwrap()
    }

    #[test]
    fn a_year_names_its_holidays_and_early_closes() {
        let toronto = year(&Calendar::built_in("XTSE").unwrap(), 2026);
        assert_eq!(toronto.sessions, 251);
        assert_eq!(toronto.closed.len(), 10);
        assert_eq!(toronto.closed[1].name.as_deref(), Some("Family Day"));
        let observed = toronto.closed.last().unwrap();
        assert_eq!(observed.day.to_string(), "2026-12-28");
        assert_eq!(observed.name.as_deref(), Some("Boxing Day"));
        assert_eq!(toronto.early_closes[0].close, "13:00");
        assert_eq!(toronto.calendar.announced, Some(2026));
    }

    #[test]
    fn weekends_are_listed_if_some_are_sessions() {
        assert_eq!(year(&Calendar::every_day(), 2026).weekend_sessions, []);
        let amendments = toml::from_str("sessions = [2026-01-10]").unwrap();
        let extra = Calendar::weekdays().with_amendments(&amendments).unwrap();
        assert_eq!(year(&extra, 2026).weekend_sessions.len(), 1);
    }

    #[test]
    fn an_unknown_year_is_an_error() {
        let day = |text: &str| text.parse().unwrap();
        let days = DayRange::new(day("2000-01-01"), day("2000-12-31")).unwrap();
        let xetra = Calendar::built_in("XETR").unwrap().into();
        assert!(calendar_year(&xetra, 2000, days).is_err());
    }
}
