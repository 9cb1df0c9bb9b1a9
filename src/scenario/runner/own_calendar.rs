//! Plays the step that registers a calendar of the user's own.

use super::changes::{done_outcome, invalidation_lines};
use super::error::PlayError;
use super::harness::Harness;
use super::inspect::read_names;
use super::result::StepOutcome;
use crate::domain::calendar::Definition;
use crate::domain::count_ids;
use crate::engine::{EngineError, Registration, register_own_calendar};
use crate::store::StoreError;

/// Registers a calendar under its name. The name of another kind of calendar is refused, and so is
/// the replacement of one during a run.
pub(super) fn register(harness: &Harness<'_>, own: &Definition) -> Result<StepOutcome, PlayError> {
    let (settings, environment) = (harness.settings(), harness.environment());
    let mut writer = harness.store().writer()?;
    let registered = writer
        .write(|writing| register_own_calendar(writing, own, &settings.calendar, &environment));
    let removed = match registered {
        Ok(Registration::Added | Registration::Unchanged) => {
            return Ok(done_outcome(Vec::new(), 0));
        }
        Ok(Registration::Replaced { removed, .. }) => removed,
        Err(
            refusal @ (EngineError::OwnCalendar(_)
            | EngineError::Store(StoreError::LeaseHeld { .. })),
        ) => {
            return Ok(StepOutcome::Refused {
                reason: refusal.to_string(),
            });
        }
        Err(error) => return Err(error.into()),
    };
    let names = read_names(&harness.store())?;
    let lines = invalidation_lines(&removed, &names);
    Ok(done_outcome(lines, count_ids(&removed)))
}
