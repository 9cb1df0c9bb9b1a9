//! Loads what the execution of a plan needs, in one read transaction, after checking that the
//! sources are still those of the survey.

use std::collections::BTreeSet;

use super::error::EngineError;
use super::inputs::{self, CloseSelection, Inputs};
use super::settings::Settings;
use super::survey::SurveyResult;
use crate::domain::{Cell, Coverage, Day, DayRange, IdSet, Phase, PhaseSet};
use crate::plan::Plan;
use crate::store::ReadTransaction;

/// Sources and ledger entries that execution needs.
pub(super) struct Loaded {
    pub(super) inputs: Inputs,
    pub(super) previously_failed: BTreeSet<(Cell, Phase)>,
    pub(super) statistics: Coverage,
}

/// Loads the sources of a plan. Fails with [`SourcesChanged`] if they are not those of its survey.
///
/// [`SourcesChanged`]: crate::store::StoreError::SourcesChanged
pub(super) fn load(
    reading: &ReadTransaction<'_>,
    plan: &Plan,
    surveyed: &SurveyResult,
    settings: &Settings,
) -> Result<Loaded, EngineError> {
    reading.check_revision(surveyed.revision)?;
    let days: Vec<Day> = plan.days_with_work().map(|day| day.day).collect();
    // In bounds: a plan without work is not loaded.
    let range = DayRange::new(days[0], days[days.len() - 1]).expect("days of a plan ascend");
    let failures = reading.failures().all()?;
    Ok(Loaded {
        inputs: inputs::load(
            reading,
            settings,
            &planned_portfolios(plan),
            range.last(),
            CloseSelection::Needed,
        )?,
        previously_failed: failures
            .iter()
            .map(|failure| (failure.cell, failure.phase))
            .collect(),
        statistics: reading
            .ledger()
            .coverage(range, PhaseSet::from_phase(Phase::Securities))?,
    })
}

fn planned_portfolios(plan: &Plan) -> IdSet {
    let steps = plan.days.iter().flat_map(|day| &day.steps);
    steps.fold(IdSet::new(), |all, steps| all | &steps.cells)
}
