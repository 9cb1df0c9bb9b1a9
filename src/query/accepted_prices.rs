//! Lists the decisions to do without the closes of unpriced sessions.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::QueryError;
use crate::domain::{AcceptedPrices, Day};
use crate::store::{ReadTransaction, Store};

/// A decision to treat the sessions of a range as priced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AcceptedPricesView {
    /// Number of the decision, by which it is revoked.
    pub id: u32,
    /// First day of the range.
    pub from: Day,
    /// Last day of the range.
    pub to: Day,
    /// Name of the operator.
    pub by: String,
    /// Reason of the operator.
    pub reason: String,
    /// Time of the decision.
    pub at: DateTime<Utc>,
    /// Time at which it was revoked; absent while it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<AcceptedPrices> for AcceptedPricesView {
    fn from(accepted: AcceptedPrices) -> Self {
        Self {
            id: accepted.id,
            from: accepted.decision.days.first(),
            to: accepted.decision.days.last(),
            by: accepted.decision.by,
            reason: accepted.decision.reason,
            at: accepted.at,
            revoked_at: accepted.revoked_at,
        }
    }
}

/// Returns all decisions, also revoked ones, the oldest first.
///
/// # Errors
///
/// The store cannot be read.
pub fn accepted_prices(store: &Store) -> Result<Vec<AcceptedPricesView>, QueryError> {
    let all = store.read(|reading| reading.accepted_prices().all())?;
    Ok(all.into_iter().map(AcceptedPricesView::from).collect())
}

/// Returns the decisions in force that cover any of `days`, which must ascend.
pub(super) fn accepted_within(
    reading: &ReadTransaction<'_>,
    days: &[Day],
) -> Result<Vec<AcceptedPricesView>, QueryError> {
    let in_force = reading.accepted_prices().in_force()?.into_iter();
    let covering =
        in_force.filter(|accepted| days.iter().any(|day| accepted.decision.days.contains(*day)));
    Ok(covering.map(AcceptedPricesView::from).collect())
}

/// Returns the decision in force that covers `day`, if there is one.
pub(super) fn accepted_on(
    reading: &ReadTransaction<'_>,
    day: Day,
) -> Result<Option<AcceptedPricesView>, QueryError> {
    let in_force = reading.accepted_prices().in_force()?.into_iter();
    let mut covering = in_force.filter(|accepted| accepted.decision.days.contains(day));
    Ok(covering.next().map(AcceptedPricesView::from))
}
