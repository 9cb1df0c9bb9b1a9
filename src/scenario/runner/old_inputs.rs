//! Finds the complete cells with prices or rates that are older than allowed, for the grids and
//! lines of transcripts and for expectations. The definition is that of `status`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::error::PlayError;
use super::inspect::Inspection;
use super::run_result::{RunResult, member_names, names_by_day};
use crate::domain::{Day, IdSet};
use crate::engine::{Settings, ledger_survey};
use crate::plan::{Plan, Request};
use crate::query::{Grid, Mark, Names, cells_with_old_inputs};
use crate::scenario::script::RunEnd;
use crate::store::Store;

/// Marks the cells of a run or plan that were complete before it, and notes those that it did.
pub(super) fn add_to_result(
    result: &mut RunResult,
    store: &Store,
    (request, plan, names): (&Request, &Plan, &Names),
    (settings, now): (&Settings, DateTime<Utc>),
) -> Result<(), PlayError> {
    let named = member_names(plan, names);
    // The cells that a plan would do have no books yet.
    let complete: &[Mark] = match result.end {
        RunEnd::Planned => &[Mark::DoneBefore],
        _ => &[Mark::DoneBefore, Mark::Processed],
    };
    let complete = result.grid.cells_with(&named, complete);
    if complete.is_empty() {
        return Ok(());
    }
    let old = store.read(|reading| {
        let survey = ledger_survey(reading, request, settings, now)?.survey;
        let sessions = (&settings.calendar, &survey);
        Ok::<_, PlayError>(cells_with_old_inputs(
            reading,
            sessions,
            &complete,
            max_stale(settings),
        )?)
    })?;
    if old.is_empty() {
        return Ok(());
    }
    if result.end != RunEnd::Planned {
        let done = result.grid.cells_with(&named, &[Mark::Processed]);
        let none = IdSet::new();
        let done = done.into_iter().map(|(day, cells)| {
            let old = cells & old.get(&day).unwrap_or(&none);
            (day, old)
        });
        result.old_inputs = names_by_day(&done.collect(), names);
    }
    result.grid = std::mem::take(&mut result.grid).with_mark(&named, Mark::OldInputs, &old);
    Ok(())
}

/// Returns the portfolios by day whose complete cell uses old prices or rates. `grid` is that of the
/// inspection.
pub(super) fn of_inspection(
    inspection: &Inspection,
    grid: &Grid,
    store: &Store,
    settings: &Settings,
) -> Result<BTreeMap<Day, IdSet>, PlayError> {
    let complete = grid.cells_with(inspection.names.portfolio_names(), &[Mark::DoneBefore]);
    let sessions = (&settings.calendar, &inspection.survey);
    let old =
        store.read(|read| cells_with_old_inputs(read, sessions, &complete, max_stale(settings)))?;
    Ok(old)
}

/// The age in sessions that prices and rates may have, which is the default of `[alerts] max-stale`.
fn max_stale(settings: &Settings) -> usize {
    usize::from(settings.price_wait.dead_after_sessions)
}
