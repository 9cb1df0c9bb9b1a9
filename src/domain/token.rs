//! Defines the permission that an access token grants.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::security::UnknownValue;

/// The permission that an access token grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenScope {
    /// Read all data, and change nothing.
    Read,
    /// Read all data, and start and cancel runs.
    Admin,
}

impl TokenScope {
    /// Both permissions, the weaker first.
    pub const ALL: [Self; 2] = [Self::Read, Self::Admin];

    /// Returns the name, as the command line writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for TokenScope {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        let mut scopes = Self::ALL.into_iter();
        scopes
            .find(|scope| scope.name() == text)
            .ok_or_else(|| UnknownValue {
                value: text.to_owned(),
                kind: "token scope",
                known: "read, admin",
            })
    }
}
