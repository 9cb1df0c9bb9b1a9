//! Changed closes: of held securities, exchange rates, benchmark and factors.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::affected_cells::AffectedCells;
use super::affected_sessions::{AffectedSessions, CloseSpan};
use super::facts::Facts;
use super::freshest_prices::FreshestPrices;
use super::ledger::remove_cells;
use super::price_uses::affected_by_price_uses;
use crate::domain::{
    Calendar, CloseChange, Day, InvalidationCause, NewInvalidation, PhaseCells, Security,
    SecurityId,
};
use crate::phases::{LONGEST_WINDOW, is_currency_pair};
use crate::store::{StoreError, WriteTransaction};

/// Invalidates the cells that stored closes affect, and returns them. The closes of one security
/// form one invalidation.
///
/// # Errors
///
/// The database cannot be read or written.
pub(crate) fn invalidate_closes(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    closes: &[CloseChange],
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let facts = Facts::new(writing, calendar)?;
    let mut covered: BTreeMap<SecurityId, Vec<CloseChange>> = BTreeMap::new();
    for change in closes {
        if facts.is_close_covered(change.day)? {
            covered.entry(change.security).or_default().push(*change);
        }
    }
    let invalidations = covered.into_iter().map(|(security, changes)| {
        let security = facts.security(security)?;
        let days = changes.iter().map(|change| change.day).collect();
        Ok(NewInvalidation {
            cause: InvalidationCause::Price,
            reason: reason(&security.symbol, &changes),
            cells: affected_by_closes(&facts, security, &days)?.into_cells(),
        })
    });
    remove_cells(writing, invalidations, now)
}

/// Invalidates the cells that deleted closes of one security affected, and returns them.
///
/// # Errors
///
/// The database cannot be read or written.
pub(crate) fn invalidate_deleted_closes(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    security: SecurityId,
    days: &BTreeSet<Day>,
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let facts = Facts::new(writing, calendar)?;
    let mut covered = BTreeSet::new();
    for day in days {
        if facts.is_close_covered(*day)? {
            covered.insert(*day);
        }
    }
    let (Some(first), Some(last)) = (covered.first(), covered.last()) else {
        return Ok(PhaseCells::new());
    };
    facts.check_unpriced_from(writing, *first)?;
    let security = facts.security(security)?;
    let reason = match covered.len() {
        1 => format!("close of {} on {first} deleted", security.symbol),
        count => format!(
            "{count} closes of {}, {first} to {last}, deleted",
            security.symbol
        ),
    };
    let invalidation = NewInvalidation {
        cause: InvalidationCause::Price,
        reason,
        cells: affected_by_deletion(&facts, security, &covered)?.into_cells(),
    };
    remove_cells(writing, [Ok(invalidation)], now)
}

/// Returns the cells affected by deleted closes of a security on `days`. Without a first rate there
/// are no books, so that all phases of a portfolio that used it are affected.
fn affected_by_deletion(
    facts: &Facts<'_>,
    security: &Security,
    days: &BTreeSet<Day>,
) -> Result<AffectedCells, StoreError> {
    let affected = affected_by_closes(facts, security, days)?;
    let Some(first) = days.first().filter(|_| is_currency_pair(security)) else {
        return Ok(affected);
    };
    match facts.reading.closes().last_before(security.id, *first)? {
        Some(_) => Ok(affected),
        None => Ok(affected.with_all_phases_from_first(facts.sessions(*first)?)),
    }
}

/// Returns the cells affected by closes of a security on `days`.
fn affected_by_closes(
    facts: &Facts<'_>,
    security: &Security,
    days: &BTreeSet<Day>,
) -> Result<AffectedCells, StoreError> {
    facts.affected(|facts| affected_on_sessions(facts, security, days))
}

fn affected_on_sessions(
    facts: &Facts<'_>,
    security: &Security,
    days: &BTreeSet<Day>,
) -> Result<AffectedCells, StoreError> {
    let Some(first) = days.first() else {
        return Ok(AffectedCells::default());
    };
    let sessions = facts.sessions(*first)?;
    let mut closes = Vec::with_capacity(days.len());
    for day in days {
        let later = &sessions[sessions.partition_point(|session| session <= day)..];
        let next = facts.reading.closes().first_on(security.id, later)?;
        closes.push(CloseSpan { day: *day, next });
    }
    let changed = AffectedSessions::from_closes(sessions, closes, LONGEST_WINDOW);
    let owners = facts.ownership(security.id, sessions, |_| true)?;
    let freshest = FreshestPrices::Closes(days);
    affected_by_price_uses(facts, security, &freshest, &changed, &owners)
}

/// Describes the closes of one security that were set: at least one, in any order.
fn reason(symbol: &str, changes: &[CloseChange]) -> String {
    if let [change] = changes {
        let (day, price) = (change.day, change.price);
        return match change.previous {
            Some(was) => format!("close of {symbol} on {day} corrected from {was} to {price}"),
            None => format!("close of {symbol} on {day} added late: {price}"),
        };
    }
    let days = changes.iter().map(|change| change.day);
    let count = changes.len();
    let span = match (days.clone().min(), days.max()) {
        (Some(first), Some(last)) => format!("{count} closes of {symbol}, {first} to {last}"),
        _ => format!("closes of {symbol}"),
    };
    let late = changes
        .iter()
        .filter(|change| change.previous.is_none())
        .count();
    match count - late {
        0 => format!("{span}, added late"),
        corrected if late == 0 && corrected > 0 => format!("{span}, corrected"),
        corrected => format!("{span}: {late} added late, {corrected} corrected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Price;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn close(on: &str, was: Option<i32>, price: i32) -> CloseChange {
        CloseChange {
            security: SecurityId(1),
            day: day(on),
            previous: was.map(Price::whole),
            price: Price::whole(price),
        }
    }

    #[test]
    fn a_close_reason_names_old_and_new_price() {
        let corrected = close("2026-01-05", Some(100), 101);
        assert_eq!(
            reason("AAPL", &[corrected]),
            "close of AAPL on 2026-01-05 corrected from 100 to 101"
        );
        let late = close("2026-01-06", None, 102);
        assert_eq!(
            reason("AAPL", &[late]),
            "close of AAPL on 2026-01-06 added late: 102"
        );
        assert_eq!(
            reason("AAPL", &[late, corrected]),
            "2 closes of AAPL, 2026-01-05 to 2026-01-06: 1 added late, 1 corrected"
        );
        assert_eq!(
            reason("AAPL", &[late, late]),
            "2 closes of AAPL, 2026-01-06 to 2026-01-06, added late"
        );
        assert_eq!(
            reason("AAPL", &[corrected, corrected]),
            "2 closes of AAPL, 2026-01-05 to 2026-01-05, corrected"
        );
    }
}
