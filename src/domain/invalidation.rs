//! Defines an invalidation: the kind of change that made done cells invalid, and the cells that
//! it concerns.

use std::fmt;

use super::coverage::PhaseCells;

/// The kind of change that took cells out of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InvalidationCause {
    /// A run was requested with `--force`.
    Forced,
    /// A price came late or was corrected.
    Price,
    /// A transaction was back-dated, corrected or withdrawn.
    Transaction,
    /// A corporate action was recorded or corrected.
    Action,
    /// A security's sector, class, currency or multiplier, or a portfolio's currency changed.
    Attribute,
    /// The benchmark, the factors or the shocks changed.
    Model,
    /// The trading calendar changed.
    Calendar,
    /// An operator invalidated them.
    Request,
}

impl InvalidationCause {
    /// All causes, in declaration order.
    pub const ALL: [Self; 8] = [
        Self::Forced,
        Self::Price,
        Self::Transaction,
        Self::Action,
        Self::Attribute,
        Self::Model,
        Self::Calendar,
        Self::Request,
    ];

    /// Returns the name, as texts write it and the database stores it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forced => "forced",
            Self::Price => "price",
            Self::Transaction => "transaction",
            Self::Action => "action",
            Self::Attribute => "attribute",
            Self::Model => "model",
            Self::Calendar => "calendar",
            Self::Request => "request",
        }
    }

    /// Returns the cause with this name, or `None` for an unknown name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

impl fmt::Display for InvalidationCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A request to remove cells from the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct NewInvalidation {
    /// The kind of change that makes the cells invalid.
    pub cause: InvalidationCause,
    /// The input that changed, as text for people.
    pub reason: String,
    /// The affected ids. Those not in the ledger are ignored.
    pub cells: PhaseCells,
}

/// An invalidation with the cells that have not been done again yet.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenInvalidation {
    /// Stored id; a later invalidation has a higher one.
    pub id: i64,
    /// The kind of change.
    pub cause: InvalidationCause,
    /// The input that changed, as text for people.
    pub reason: String,
    /// The ids that are still open.
    pub cells: PhaseCells,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cause_names_round_trip() {
        for cause in InvalidationCause::ALL {
            assert_eq!(InvalidationCause::from_name(cause.name()), Some(cause));
        }
    }
}
