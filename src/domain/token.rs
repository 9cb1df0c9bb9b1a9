//! What the bearer of a token may do.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::UnknownValue;

/// What the bearer of a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenScope {
    /// Look at everything, and change nothing.
    Read,
    /// Start and cancel runs, too.
    Admin,
}

impl TokenScope {
    /// Both, the lesser first.
    pub const ALL: [Self; 2] = [Self::Read, Self::Admin];

    /// Its name.
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
                kind: "scope of a token",
                known: "read, admin",
            })
    }
}
