//! Names the built-in calendars. Those of exchanges are the TOML files in `exchanges`.

use std::borrow::Cow;
use std::sync::LazyLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A built-in calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn(pub(super) usize);

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

pub(super) const COUNT: usize = 12;

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

impl BuiltIn {
    pub(super) const NEW_YORK: Self = Self(0);
    pub(super) const WEEKDAYS: Self = Self(1);
    pub(super) const EVERY_DAY: Self = Self(2);

    /// The calendars that a written calendar is based on.
    pub(super) const BASES: [Self; 3] = [Self::NEW_YORK, Self::WEEKDAYS, Self::EVERY_DAY];

    /// Iterates over all built-in calendars.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..COUNT).map(Self)
    }

    /// Returns the name, as configuration and worlds write it.
    pub const fn name(self) -> &'static str {
        ENTRIES[self.0].name
    }

    /// Returns the other name by which [`Self::from_name`] finds it: an exchange code, or `24/7`.
    pub const fn alias(self) -> Option<&'static str> {
        ENTRIES[self.0].alias
    }

    /// Returns the text of the definition, of a calendar that has one.
    pub(super) const fn text(self) -> Option<&'static str> {
        ENTRIES[self.0].text
    }

    /// Returns the built-in calendar of this name or alias.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|known| known.name() == name || known.alias() == Some(name))
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
