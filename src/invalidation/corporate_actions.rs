//! Corporate actions other than splits that are added or corrected late.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::affected_cells::AffectedCells;
use super::facts::Facts;
use super::ledger::remove_cells;
use crate::domain::{
    ActionChange, Calendar, CorporateAction, IdSet, InvalidationCause, NewInvalidation, PhaseCells,
    PhaseSet, PortfolioId, SecurityId,
};
use crate::store::{StoreError, WriteTransaction};

/// Invalidates the cells that stored actions affect, and returns them. The actions of one security
/// form one invalidation.
///
/// # Errors
///
/// The database cannot be read or written.
pub(crate) fn invalidate_actions(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    actions: &[ActionChange],
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let facts = Facts::new(writing, calendar)?;
    let mut late: BTreeMap<SecurityId, Vec<ActionChange>> = BTreeMap::new();
    for change in actions {
        if facts.is_covered(change.action.day) {
            let changes = late.entry(change.action.security).or_default();
            changes.push(*change);
        }
    }
    let invalidations = late.into_iter().map(|(security, changes)| {
        let symbol = &facts.security(security)?.symbol;
        let (mut affected, mut texts) = (AffectedCells::default(), Vec::new());
        for change in &changes {
            affected = affected.union(affected_by_action(&facts, &change.action)?);
            texts.push(reason(symbol, change));
        }
        Ok(NewInvalidation {
            cause: InvalidationCause::Action,
            reason: texts.join(", "),
            cells: affected.into_cells(),
        })
    });
    remove_cells(writing, invalidations, now)
}

/// Returns all cells, from the session of an action on, of the portfolios that held the security
/// just before it. A holding in the security received follows from one of these.
fn affected_by_action(
    facts: &Facts<'_>,
    action: &CorporateAction,
) -> Result<AffectedCells, StoreError> {
    let sessions = facts.sessions(action.day)?;
    let owners = facts.ownership(action.security, sessions, |_| true)?;
    let mut affected = AffectedCells::default();
    let after = &owners.sessions[owners.session_index(action.day)..];
    let holders = owners.affected_by_split(action.day);
    affected.add_days(after, PhaseSet::CELL_PHASES, &holders);
    // Lots that they transferred later with cost and dates differ too.
    let givers = (holders.iter()).map(|id| (PortfolioId(id), action.day));
    for (receiver, day) in owners.receivers(givers) {
        let after = &sessions[owners.session_index(day)..];
        affected.add_days(after, PhaseSet::CELL_PHASES, &IdSet::from([receiver.0]));
    }
    Ok(affected)
}

/// Describes an action that was added or corrected.
fn reason(symbol: &str, change: &ActionChange) -> String {
    let CorporateAction { day, kind, .. } = change.action;
    let changed = if change.was.is_some() {
        "corrected"
    } else {
        "added late"
    };
    format!("{kind} of {symbol} on {day} {changed}")
}
