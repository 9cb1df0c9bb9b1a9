//! Ends the wait of unpriced sessions by the decision of an operator, and revokes such a decision.
//!
//! A decision is recorded and counts as a change of the sources: a run that planned before it plans
//! again.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::error::EngineError;
use super::session_prices::SessionPrices;
use super::settings::Settings;
use crate::domain::{
    CellSelection, Day, DayRange, EmptyScope, PhaseCells, PhaseSet, PortfolioId, PriceAcceptance,
    Scope,
};
use crate::invalidation::invalidate;
use crate::plan::UnpricedSession;
use crate::store::{ReadTransaction, WriteTransaction};

/// Records that the sessions of a range are treated as priced, up to the last final one: an outage
/// that has not come is not decided. Returns its id, the days and the sessions that waited.
///
/// # Errors
///
/// No session of the range up to the last final one is unpriced, or the database cannot be read or
/// written.
pub fn accept_prices(
    writing: &WriteTransaction<'_>,
    settings: &Settings,
    decision: &PriceAcceptance,
    now: DateTime<Utc>,
) -> Result<(u32, DayRange, BTreeMap<Day, UnpricedSession>), EngineError> {
    let unpriced = unpriced_sessions(writing, settings, decision.days, now)?;
    let (first, last) = (decision.days.first(), decision.days.last());
    let last = last.min(settings.calendar.last_final(now, settings.grace)?);
    let Some(days) = DayRange::new(first, last)
        .ok()
        .filter(|_| !unpriced.is_empty())
    else {
        return Err(EngineError::NothingToAccept(decision.days));
    };
    let decision = PriceAcceptance {
        days,
        ..decision.clone()
    };
    let id = writing.accepted_prices().add(&decision, now)?;
    writing.increment_revision()?;
    Ok((id, days, unpriced))
}

/// Revokes a decision: its sessions wait for closes again, unless these came or another decision
/// covers them. The cells of those that wait are invalidated, because they were done without
/// closes. Returns the invalidated cells, and the sessions that wait.
///
/// # Errors
///
/// No decision with this id is in force, or the database cannot be read or written.
pub fn revoke_accepted_prices(
    writing: &WriteTransaction<'_>,
    settings: &Settings,
    id: u32,
    now: DateTime<Utc>,
) -> Result<(PhaseCells, Vec<Day>), EngineError> {
    let in_force = writing.accepted_prices().in_force()?.into_iter();
    let mut revoked = in_force.filter(|accepted| accepted.id == id);
    let Some(revoked) = revoked.next() else {
        return Err(EngineError::NoSuchAcceptance(id));
    };
    writing.accepted_prices().revoke(id, now)?;
    let days = revoked.decision.days;
    writing.increment_revision()?;
    let mut invalidated = PhaseCells::new();
    let unpriced = unpriced_sessions(writing, settings, days, now)?;
    // The other cells of a session that is unpriced for a calendar did not use the decision.
    let holders = SessionPrices::new(writing, settings)?.holders_on(&unpriced)?;
    let waiting: Vec<Day> = unpriced.into_keys().collect();
    for day in waiting.iter().copied() {
        let scope = match holders.get(&day) {
            None => Scope::AllActive,
            Some(ids) => match Scope::from_ids(ids.iter().map(PortfolioId)) {
                Ok(scope) => scope,
                Err(EmptyScope) => continue,
            },
        };
        let selection = CellSelection {
            scope: &scope,
            phases: PhaseSet::CELL_PHASES,
            range: DayRange::single(day),
        };
        let reason = format!("accepted prices {id} revoked");
        invalidated.extend(invalidate(
            writing,
            &settings.calendar,
            &selection,
            &reason,
            now,
        )?);
    }
    Ok((invalidated, waiting))
}

/// Returns the unpriced sessions of a range, up to the last final one.
fn unpriced_sessions(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    days: DayRange,
    now: DateTime<Utc>,
) -> Result<BTreeMap<Day, UnpricedSession>, EngineError> {
    let last = days
        .last()
        .min(settings.calendar.last_final(now, settings.grace)?);
    let lifecycles = reading.portfolios().lifecycle_index()?;
    let first = lifecycles.earliest_inception(lifecycles.active());
    // Before the first inception no session has a cell.
    let Some(Ok(due)) = first.map(|first| DayRange::new(first.max(days.first()), last)) else {
        return Ok(BTreeMap::new());
    };
    let sessions = settings.calendar.sessions(due)?;
    let mut prices = SessionPrices::new(reading, settings)?;
    Ok(prices.unpriced_among(sessions.iter().copied())?)
}
