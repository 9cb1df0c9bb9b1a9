//! Reads the failures that need attention.

use super::error::QueryError;
use crate::domain::{IdSet, LifecycleIndex};
use crate::store::{Failure, ReadTransaction};

/// Returns the failures of active portfolios on their sessions within their lifecycle. Other cells
/// are not expected, so their failures need no attention.
pub(super) fn expected_failures(
    reading: &ReadTransaction<'_>,
    lifecycles: &LifecycleIndex,
) -> Result<Vec<Failure>, QueryError> {
    let mut failures = reading.failures().all()?;
    failures.retain(|failure| {
        let (id, day) = (failure.cell.portfolio, failure.cell.day);
        let inception = lifecycles.earliest_inception(&IdSet::from([id.0]));
        lifecycles.active().contains(id.0)
            && inception.is_some_and(|inception| inception <= day)
            && lifecycles
                .closing_day(id)
                .is_none_or(|closing| day <= closing)
            && lifecycles.calendars().has_session(id, day)
    });
    Ok(failures)
}
