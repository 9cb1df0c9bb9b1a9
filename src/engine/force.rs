//! Forcing: cells of a range are taken out of the ledger, durably and with a reason, so that a
//! forced run that is cut off is completed by the next plain one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{EngineError, Settings};
use crate::domain::{Day, DayRange, IdSet, Phase, PhaseSet, Scope};
use crate::plan::{InvalidationCause, Request};
use crate::store::{NewInvalidation, ReadTransaction, WriteTransaction};

/// Takes everything that a request speaks of out of the ledger, on the days of `range`.
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
    writing.invalidate(&forced, now)?;
    Ok(())
}

/// Takes cells out of the ledger because a person says that they are wrong; how many phases of
/// cells were taken out.
pub fn invalidate(
    writing: &WriteTransaction<'_>,
    scope: &Scope,
    phases: PhaseSet,
    range: DayRange,
    why: &str,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<BTreeMap<(Day, Phase), IdSet>, EngineError> {
    let request = NewInvalidation {
        cause: InvalidationCause::Request,
        reason: why.to_owned(),
        cells: active_cells(writing, scope, phases, range, settings)?,
    };
    Ok(writing.invalidate(&request, now)?)
}

/// Those of the scope that are active: nobody would do a deleted portfolio's cells again.
fn active_cells(
    reading: &ReadTransaction<'_>,
    scope: &Scope,
    phases: PhaseSet,
    range: DayRange,
    settings: &Settings,
) -> Result<BTreeMap<(Day, Phase), IdSet>, EngineError> {
    let roster = reading.lifecycle_index()?;
    let who: IdSet = match scope {
        Scope::AllActive => roster.active().clone(),
        Scope::Only(members) => members.iter().map(|id| id.0).collect(),
    };
    let who = who & roster.active();
    let sessions = reading.sessions_in_force(&settings.calendar)?;
    let mut cells = BTreeMap::new();
    for day in sessions.into_iter().filter(|day| range.contains(*day)) {
        for phase in phases.intersection(PhaseSet::CELL_PHASES).iter() {
            cells.insert((day, phase), who.clone());
        }
    }
    Ok(cells)
}
