//! Corporate actions other than splits that are added or corrected late.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::affected_cells::AffectedCells;
use super::facts::Facts;
use super::ledger::remove_cells;
use super::splits::affected_by_quantity;
use crate::domain::{
    ActionChange, Calendar, CorporateAction, InvalidationCause, NewInvalidation, PhaseCells,
    PortfolioId, SecurityId,
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
        facts.check_unpriced_from(writing, change.action.day)?;
        if facts.is_covered(change.action.day) {
            let changes = late.entry(change.action.security).or_default();
            changes.push(*change);
        }
    }
    let invalidations = late.into_iter().map(|(security, changes)| {
        let symbol = &facts.security(security)?.symbol;
        let (mut affected, mut texts) = (AffectedCells::default(), Vec::new());
        for change in &changes {
            affected = affected.union(affected_by_action(&facts, change)?);
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

/// Invalidates the cells that a deleted action affects, and returns them.
///
/// # Errors
///
/// The database cannot be read or written.
pub(crate) fn invalidate_deleted_action(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    action: &CorporateAction,
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let facts = Facts::new(writing, calendar)?;
    let CorporateAction { day, kind, .. } = *action;
    if !facts.is_covered(day) {
        return Ok(PhaseCells::new());
    }
    facts.check_unpriced_from(writing, day)?;
    let symbol = facts.security(action.security)?.symbol_on(day);
    let change = ActionChange {
        was: Some(*action),
        action: *action,
    };
    let deleted = NewInvalidation {
        cause: InvalidationCause::Action,
        reason: format!("{kind} of {symbol} on {day} deleted"),
        cells: affected_by_action(&facts, &change)?.into_cells(),
    };
    remove_cells(writing, [Ok(deleted)], now)
}

/// Returns the cells that a stored action affects. A holding in the security received follows from one
/// in the security that is held.
fn affected_by_action(
    facts: &Facts<'_>,
    change: &ActionChange,
) -> Result<AffectedCells, StoreError> {
    facts.affected(|facts| affected_on_sessions(facts, change))
}

fn affected_on_sessions(
    facts: &Facts<'_>,
    change: &ActionChange,
) -> Result<AffectedCells, StoreError> {
    let CorporateAction { security, day, .. } = change.action;
    let sessions = facts.sessions(day)?;
    let owners = facts.ownership(security, sessions, |_| true)?;
    let mut affected = affected_by_quantity(day, &owners);
    // Lots of the security that the action delivered before it was corrected were given too.
    if let Some(was) = change.was.and_then(|was| was.received) {
        let holders = owners.affected_by_split(day);
        let givers = holders.iter().map(|id| (PortfolioId(id), day));
        let delivered = facts.ownership(was.security, sessions, |_| true)?;
        for (receiver, day) in delivered.receivers(givers) {
            affected.add_portfolio_from(sessions, day, receiver);
        }
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
