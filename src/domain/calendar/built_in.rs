//! Names the built-in calendars, and builds each once.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sessions::Calendar;

/// A built-in calendar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BuiltIn {
    /// The New York Stock Exchange.
    #[default]
    NewYork,
    /// Monday to Friday.
    Weekdays,
    /// Every day.
    EveryDay,
}

static NEW_YORK: LazyLock<Calendar> = LazyLock::new(Calendar::build_new_york);
static WEEKDAYS: LazyLock<Calendar> = LazyLock::new(Calendar::build_weekdays);
static EVERY_DAY: LazyLock<Calendar> = LazyLock::new(Calendar::build_every_day);

impl BuiltIn {
    /// All built-in calendars.
    pub const ALL: [Self; 3] = [Self::NewYork, Self::Weekdays, Self::EveryDay];

    /// Returns the calendar.
    pub fn calendar(self) -> Calendar {
        let calendar = match self {
            Self::NewYork => &NEW_YORK,
            Self::Weekdays => &WEEKDAYS,
            Self::EveryDay => &EVERY_DAY,
        };
        Calendar::clone(calendar)
    }

    /// Returns the name, as configuration and worlds write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewYork => "new-york",
            Self::Weekdays => "weekdays",
            Self::EveryDay => "every-day",
        }
    }

    /// Returns the built-in calendar of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

impl Calendar {
    /// Returns the calendar `new-york`: the sessions of the New York Stock Exchange, 1990 to 2035.
    ///
    /// Sessions close at 16:00 New York time, half-days at 13:00 (14:00 until 1992). Future years
    /// follow today's rules.
    pub fn new_york() -> Self {
        BuiltIn::NewYork.calendar()
    }

    /// Returns the calendar `weekdays`: Monday to Friday, 1950 to 2099, closing at 16:00 UTC.
    pub fn weekdays() -> Self {
        BuiltIn::Weekdays.calendar()
    }

    /// Returns the calendar `every-day`: all days, 1950 to 2099, closing at 16:00 UTC.
    pub fn every_day() -> Self {
        BuiltIn::EveryDay.calendar()
    }
}
