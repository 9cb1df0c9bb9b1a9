//! Changed attributes of securities. Changes of the name affect no cell. Neither do those of
//! `inactive_from`, which only decides whether prices are expected. Those of the calendar are in
//! `closed_sessions`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::affected_cells::AffectedCells;
use super::carried_lots::invalidations_of_receivers;
use super::closed_sessions::affected_by_closed_sessions;
use super::facts::Facts;
use super::freshest_prices::PairCalendars;
use super::ledger::remove_cells;
use super::ownership::Ownership;
use super::splits::{affected_by_quantity, affected_by_unit_price};
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
        let expects = |of: &Security| (of.can_be_held(), of.inactive_from, of.calendar.clone());
        if expects(was) != expects(now) || !was.classes().eq(now.classes()) {
            facts.check_unpriced_from(writing, Day::MIN)?;
        }
        // The cost of lots follows from these terms, also where another portfolio has taken them
        // over, or units received for them.
        if may_be_given && PricingTerms::differ(was, now) {
            let entries = facts.actions()?.entries(writing, now.id, None)?;
            let entries = entries.iter().map(|movement| &movement.transaction);
            let entries = entries.filter(|entry| PricingTerms::differ_on(was, now, entry.day));
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

/// The terms by which a price becomes an amount: multiplier and currency.
struct PricingTerms;

impl PricingTerms {
    fn differ_on(was: &Security, now: &Security, day: Day) -> bool {
        was.currency != now.currency || was.multiplier_on(day) != now.multiplier_on(day)
    }

    fn differ(was: &Security, now: &Security) -> bool {
        Self::first_day(was, now).is_some()
    }

    /// Returns the first day on which they differ.
    fn first_day(was: &Security, now: &Security) -> Option<Day> {
        let changes = was.attribute_days().chain(now.attribute_days());
        let days = [Day::MIN].into_iter().chain(changes);
        days.filter(|day| Self::differ_on(was, now, *day)).min()
    }

    /// Returns the days of the changes of the multiplier that only one of two securities has.
    fn multiplier_days(was: &Security, now: &Security) -> BTreeSet<Day> {
        let [was, now] = [was, now].map(|of| of.multiplier_changes().collect::<Vec<_>>());
        let left = was.iter().filter(|change| !now.contains(change));
        let new = now.iter().filter(|change| !was.contains(change));
        left.chain(new).map(|change| change.day).collect()
    }
}

/// Returns the cells that a correction affects, and the changed attributes that affect them. `pairs`
/// are the currency pairs whose calendars change with it.
fn affected_by_attributes(
    facts: &Facts<'_>,
    Correction { was, now }: &Correction<Security>,
    calendars: &SecurityCalendars,
    pairs: &PairCalendars,
) -> Result<(AffectedCells, Vec<Change>), StoreError> {
    let mut affected = AffectedCells::default();
    let dated = was.without_id().attribute_changes(&now.without_id());
    if !dated.is_empty() {
        let differs = |day: Day| {
            was.class_on(day) != now.class_on(day) || was.sector_on(day) != now.sector_on(day)
        };
        let rule = |owners: &Ownership<'_>| affected_by_classification(owners, differs);
        affected = affected.union(facts.affected(|facts| affected_by(facts, now.id, rule))?);
    }
    if let Some(first) = PricingTerms::first_day(was, now) {
        let rule = |owners: &Ownership<'_>| affected_by_pricing_terms(owners, first);
        affected = affected.union(facts.affected(|facts| affected_by(facts, now.id, rule))?);
    }
    for day in PricingTerms::multiplier_days(was, now) {
        let rule = |facts: &Facts<'_>| affected_by_unit(facts, now, day);
        affected = affected.union(facts.affected(rule)?);
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
    let currency = Change::between("currency", &was.currency, &now.currency);
    let others = [currency, calendar].into_iter().flatten();
    Ok((affected, dated.into_iter().chain(others).collect()))
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

/// Returns the cells affected by a security's sector or class: exposures and risk of its holders, on
/// every session on which they hold it and the day `differs`.
fn affected_by_classification(
    owners: &Ownership<'_>,
    differs: impl Fn(Day) -> bool,
) -> AffectedCells {
    let phases = PhaseSet::from_phase(Phase::Exposures).with(Phase::Risk);
    let mut affected = AffectedCells::default();
    let mut changes = owners.changes();
    let mut holders = IdSet::new();
    for (at, day) in owners.sessions.iter().enumerate() {
        if let Some(change) = changes.remove(&at) {
            holders |= change.started;
            holders -= change.ended;
        }
        if differs(*day) {
            affected.add(*day, phases, &holders);
        }
    }
    affected
}

/// Returns the cells affected by a security's multiplier or currency from the day `first` on: all
/// cells of the portfolios that hold it then, and of those that move it later, from that movement on,
/// because it changes the cash they paid.
fn affected_by_pricing_terms(owners: &Ownership<'_>, first: Day) -> AffectedCells {
    let mut affected = affected_by_quantity(first, owners);
    for (at, ids) in owners.first_movements(first) {
        affected.add_days(&owners.sessions[at..], PhaseSet::CELL_PHASES, &ids);
    }
    affected
}

/// Returns the cells affected by a change of a multiplier on `day`, through the prices and returns of a
/// unit, which it changes as a split does.
fn affected_by_unit(
    facts: &Facts<'_>,
    security: &Security,
    day: Day,
) -> Result<AffectedCells, StoreError> {
    let sessions = facts.sessions(day)?;
    if sessions.is_empty() {
        return Ok(AffectedCells::default());
    }
    let owners = facts.ownership(security.id, sessions, |_| true)?;
    affected_by_unit_price(facts, security, day, &owners)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TransactionKind::{Buy, Sell};
    use crate::invalidation::sample::{day, entry, sessions, table};

    #[test]
    fn class_affects_held_sessions_and_multiplier_affects_all_since_first_trade() {
        let sessions = sessions(5);
        let trades = [(1, 2, Buy, 5), (1, 6, Sell, 5)].map(entry);
        let owners = Ownership::new(&sessions, trades, []);
        let (none, held) = (Vec::new, vec![1]);
        let class = affected_by_classification(&owners, |_| true);
        let while_held = [none(), held.clone(), held.clone(), none(), none()];
        assert_eq!(table(&class, Phase::Risk, 5), while_held);
        assert_eq!(table(&class, Phase::Exposures, 5), while_held);
        assert!(table(&class, Phase::Snapshot, 5).concat().is_empty());
        let late = affected_by_classification(&owners, |on| on >= day(4));
        let late = table(&late, Phase::Exposures, 5);
        assert_eq!(late, [none(), none(), held.clone(), none(), none()]);
        let from = |first| {
            table(
                &affected_by_pricing_terms(&owners, first),
                Phase::Positions,
                5,
            )
        };
        assert_eq!(
            from(Day::MIN),
            [
                none(),
                held.clone(),
                held.clone(),
                held.clone(),
                held.clone()
            ]
        );
        assert_eq!(
            from(day(4)),
            [none(), none(), held.clone(), held.clone(), held]
        );
        // Sold before, the multiplier is of no use.
        assert!(from(day(7)).concat().is_empty());
    }
}
