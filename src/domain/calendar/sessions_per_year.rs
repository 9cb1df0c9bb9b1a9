//! Defines the number of sessions by which figures are annualised.

use std::fmt;
use std::num::NonZeroU16;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The number of sessions of a year, by which figures are annualised. A convention and not a count:
/// an exchange has about 252.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SessionsPerYear(NonZeroU16);

impl SessionsPerYear {
    /// Exchanges: 252 (RiskMetrics, empyrical).
    pub const EXCHANGE: Self = Self(NonZeroU16::new(252).expect("252 is not zero"));
    /// Monday to Friday: 365.2425 × 5 ÷ 7, rounded.
    pub const WEEKDAYS: Self = Self(NonZeroU16::new(261).expect("261 is not zero"));
    /// Every day: 365.2425, rounded.
    pub const EVERY_DAY: Self = Self(NonZeroU16::new(365).expect("365 is not zero"));

    /// Returns the number, unless it is zero.
    pub fn new(sessions: u16) -> Option<Self> {
        NonZeroU16::new(sessions).map(Self)
    }

    /// Returns the number of sessions.
    pub fn get(self) -> u16 {
        self.0.get()
    }

    /// Returns the factor from the deviation of session returns to that of yearly returns: the
    /// square root of the number of sessions.
    pub fn root(self) -> f64 {
        f64::from(self.get()).sqrt()
    }
}

impl Default for SessionsPerYear {
    fn default() -> Self {
        Self::EXCHANGE
    }
}

impl fmt::Display for SessionsPerYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Calendar;

    #[test]
    fn each_calendar_has_its_sessions_per_year() {
        assert_eq!(Calendar::new_york().sessions_per_year().get(), 252);
        assert_eq!(Calendar::weekdays().sessions_per_year().get(), 261);
        assert_eq!(Calendar::every_day().sessions_per_year().get(), 365);
        assert_eq!(SessionsPerYear::new(0), None);
    }

    #[test]
    fn a_definition_has_those_of_its_base_or_its_own() {
        let text = "name = \"x\"\nzone = \"UTC\"\nbased-on = \"every-day\"\nclose = \"12:00\"\n\
                    years = { first = 2025, last = 2026 }\n";
        let calendar = Calendar::from_toml(text).unwrap();
        assert_eq!(calendar.sessions_per_year(), SessionsPerYear::EVERY_DAY);
        let own = Calendar::from_toml(&format!("{text}sessions-per-year = 360\n")).unwrap();
        assert_eq!(own.sessions_per_year().get(), 360);
        let written = own.written();
        assert_eq!(written.calendar().unwrap(), own);
        assert!(Calendar::from_toml(&format!("{text}sessions-per-year = 0\n")).is_err());
    }
}
