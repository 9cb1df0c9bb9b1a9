//! Plays the steps that take sources back: voided transactions, deleted closes and
//! deleted corporate actions.

use super::changes::{import_context, invalidated_outcome};
use super::error::PlayError;
use super::harness::Harness;
use super::result::StepOutcome;
use crate::domain::{Attribution, DayRange, PhaseCells};
use crate::import::Warning;
use crate::import::apply::{
    ActionToDelete, ImportContext, WithdrawError, delete_action, delete_closes, void_transactions,
};
use crate::store::Writer;

/// The warnings about what was taken back, and the cells that it affects.
type Withdrawn = (Vec<Warning>, PhaseCells);

pub(super) fn void(
    harness: &Harness<'_>,
    ids: &[String],
    attribution: &Attribution,
) -> Result<StepOutcome, PlayError> {
    withdraw(harness, |writer, context| {
        let voided = void_transactions(writer, ids, attribution, context)?;
        Ok((voided.warnings, voided.invalidated_cells))
    })
}

pub(super) fn delete_prices(
    harness: &Harness<'_>,
    symbol: &str,
    days: DayRange,
    attribution: &Attribution,
) -> Result<StepOutcome, PlayError> {
    withdraw(harness, |writer, context| {
        let deleted = delete_closes(writer, symbol, days, attribution, context)?;
        Ok((Vec::new(), deleted.invalidated_cells))
    })
}

pub(super) fn delete_one_action(
    harness: &Harness<'_>,
    action: &ActionToDelete,
    attribution: &Attribution,
) -> Result<StepOutcome, PlayError> {
    withdraw(harness, |writer, context| {
        let deleted = delete_action(writer, action, attribution, context)?;
        Ok((deleted.warnings, deleted.invalidated_cells))
    })
}

fn withdraw(
    harness: &Harness<'_>,
    take_back: impl FnOnce(&mut Writer, &ImportContext<'_>) -> Result<Withdrawn, WithdrawError>,
) -> Result<StepOutcome, PlayError> {
    let settings = harness.settings();
    let context = import_context(harness, &settings);
    match take_back(&mut harness.store().writer()?, &context) {
        Ok((warnings, cells)) => {
            let warnings = warnings.iter();
            let warnings = warnings.map(|warning| format!("warning: {warning}"));
            invalidated_outcome(harness, warnings.collect(), &cells)
        }
        Err(WithdrawError::Store(error)) => Err(error.into()),
        Err(refusal) => Ok(StepOutcome::Refused {
            reason: refusal.to_string(),
        }),
    }
}
