//! Builds the built-in calendars, each once, and the calendars that are defined on them.

use std::sync::OnceLock;

use super::definition::Definition;
use super::error::CalendarError;
use super::names::{BuiltIn, COUNT};
use super::sessions::Calendar;

/// Built when first used: most commands need one of them.
static CALENDARS: [OnceLock<Calendar>; COUNT] = [const { OnceLock::new() }; COUNT];

impl BuiltIn {
    /// Returns the calendar, compiled on first use.
    pub fn calendar(self) -> Calendar {
        CALENDARS[self.0].get_or_init(|| self.build()).clone()
    }

    /// Returns the definition, of a calendar that has one: title, sources and names of holidays.
    pub fn definition(self) -> Option<Definition> {
        let text = self.text()?;
        Some(toml::from_str(text).expect("a test reads all built-in definitions"))
    }

    fn build(self) -> Calendar {
        match self.definition() {
            Some(definition) => definition
                .calendar()
                .expect("a test builds all built-in calendars"),
            None if self == Self::EVERY_DAY => Calendar::build_every_day(),
            None => Calendar::build_weekdays(),
        }
    }
}

impl Definition {
    /// Parses a calendar definition; `docs/calendars.md` describes the format.
    ///
    /// # Errors
    ///
    /// The text is not such a definition; the source shows the line with a caret.
    pub fn from_toml(text: &str) -> Result<Self, CalendarError> {
        toml::from_str(text).map_err(CalendarError::InvalidDefinition)
    }

    /// Builds the calendar.
    ///
    /// # Errors
    ///
    /// As [`Calendar::from_toml`].
    pub fn calendar(&self) -> Result<Calendar, CalendarError> {
        self.calendar_on(&self.based_on.calendar())
    }
}

impl Calendar {
    /// Parses a calendar definition; `docs/calendars.md` describes the format.
    ///
    /// # Errors
    ///
    /// Refuses a text that is not such a definition (the source shows the line with a caret),
    /// years that the base calendar does not know, and days that contradict each other, as in
    /// [`Calendar::with_amendments`].
    pub fn from_toml(text: &str) -> Result<Self, CalendarError> {
        Definition::from_toml(text)?.calendar()
    }

    /// Returns the built-in calendar of an exchange code or another name, such as `XTSE`, `XNYS`
    /// or `every-day`; `None` if there is none.
    pub fn built_in(name: &str) -> Option<Self> {
        BuiltIn::from_name(name).map(BuiltIn::calendar)
    }

    /// Returns the calendar `new-york`: the sessions of the New York Stock Exchange, 1990 to 2035.
    ///
    /// Sessions close at 16:00 New York time, half-days at 13:00 (14:00 until 1992). Future years
    /// follow today's rules.
    pub fn new_york() -> Self {
        BuiltIn::NEW_YORK.calendar()
    }

    /// Returns the calendar `weekdays`: Monday to Friday, 1950 to 2099, closing at 16:00 UTC.
    pub fn weekdays() -> Self {
        BuiltIn::WEEKDAYS.calendar()
    }

    /// Returns the calendar `every-day`: all days, 1950 to 2099, closing at 16:00 UTC.
    pub fn every_day() -> Self {
        BuiltIn::EVERY_DAY.calendar()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_calendar_is_built_under_its_name_and_found_by_its_alias() {
        for known in BuiltIn::all() {
            let calendar = known.calendar();
            assert_eq!(calendar.name(), known.name());
            assert_eq!(Calendar::built_in(known.name()), Some(calendar.clone()));
            if let Some(alias) = known.alias() {
                assert_eq!(Calendar::built_in(alias), Some(calendar));
            }
        }
        assert_eq!(Calendar::built_in("XQQQ"), None);
    }

    #[test]
    fn an_exchange_names_its_sources_and_the_years_it_announced() {
        for definition in BuiltIn::all().filter_map(BuiltIn::definition) {
            assert!(!definition.sources().is_empty(), "{}", definition.title());
            assert!(definition.announced().is_some(), "{}", definition.title());
        }
    }

    #[test]
    fn new_york_is_the_first_entry_and_the_default() {
        assert_eq!(BuiltIn::default().name(), "new-york");
        assert_eq!(Calendar::weekdays().name(), "weekdays");
        assert_eq!(Calendar::every_day().name(), "every-day");
    }
}
