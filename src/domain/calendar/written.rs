//! Writes a calendar as the parts that it is built from: a base, and the days on which it differs.
//! Databases and worlds keep a calendar in this form.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{Datelike, NaiveTime};
use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::amendments::Amendments;
use super::definition::{Definition, NamedDay, Years};
use super::error::CalendarError;
use super::names::BuiltIn;
use super::sessions::Calendar;
use crate::domain::day::Day;

/// A calendar as a base and the days on which it differs.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WrittenCalendar {
    /// The calendar before the amendments.
    pub calendar: CalendarBase,
    /// The days on which the calendar differs from its base.
    #[serde(default)]
    pub amendments: Amendments,
}

/// A calendar before it is amended: the name of a built-in one, or a definition.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum CalendarBase {
    /// A built-in calendar.
    BuiltIn(BuiltIn),
    /// A calendar of the user's own.
    Own(Box<Definition>),
}

impl CalendarBase {
    /// Builds the calendar.
    ///
    /// # Errors
    ///
    /// The definition is invalid.
    pub fn calendar(&self) -> Result<Calendar, CalendarError> {
        match self {
            Self::BuiltIn(built_in) => Ok(built_in.calendar()),
            Self::Own(definition) => definition.calendar(),
        }
    }
}

impl Default for CalendarBase {
    fn default() -> Self {
        Self::BuiltIn(BuiltIn::default())
    }
}

impl<'de> Deserialize<'de> for CalendarBase {
    /// Accepts a name and a table. Unlike an untagged enum, it keeps the error of the one that the
    /// text has.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrTable;

        impl<'de> Visitor<'de> for NameOrTable {
            type Value = CalendarBase;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a calendar, or a table that defines one")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<CalendarBase, E> {
                BuiltIn::deserialize(StrDeserializer::new(name)).map(CalendarBase::BuiltIn)
            }

            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<CalendarBase, A::Error> {
                let definition = Definition::deserialize(MapAccessDeserializer::new(table))?;
                Ok(CalendarBase::Own(Box::new(definition)))
            }
        }

        deserializer.deserialize_any(NameOrTable)
    }
}

impl WrittenCalendar {
    /// Builds the calendar.
    ///
    /// # Errors
    ///
    /// The definition is invalid, or the amendments contradict it.
    pub fn calendar(&self) -> Result<Calendar, CalendarError> {
        self.calendar.calendar()?.with_amendments(&self.amendments)
    }

    /// Returns the calendar as the keys of one calendar file, the amended days among them; `None`
    /// for a built-in calendar.
    pub fn into_definition(self) -> Option<Definition> {
        match self.calendar {
            CalendarBase::BuiltIn(_) => None,
            CalendarBase::Own(definition) => Some(definition.with_days(&self.amendments)),
        }
    }
}

impl Definition {
    /// Returns this definition under another name, without titles, sources and names of days.
    #[must_use]
    pub(crate) fn without_texts(self, name: String) -> Self {
        let named = |mut days: Vec<NamedDay>| {
            days.iter_mut().for_each(|day| day.name = None);
            days
        };
        let mut anonymous = Self {
            name,
            title: None,
            sources: Vec::new(),
            closed: named(self.closed),
            session: named(self.session),
            ..self
        };
        for half_day in &mut anonymous.half_day {
            half_day.name = None;
        }
        for (number, rule) in (1..).zip(&mut anonymous.holiday) {
            rule.name = format!("holiday {number}");
        }
        for (number, rule) in (1..).zip(&mut anonymous.early_close) {
            rule.name = format!("early close {number}");
        }
        anonymous
    }
}

impl From<Definition> for WrittenCalendar {
    fn from(definition: Definition) -> Self {
        Self {
            calendar: CalendarBase::Own(Box::new(definition)),
            amendments: Amendments::default(),
        }
    }
}

impl Calendar {
    /// Returns the parts from which [`WrittenCalendar::calendar`] builds this calendar.
    ///
    /// # Panics
    ///
    /// Never: `weekdays` has no half-days and knows every year that a calendar can have.
    pub fn written(&self) -> WrittenCalendar {
        let built_in = BuiltIn::from_name(self.name()).and_then(|built_in| {
            let base = built_in.calendar();
            let is_amended = base.zone() == self.zone()
                && base.known_days() == self.known_days()
                && base.table.close == self.table.close
                && base.sessions_per_year() == self.sessions_per_year();
            let amendments = is_amended.then(|| self.differences_from(&base))?;
            Some(WrittenCalendar {
                calendar: CalendarBase::BuiltIn(built_in),
                amendments: amendments?,
            })
        });
        let bases = BuiltIn::BASES.into_iter();
        built_in.unwrap_or_else(|| {
            bases
                .filter_map(|base| self.written_with_base(base))
                .min_by_key(|written| written.amendments.len())
                .expect("`weekdays` can be amended to any calendar")
        })
    }

    /// Returns a definition with `based_on`, or `None` if no amendment of it gives this calendar.
    fn written_with_base(&self, based_on: BuiltIn) -> Option<WrittenCalendar> {
        let year = |day: Day| u16::try_from(day.to_date().year()).ok();
        let definition = Definition {
            name: self.name().to_owned(),
            zone: self.zone(),
            based_on,
            close: self.table.close,
            years: Years {
                first: year(self.known_days().first())?,
                last: year(self.known_days().last())?,
            },
            title: None,
            announced: None,
            sources: Vec::new(),
            sessions_per_year: Some(self.sessions_per_year())
                .filter(|own| *own != based_on.calendar().sessions_per_year()),
            holiday: Vec::new(),
            early_close: Vec::new(),
            closed: Vec::new(),
            session: Vec::new(),
            half_day: Vec::new(),
        };
        let base = definition.calendar().ok()?;
        let amendments = self.differences_from(&base)?;
        Some(WrittenCalendar {
            calendar: CalendarBase::Own(Box::new(definition)),
            amendments,
        })
    }

    /// Returns the amendments that turn `base` into this calendar, or `None` if a half-day of
    /// `base` is an ordinary session of this calendar: no amendment can say so.
    fn differences_from(&self, base: &Self) -> Option<Amendments> {
        let (own, base) = (&self.table, &base.table);
        let only = |days: &[Day], other: &[Day]| -> Vec<Day> {
            let only = days.iter().filter(|day| other.binary_search(day).is_err());
            only.copied().collect()
        };
        let mut kept = base.half_days.keys();
        let is_possible = kept
            .all(|day| own.half_days.contains_key(day) || own.sessions.binary_search(day).is_err());
        let differs = |(day, close): &(&Day, &NaiveTime)| base.half_days.get(*day) != Some(*close);
        let half_days: BTreeMap<_, _> = (own.half_days.iter().filter(differs))
            .map(|(day, close)| (*day, *close))
            .collect();
        is_possible.then(|| Amendments {
            closed: only(&base.sessions, &own.sessions),
            sessions: only(&own.sessions, &base.sessions),
            half_days,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKYO: &str = r#"
        name = "tokyo"
        zone = "Asia/Tokyo"
        based-on = "weekdays"
        close = "15:30"
        years = { first = 2025, last = 2026 }
        closed = [{ day = 2026-02-23 }]
        half-day = [{ day = 2026-12-30, close = "11:30" }]
    "#;

    fn amended(base: &Calendar, text: &str) -> Calendar {
        base.with_amendments(&toml::from_str(text).unwrap())
            .unwrap()
    }

    #[test]
    fn every_calendar_is_built_again_from_what_is_written_of_it() {
        let tokyo = Calendar::from_toml(TOKYO).unwrap();
        let new_york_hours = TOKYO
            .replace("weekdays", "new-york")
            .replace("Asia/Tokyo", "America/New_York");
        let rules = "holiday = [{ name = \"x\", on = \"Monday from 02-15\" }]\n\
                     early-close = [{ name = \"y\", on = \"12-29\", close = \"11:00\" }]\n";
        let with_rules = format!("{TOKYO}{rules}");
        let half_day_moved = "half-days = { 2025-11-28 = \"12:00\" }\nclosed = [2026-12-24]";
        for calendar in [
            Calendar::new_york(),
            Calendar::every_day(),
            Calendar::built_in("XHKG").unwrap(),
            Calendar::from_toml(&with_rules).unwrap(),
            amended(&Calendar::new_york(), half_day_moved),
            amended(&Calendar::weekdays(), "sessions = [2026-01-10]"),
            Calendar::from_toml(&new_york_hours).unwrap(),
            amended(&tokyo, "closed = [2026-01-05]\nsessions = [2026-01-11]"),
            tokyo,
        ] {
            let text = toml::to_string(&calendar.written()).unwrap();
            let written: WrittenCalendar = toml::from_str(&text).unwrap();
            assert_eq!(written.calendar().unwrap(), calendar, "{text}");
        }
    }

    #[test]
    fn an_own_calendar_is_written_as_the_keys_of_one_file() {
        let tokyo = Calendar::from_toml(TOKYO).unwrap();
        let amended = amended(&tokyo, "closed = [2026-01-05]\nsessions = [2026-01-11]");
        for calendar in [tokyo, amended] {
            let definition = calendar.written().into_definition().unwrap();
            let text = toml::to_string(&definition).unwrap();
            assert_eq!(Calendar::from_toml(&text).unwrap(), calendar, "{text}");
        }
        assert_eq!(Calendar::new_york().written().into_definition(), None);
    }

    #[test]
    fn a_built_in_calendar_is_written_by_its_name() {
        let calendar = amended(&Calendar::new_york(), "closed = [2026-01-06]");
        let text = toml::to_string(&calendar.written()).unwrap();
        assert!(text.starts_with("calendar = \"new-york\"\n"), "{text}");
        assert!(text.contains("closed = [\"2026-01-06\"]"), "{text}");
    }

    #[test]
    fn an_own_calendar_with_the_name_of_a_built_in_one_keeps_its_hours() {
        let text = TOKYO.replace("\"tokyo\"", "\"weekdays\"");
        let calendar = Calendar::from_toml(&text).unwrap();
        let written = calendar.written();
        assert!(matches!(written.calendar, CalendarBase::Own(_)));
        assert_eq!(written.calendar().unwrap(), calendar);
    }
}
