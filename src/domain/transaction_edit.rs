//! Defines changes of transactions, and the history that is kept of them.

use chrono::{DateTime, Utc};

use super::correction::Correction;
use super::security::UnknownValue;
use super::source::Transaction;

/// The person who changed a record by hand, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// Name of the person.
    pub by: String,
    /// Reason of the change.
    pub reason: String,
}

/// A change of one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionEdit {
    /// A transaction with a new id.
    Added(Transaction),
    /// It has other values.
    Corrected(Correction<Transaction>),
    /// It counts no more.
    Voided(Transaction),
}

impl TransactionEdit {
    /// Returns the transaction before the change, if it counted.
    pub const fn was(&self) -> Option<&Transaction> {
        match self {
            Self::Added(_) => None,
            Self::Corrected(Correction { was, .. }) | Self::Voided(was) => Some(was),
        }
    }

    /// Returns the transaction after the change, if it counts.
    pub const fn now(&self) -> Option<&Transaction> {
        match self {
            Self::Added(now) | Self::Corrected(Correction { now, .. }) => Some(now),
            Self::Voided(_) => None,
        }
    }

    /// Returns the transaction before and after the change, as far as it counts there.
    pub fn states(&self) -> impl Iterator<Item = &Transaction> {
        self.was().into_iter().chain(self.now())
    }
}

/// The kind of change that the history of a transaction records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedEdit {
    /// Its values were replaced.
    Corrected,
    /// The transaction no longer counts.
    Voided,
    /// It was imported again after it was voided.
    Restored,
}

impl RecordedEdit {
    /// All kinds of changes.
    pub const ALL: [Self; 3] = [Self::Corrected, Self::Voided, Self::Restored];

    /// Returns the name, as texts write it and the database stores it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Corrected => "corrected",
            Self::Voided => "voided",
            Self::Restored => "restored",
        }
    }
}

impl std::fmt::Display for RecordedEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for RecordedEdit {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        let mut kinds = Self::ALL.into_iter();
        kinds
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownValue {
                value: text.to_owned(),
                kind: "change of a transaction",
                known: "corrected, voided, restored",
            })
    }
}

/// One recorded change of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionChange {
    /// External id of the transaction.
    pub reference: String,
    /// The kind of change.
    pub kind: RecordedEdit,
    /// Time of the change.
    pub at: DateTime<Utc>,
    /// Who made it, and why.
    pub attribution: Attribution,
    /// The transaction before the change; `None` if it was voided then.
    pub was: Option<Transaction>,
}
