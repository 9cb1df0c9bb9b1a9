//! Defines the decision of an operator to do without the closes of unpriced sessions.

use chrono::{DateTime, Utc};

use super::day::DayRange;

/// A decision to treat the sessions of a range as priced, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedPrices {
    /// Dense id inside the database.
    pub id: u32,
    /// Time of the decision.
    pub at: DateTime<Utc>,
    /// The sessions, with the words of the operator.
    pub decision: PriceAcceptance,
    /// Time at which it was revoked; `None` while it is in force.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The words of a decision to treat the sessions of a range as priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceAcceptance {
    /// The days whose sessions are treated as priced.
    pub days: DayRange,
    /// Name of the operator, as given.
    pub by: String,
    /// Reason of the operator.
    pub reason: String,
}
