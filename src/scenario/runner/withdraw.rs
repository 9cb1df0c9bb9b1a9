//! Plays the steps that take sources back: voided transactions, deleted closes and
//! deleted corporate actions.

use super::changes::invalidated_outcome;
use super::error::PlayError;
use super::harness::Harness;
use super::result::StepOutcome;
use crate::domain::{Attribution, DayRange};
use crate::import::apply::{
    ActionToDelete, ImportContext, WithdrawError, delete_action, delete_closes, void_transactions,
};

pub(super) fn void(
    harness: &Harness<'_>,
    ids: &[String],
    attribution: &Attribution,
) -> Result<StepOutcome, PlayError> {
    let settings = harness.settings();
    let context = ImportContext {
        calendar: &settings.calendar,
        now: harness.environment().clock.now(),
    };
    let mut writer = harness.store().writer()?;
    let voided = match void_transactions(&mut writer, ids, attribution, &context) {
        Ok(voided) => voided,
        Err(error) => return refused(error),
    };
    let warnings = voided.warnings.iter();
    let warnings = warnings.map(|warning| format!("warning: {warning}"));
    let count = voided.invalidated_count();
    invalidated_outcome(
        harness,
        warnings.collect(),
        &voided.invalidated_cells,
        count,
    )
}

pub(super) fn delete_prices(
    harness: &Harness<'_>,
    symbol: &str,
    days: DayRange,
    attribution: &Attribution,
) -> Result<StepOutcome, PlayError> {
    let settings = harness.settings();
    let context = ImportContext {
        calendar: &settings.calendar,
        now: harness.environment().clock.now(),
    };
    let mut writer = harness.store().writer()?;
    match delete_closes(&mut writer, symbol, days, attribution, &context) {
        Ok(deleted) => {
            let count = deleted.invalidated_count();
            invalidated_outcome(harness, Vec::new(), &deleted.invalidated_cells, count)
        }
        Err(error) => refused(error),
    }
}

pub(super) fn delete_one_action(
    harness: &Harness<'_>,
    action: &ActionToDelete,
    attribution: &Attribution,
) -> Result<StepOutcome, PlayError> {
    let settings = harness.settings();
    let context = ImportContext {
        calendar: &settings.calendar,
        now: harness.environment().clock.now(),
    };
    let mut writer = harness.store().writer()?;
    match delete_action(&mut writer, action, attribution, &context) {
        Ok(deleted) => {
            let warnings = deleted.warnings.iter();
            let warnings = warnings.map(|warning| format!("warning: {warning}"));
            let count = deleted.invalidated_count();
            invalidated_outcome(
                harness,
                warnings.collect(),
                &deleted.invalidated_cells,
                count,
            )
        }
        Err(error) => refused(error),
    }
}

fn refused(error: WithdrawError) -> Result<StepOutcome, PlayError> {
    match error {
        WithdrawError::Store(error) => Err(error.into()),
        refusal => Ok(StepOutcome::Refused {
            reason: refusal.to_string(),
        }),
    }
}
