//! Names of things: UUIDs outside, small dense integers inside.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The namespace in which a name that is no UUID becomes one, so that a file of plain names
/// gives the same ids wherever it is read.
const NAME_NAMESPACE: Uuid = Uuid::from_u128(0x8f1d_7a52_06c4_5e0b_9a3e_51d0_7c2b_4e66);

/// A portfolio inside the database: dense, from 1, the bit it has in every bitmap of coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortfolioId(pub u32);

/// A security inside the database: dense, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecurityId(pub u32);

/// A portfolio as the outside names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PortfolioKey(Uuid);

impl PortfolioKey {
    /// The key with this UUID.
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The key that a name stands for: the name itself where it is a UUID, and otherwise a
    /// version 5 UUID of it. The same name gives the same key everywhere.
    pub fn from_name(name: &str) -> Self {
        Self(
            Uuid::try_parse(name)
                .unwrap_or_else(|_| Uuid::new_v5(&NAME_NAMESPACE, name.as_bytes())),
        )
    }

    /// The UUID itself.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for PortfolioKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for PortfolioKey {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::try_parse(text).map(Self)
    }
}

/// One execution of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(Uuid);

impl RunId {
    /// The id with this UUID.
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The UUID itself.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for RunId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::try_parse(text).map(Self)
    }
}
