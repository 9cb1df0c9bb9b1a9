//! Forces cells: takes a range out of the ledger, durably and with a reason, so that the next plain
//! run completes a forced run that was cut off.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{EngineError, Settings};
use crate::domain::{Day, DayRange, IdSet, InvalidationCause, Phase, PhaseSet, Scope};
use crate::plan::Request;
use crate::store::{NewInvalidation, ReadTransaction, WriteTransaction};

/// Takes the scope and phases of a request out of the ledger on the days of `range`.
pub(super) fn force(
    writing: &WriteTransaction<'_>,
    request: &Request,
    range: DayRange,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<(), EngineError> {
    let cells = active_cells(writing, &request.scope, request.phases, range, settings)?;
    let forced = NewInvalidation {
        cause: InvalidationCause::Forced,
        reason: format!("forced for {range}"),
        cells,
    };
    writing.invalidations().invalidate(&forced, now)?;
    Ok(())
}

/// Takes cells out of the ledger on request, with a reason. Returns the cells that were in it, by
/// session and phase.
///
/// # Errors
///
/// The store cannot be read or written.
pub fn invalidate(
    writing: &WriteTransaction<'_>,
    scope: &Scope,
    phases: PhaseSet,
    range: DayRange,
    reason: &str,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<BTreeMap<(Day, Phase), IdSet>, EngineError> {
    let invalidation = NewInvalidation {
        cause: InvalidationCause::Request,
        reason: reason.to_owned(),
        cells: active_cells(writing, scope, phases, range, settings)?,
    };
    Ok(writing.invalidations().invalidate(&invalidation, now)?)
}

/// Returns the cells of the active portfolios in `scope`. No plan has steps for a deleted
/// portfolio, so an invalidation of its cells would stay open.
fn active_cells(
    reading: &ReadTransaction<'_>,
    scope: &Scope,
    phases: PhaseSet,
    range: DayRange,
    settings: &Settings,
) -> Result<BTreeMap<(Day, Phase), IdSet>, EngineError> {
    let lifecycles = reading.portfolios().lifecycle_index()?;
    let ids: IdSet = match scope {
        Scope::AllActive => lifecycles.active().clone(),
        Scope::Only(members) => members.iter().map(|id| id.0).collect(),
    };
    let ids = ids & lifecycles.active();
    // The sessions in force, not those configured, because they are the ones in the ledger.
    let sessions = reading.calendar().sessions_in_force(&settings.calendar)?;
    let mut cells = BTreeMap::new();
    for day in sessions.into_iter().filter(|day| range.contains(*day)) {
        for phase in phases.intersection(PhaseSet::CELL_PHASES).iter() {
            cells.insert((day, phase), ids.clone());
        }
    }
    Ok(cells)
}
