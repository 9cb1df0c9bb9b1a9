//! Finds the portfolios that need an exchange rate before it has its first close.

use std::collections::{BTreeMap, BTreeSet};

use super::conversions::Conversions;
use crate::domain::{CloseSigns, Day, ExchangeRate, IdSet, Security, SecurityId};
use crate::store::{ReadTransaction, StoreError};

/// The number of sessions whose closes are read at once. Most pairs have a close on the first one
/// with any.
const SESSIONS_AT_ONCE: usize = 64;

/// Returns the portfolios that traded a security, used cash, or received lots in a currency before
/// the first of `sessions` with a rate for it. `sessions` are all up to the last one that matters, and
/// no portfolio has a session before `inception`.
pub(super) fn users_before_first_rate(
    reading: &ReadTransaction<'_>,
    securities: &[Security],
    conversions: &Conversions,
    sessions: &[Day],
    inception: Day,
) -> Result<IdSet, StoreError> {
    let mut users = IdSet::new();
    if conversions.iter().next().is_none() {
        return Ok(users);
    }
    let pairs = conversions.iter().flat_map(|of| of.securities());
    let pairs: BTreeSet<_> = pairs.collect();
    let first = first_rates(reading, securities, &pairs, sessions)?;
    for conversion in conversions.iter() {
        let day = conversion.first_possible(|pair| first.get(&pair).copied());
        let day = day.unwrap_or(Day::MAX);
        // Most conversions end here, before any transaction is read.
        if day > inception {
            users |= conversions.traders_before(reading, conversion, day)?;
        }
    }
    // The books of a receiver follow from those of the givers.
    if !users.is_empty() {
        users |= reading.entries().receivers_of_lots()?;
    }
    Ok(users)
}

/// Returns the first of `sessions` from which on each pair has a rate. A pair without any, and one
/// with a close that is no rate, is left out.
fn first_rates(
    reading: &ReadTransaction<'_>,
    securities: &[Security],
    pairs: &BTreeSet<SecurityId>,
    sessions: &[Day],
) -> Result<BTreeMap<SecurityId, Day>, StoreError> {
    let Some(priced) = reading.closes().priced_range()? else {
        return Ok(BTreeMap::new());
    };
    let sessions = &sessions[sessions.partition_point(|day| *day < priced.first())..];
    // A later close of these can end the rate again, so that all closes are read.
    let is_unsteady = |pair: &SecurityId| {
        let known = securities.iter().find(|security| security.id == *pair);
        let is_steady = |security: &Security| {
            let mut classes = security.classes();
            classes.all(|class| class.closes() == CloseSigns::Positive)
        };
        known.is_none_or(|security| !is_steady(security))
    };
    let (unsteady, mut open): (BTreeSet<_>, BTreeSet<_>) =
        pairs.iter().copied().partition(is_unsteady);
    let (mut first, mut without_rate) = (BTreeMap::new(), BTreeSet::new());
    for days in sessions.chunks(SESSIONS_AT_ONCE) {
        let wanted = open.union(&unsteady).copied();
        let closes = reading.closes();
        closes.for_each_of(wanted, days.iter().copied(), |pair, day, close| {
            if ExchangeRate::from_price(close).is_none() {
                without_rate.insert(pair);
                return;
            }
            let known = first.entry(pair).or_insert(day);
            *known = day.min(*known);
        })?;
        open.retain(|pair| !first.contains_key(pair));
        if open.is_empty() && unsteady.is_empty() {
            break;
        }
    }
    first.retain(|pair, _| !without_rate.contains(pair));
    Ok(first)
}
