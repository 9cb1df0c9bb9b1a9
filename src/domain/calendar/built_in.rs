//! Names the built-in calendars, and builds each once. Those of exchanges are the TOML files in
//! `exchanges`.

use std::borrow::Cow;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::definition::Definition;
use super::sessions::Calendar;

/// A built-in calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn(usize);

/// The names of one calendar, and its definition unless it is a plain rule.
struct Entry {
    name: &'static str,
    alias: Option<&'static str>,
    text: Option<&'static str>,
}

const fn exchange(name: &'static str, text: &'static str) -> Entry {
    Entry {
        name,
        alias: None,
        text: Some(text),
    }
}

const COUNT: usize = 12;

/// All built-in calendars; the first three are those that a written calendar can be based on.
const ENTRIES: [Entry; COUNT] = [
    Entry {
        name: "new-york",
        alias: Some("XNYS"),
        text: Some(include_str!("exchanges/XNYS.toml")),
    },
    Entry {
        name: "weekdays",
        alias: None,
        text: None,
    },
    Entry {
        name: "every-day",
        alias: Some("24/7"),
        text: None,
    },
    exchange("XTSE", include_str!("exchanges/XTSE.toml")),
    exchange("XLON", include_str!("exchanges/XLON.toml")),
    exchange("XETR", include_str!("exchanges/XETR.toml")),
    exchange("XPAR", include_str!("exchanges/XPAR.toml")),
    exchange("XAMS", include_str!("exchanges/XAMS.toml")),
    exchange("XSWX", include_str!("exchanges/XSWX.toml")),
    exchange("XTKS", include_str!("exchanges/XTKS.toml")),
    exchange("XHKG", include_str!("exchanges/XHKG.toml")),
    exchange("XASX", include_str!("exchanges/XASX.toml")),
];

/// Built when first used: most commands need one of them.
static CALENDARS: [LazyLock<Calendar>; COUNT] = [
    LazyLock::new(|| BuiltIn(0).build()),
    LazyLock::new(|| BuiltIn(1).build()),
    LazyLock::new(|| BuiltIn(2).build()),
    LazyLock::new(|| BuiltIn(3).build()),
    LazyLock::new(|| BuiltIn(4).build()),
    LazyLock::new(|| BuiltIn(5).build()),
    LazyLock::new(|| BuiltIn(6).build()),
    LazyLock::new(|| BuiltIn(7).build()),
    LazyLock::new(|| BuiltIn(8).build()),
    LazyLock::new(|| BuiltIn(9).build()),
    LazyLock::new(|| BuiltIn(10).build()),
    LazyLock::new(|| BuiltIn(11).build()),
];

impl BuiltIn {
    const NEW_YORK: Self = Self(0);
    const WEEKDAYS: Self = Self(1);
    const EVERY_DAY: Self = Self(2);

    /// The calendars that a written calendar is based on.
    pub(super) const BASES: [Self; 3] = [Self::NEW_YORK, Self::WEEKDAYS, Self::EVERY_DAY];

    /// Iterates over all built-in calendars.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..COUNT).map(Self)
    }

    /// Returns the calendar.
    pub fn calendar(self) -> Calendar {
        Calendar::clone(&CALENDARS[self.0])
    }

    /// Returns the name, as configuration and worlds write it.
    pub const fn name(self) -> &'static str {
        ENTRIES[self.0].name
    }

    /// Returns the other name by which [`Self::from_name`] finds it: an exchange code, or `24/7`.
    pub const fn alias(self) -> Option<&'static str> {
        ENTRIES[self.0].alias
    }

    /// Returns the built-in calendar of this name or alias.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|known| known.name() == name || known.alias() == Some(name))
    }

    /// Returns the definition, of a calendar that has one: title, sources and names of holidays.
    pub fn definition(self) -> Option<Definition> {
        let text = ENTRIES[self.0].text?;
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

impl Default for BuiltIn {
    fn default() -> Self {
        Self::NEW_YORK
    }
}

impl Serialize for BuiltIn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The names that a text may have, in the order of the entries.
static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    BuiltIn::all()
        .flat_map(|known| [Some(known.name()), known.alias()])
        .flatten()
        .collect()
});

impl<'de> Deserialize<'de> for BuiltIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown = || serde::de::Error::unknown_variant(&name, NAMES.as_slice());
        Self::from_name(&name).ok_or_else(unknown)
    }
}

impl JsonSchema for BuiltIn {
    fn schema_name() -> Cow<'static, str> {
        "BuiltIn".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A built-in calendar.",
            "type": "string",
            "enum": *NAMES,
        })
    }
}

impl Calendar {
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
        assert_eq!(Calendar::built_in("XXXX"), None);
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
