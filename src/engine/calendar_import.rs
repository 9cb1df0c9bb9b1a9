//! Puts a calendar in force by decision of an operator, without a run.

use std::collections::BTreeSet;

use super::error::EngineError;
use crate::domain::{Calendar, Day};
use crate::environment::Environment;
use crate::invalidation::{PendingInvalidations, sync_calendar};
use crate::store::WriteTransaction;

/// The effect of a calendar that was put in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CalendarEffect {
    /// The covered days that became or ceased to be its sessions.
    pub days: BTreeSet<Day>,
    /// Number of outputs that are invalidated.
    pub invalidated: u64,
}

/// Puts `calendar` in force and invalidates the cells that it changes.
///
/// # Errors
///
/// A run is active: it would go on with the calendar that it began with. Or the database cannot be
/// read or written.
pub fn put_calendar_in_force(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    environment: &Environment,
) -> Result<CalendarEffect, EngineError> {
    writing.lease().ensure_none_live(environment)?;
    let pending = PendingInvalidations::read(writing, None, calendar)?;
    let invalidated = pending.reasons().map(|(_, outputs)| outputs).sum();
    let synced = sync_calendar(writing, calendar, environment.clock.now())?;
    writing.increment_revision()?;
    writing.check_unpriced_from(Day::MIN)?;
    Ok(CalendarEffect {
        days: synced.days.into_iter().collect(),
        invalidated,
    })
}
