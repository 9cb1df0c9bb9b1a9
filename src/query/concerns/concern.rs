//! A concern, with the portfolios concerned and the next command.

use serde::Serialize;
use serde::ser::SerializeMap;

use super::fact::ConcernFact;
use super::kind::{ConcernKind, Severity};
use crate::domain::{Day, IdSet};
use crate::query::next_command::NextCommand;

/// A state that an operator must be told of.
#[derive(Debug, Clone, PartialEq)]
pub struct Concern {
    /// The facts of the state.
    pub fact: ConcernFact,
    /// The portfolios concerned; empty if the state concerns the database as a whole.
    pub portfolios: IdSet,
    /// The command to run next, if one helps.
    pub next: Option<NextCommand>,
}

/// All concerns of a scope, with the day that they are measured against.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Concerns {
    /// The last session up to which cells are due.
    pub target: Day,
    /// The concerns, in the order of [`ConcernKind::ALL`].
    pub concerns: Vec<Concern>,
}

impl Concern {
    /// Returns the kind of the concern.
    pub const fn kind(&self) -> ConcernKind {
        self.fact.kind()
    }

    /// Returns the consequence of the concern.
    pub const fn severity(&self) -> Severity {
        self.kind().severity()
    }

    /// Returns whether `plimsoll check` fails by the concern.
    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }
}

impl Serialize for Concern {
    /// Serializes kind, severity, count, number of portfolios, facts and next command.
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("kind", &self.kind())?;
        map.serialize_entry("severity", &self.severity())?;
        map.serialize_entry("count", &self.fact.count())?;
        map.serialize_entry("portfolios", &self.portfolios.len())?;
        map.serialize_entry("facts", &self.fact)?;
        map.serialize_entry("next", &self.next)?;
        map.end()
    }
}
