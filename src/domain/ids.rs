//! Defines identifiers: UUIDs outside the database, small dense integers inside.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The namespace of the version 5 UUIDs that plain names are turned into. It must never change:
/// a file of plain names has to give the same ids wherever it is read.
const NAME_NAMESPACE: Uuid = Uuid::from_u128(0x8f1d_7a52_06c4_5e0b_9a3e_51d0_7c2b_4e66);

/// A portfolio's id inside the database: dense, from 1; its bit in every coverage bitmap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortfolioId(pub u32);

/// A security's id inside the database: dense, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecurityId(pub u32);

/// A portfolio's id outside the database, a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PortfolioKey(Uuid);

impl PortfolioKey {
    /// Creates the key with this UUID.
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Returns the key of a name: the name itself if it is a UUID, else its version 5 UUID.
    /// The same name gives the same key everywhere.
    pub fn from_name(name: &str) -> Self {
        Self(
            Uuid::try_parse(name)
                .unwrap_or_else(|_| Uuid::new_v5(&NAME_NAMESPACE, name.as_bytes())),
        )
    }

    /// Returns the UUID as such.
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

/// The id of one execution of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(Uuid);

impl RunId {
    /// Creates the id with this UUID.
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Returns the UUID as such.
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
