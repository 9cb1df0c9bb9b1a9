//! Finds cells that the ledger has as done and whose output is missing.

use std::collections::BTreeMap;

use crate::domain::{Day, IdSet, Phase};
use crate::plan::Survey;
use crate::store::{ReadTransaction, StoreError};

/// The portfolios whose output of a phase on a day is missing, though the ledger has it as done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MissingOutputs {
    pub(super) day: Day,
    pub(super) phase: Phase,
    pub(super) ids: IdSet,
}

/// Returns the missing outputs of `cells`, portfolios by day, ascending by day and then by phase.
pub(super) fn missing_outputs(
    reading: &ReadTransaction<'_>,
    survey: &Survey,
    cells: &BTreeMap<Day, IdSet>,
) -> Result<Vec<MissingOutputs>, StoreError> {
    let mut found = Vec::new();
    for (day, ids) in cells {
        for phase in Phase::CELL_PHASES {
            let Some(done) = survey.coverage.get(*day, phase) else {
                continue;
            };
            let outputs = reading.outputs();
            let ids = outputs.ids_without_output(*day, phase, &(done & ids))?;
            if !ids.is_empty() {
                let day = *day;
                found.push(MissingOutputs { day, phase, ids });
            }
        }
    }
    Ok(found)
}

/// Returns the portfolios by day that lack an output of any phase.
pub(super) fn by_day(missing: &[MissingOutputs]) -> BTreeMap<Day, IdSet> {
    let mut cells: BTreeMap<Day, IdSet> = BTreeMap::new();
    for missing in missing {
        *cells.entry(missing.day).or_default() |= &missing.ids;
    }
    cells
}
