//! Changed attributes of securities. Changes of the name affect no cell. Neither do those of
//! `inactive_from`, which only decides whether prices are expected. Those of the calendar are in
//! `closed_sessions`.

use chrono::{DateTime, Utc};

use super::affected_cells::AffectedCells;
use super::carried_lots::invalidations_of_receivers;
use super::closed_sessions::affected_by_closed_sessions;
use super::facts::Facts;
use super::freshest_prices::PairCalendars;
use super::ledger::remove_cells;
use super::ownership::Ownership;
use crate::domain::{
    Calendar, Change, Correction, Day, IdSet, InvalidationCause, NewInvalidation, Phase,
    PhaseCells, PhaseSet, Security, SecurityCalendars, SecurityId,
};
use crate::store::{StoreError, WriteTransaction};

/// Invalidates the cells that stored attributes of securities affect, and returns them.
///
/// # Errors
///
/// The database cannot be read or written.
pub(crate) fn invalidate_attributes(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    corrected: &[Correction<Security>],
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let facts = Facts::new(writing, calendar)?;
    let calendars = writing.security_calendars().in_force()?;
    let (mut pairs, mut given) = (PairCalendars::default(), Vec::new());
    let may_be_given = writing.entries().has_counterparts()?;
    for Correction { was, now } in corrected {
        // The cost of lots follows from these terms, also where another portfolio has taken them
        // over, or units received for them.
        if may_be_given && pricing_terms(was, now).iter().any(Option::is_some) {
            let entries = facts.actions()?.entries(writing, now.id, None)?;
            let entries = entries.iter().map(|movement| &movement.transaction);
            given.extend(entries.map(|entry| (now.id, entry.portfolio, entry.day)));
        }
        if was.calendar != now.calendar {
            let (before, after) = (calendars.sessions_of(was), calendars.sessions_of(now));
            pairs.add(facts.sessions(Day::MIN)?, now, before, after);
        }
    }
    let receivers = invalidations_of_receivers(&facts, InvalidationCause::Attribute, given)?;
    let invalidations = corrected.iter().map(|correction| {
        let (affected, differs) = affected_by_attributes(&facts, correction, &calendars, &pairs)?;
        let differs: Vec<_> = differs.iter().map(ToString::to_string).collect();
        Ok(NewInvalidation {
            cause: InvalidationCause::Attribute,
            reason: format!("{}: {}", correction.now.symbol, differs.join(", ")),
            cells: affected.into_cells(),
        })
    });
    remove_cells(
        writing,
        invalidations.chain(receivers.into_iter().map(Ok)),
        now,
    )
}

/// Returns the changes of the terms by which a price becomes an amount.
fn pricing_terms(was: &Security, now: &Security) -> [Option<Change>; 2] {
    [
        Change::between("multiplier", &was.multiplier, &now.multiplier),
        Change::between("currency", &was.currency, &now.currency),
    ]
}

/// Returns the cells that a correction affects, and the changed attributes that affect them. `pairs`
/// are the currency pairs whose calendars change with it.
fn affected_by_attributes(
    facts: &Facts<'_>,
    Correction { was, now }: &Correction<Security>,
    calendars: &SecurityCalendars,
    pairs: &PairCalendars,
) -> Result<(AffectedCells, Vec<Change>), StoreError> {
    let classification = [
        Change::between("sector", &was.sector, &now.sector),
        Change::between("class", &was.class, &now.class),
    ];
    let pricing_terms = pricing_terms(was, now);
    let mut affected = AffectedCells::default();
    if classification.iter().any(Option::is_some) {
        let rule = affected_by_classification;
        affected = affected.union(facts.affected(|facts| affected_by(facts, now.id, rule))?);
    }
    if pricing_terms.iter().any(Option::is_some) {
        let rule = affected_by_pricing_terms;
        affected = affected.union(facts.affected(|facts| affected_by(facts, now.id, rule))?);
    }
    if was.currency != now.currency && facts.benchmark_and_factors()?.contains(&now.id) {
        affected = affected.union(affected_by_index_currency(facts)?);
    }
    let calendar = Change::between_optional("calendar", &was.calendar, &now.calendar);
    if calendar.is_some() {
        let sessions = (calendars.sessions_of(was), calendars.sessions_of(now));
        affected = affected.union(
            facts.affected(|facts| affected_by_closed_sessions(facts, now, sessions, pairs))?,
        );
    }
    let differs = classification
        .into_iter()
        .chain(pricing_terms)
        .chain([calendar]);
    Ok((affected, differs.flatten().collect()))
}

/// Returns the cells affected by the currency of a benchmark or factor, whose returns risk converts:
/// the risk of all portfolios.
fn affected_by_index_currency(facts: &Facts<'_>) -> Result<AffectedCells, StoreError> {
    let mut affected = AffectedCells::default();
    let portfolios = facts.reading.portfolios().lifecycle_index()?.all_ids();
    let risk = PhaseSet::from_phase(Phase::Risk);
    affected.add_days(facts.sessions(Day::MIN)?, risk, &portfolios);
    Ok(affected)
}

/// Applies `rule` to the complete ownership of a security.
fn affected_by(
    facts: &Facts<'_>,
    security: SecurityId,
    rule: impl Fn(&Ownership<'_>) -> AffectedCells,
) -> Result<AffectedCells, StoreError> {
    let entries = facts.actions()?.entries(facts.reading, security, None)?;
    let days = entries.iter().map(|movement| movement.transaction.day);
    let Some(first) = days.min() else {
        return Ok(AffectedCells::default());
    };
    let splits = facts.reading.splits().of_security(security)?;
    Ok(rule(&Ownership::new(
        facts.sessions(first)?,
        entries,
        splits,
    )))
}

/// Returns the cells affected by a security's sector or class: exposures and risk of its holders,
/// on every session on which they hold it.
fn affected_by_classification(owners: &Ownership<'_>) -> AffectedCells {
    let phases = PhaseSet::from_phase(Phase::Exposures).with(Phase::Risk);
    let mut affected = AffectedCells::default();
    let mut changes = owners.changes();
    let mut holders = IdSet::new();
    for (at, day) in owners.sessions.iter().enumerate() {
        if let Some(change) = changes.remove(&at) {
            holders |= change.started;
            holders -= change.ended;
        }
        affected.add(*day, phases, &holders);
    }
    affected
}

/// Returns the cells affected by a security's multiplier or currency: all cells of the portfolios
/// that ever moved it, from their first movement on, because it changes the cash they paid.
fn affected_by_pricing_terms(owners: &Ownership<'_>) -> AffectedCells {
    let mut affected = AffectedCells::default();
    for (at, ids) in owners.first_movements() {
        affected.add_days(&owners.sessions[at..], PhaseSet::CELL_PHASES, &ids);
    }
    affected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TransactionKind::{Buy, Sell};
    use crate::invalidation::sample::{entry, sessions, table};

    #[test]
    fn class_affects_held_sessions_and_multiplier_affects_all_since_first_trade() {
        let sessions = sessions(5);
        let trades = [(1, 2, Buy, 5), (1, 6, Sell, 5)].map(entry);
        let owners = Ownership::new(&sessions, trades, []);
        let (none, held) = (Vec::new, vec![1]);
        let class = affected_by_classification(&owners);
        let while_held = [none(), held.clone(), held.clone(), none(), none()];
        assert_eq!(table(&class, Phase::Risk, 5), while_held);
        assert_eq!(table(&class, Phase::Exposures, 5), while_held);
        assert!(table(&class, Phase::Snapshot, 5).concat().is_empty());
        let terms = table(&affected_by_pricing_terms(&owners), Phase::Positions, 5);
        assert_eq!(
            terms,
            [none(), held.clone(), held.clone(), held.clone(), held]
        );
    }
}
