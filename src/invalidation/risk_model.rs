//! A changed risk model: benchmark, factors or shocks.

use chrono::{DateTime, Utc};

use super::failures::forget_failures;
use super::ledger::remove_cells;
use crate::domain::{DayRange, InvalidationCause, NewInvalidation, Phase, PhaseSet, RiskModel};
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// Puts the configured risk model in force. If another one was in force, invalidates statistics and
/// risk on all days. Returns whether any of them was done.
pub(crate) fn sync_risk_model(
    writing: &WriteTransaction<'_>,
    model: &RiskModel,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if writing.risk_models().in_force()?.1 == *model {
        return Ok(false);
    }
    let new = model_change(writing, model)?;
    forget_failures(writing, |failed| failed.of_model(model))?;
    writing.risk_models().set(model, now)?;
    // The model is a source: surveys made with the old one are outdated, even if nothing is covered
    // yet and the invalidation is empty.
    writing.increment_revision()?;
    let removed = remove_cells(writing, new.map(Ok), now)?;
    Ok(!removed.is_empty())
}

/// Returns what is invalidated when `model` is put in force; `None` if it is in force, or names the
/// same securities by other symbols.
pub(super) fn model_change(
    reading: &ReadTransaction<'_>,
    model: &RiskModel,
) -> Result<Option<NewInvalidation>, StoreError> {
    let (_, in_force) = reading.risk_models().in_force()?;
    if in_force == *model || in_force.is_equivalent(model, &reading.securities().all()?) {
        return Ok(None);
    }
    let phases = PhaseSet::from_phase(Phase::Securities).with(Phase::Risk);
    Ok(Some(NewInvalidation {
        cause: InvalidationCause::Model,
        reason: "benchmark, factors or shocks changed".to_owned(),
        cells: reading
            .ledger()
            .coverage(DayRange::ALL, phases)?
            .into_cells(),
    }))
}
