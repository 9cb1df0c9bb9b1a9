//! Finds the cells affected by changed prices of a currency pair: those of holdings, and of a
//! benchmark or factor, that are converted at a rate in which it is used, directly, inversely or as
//! a leg of a cross rate.

use std::collections::{BTreeMap, BTreeSet};

use super::affected_cells::AffectedCells;
use super::affected_sessions::AffectedSessions;
use super::facts::Facts;
use super::freshest_prices::FreshestPrices;
use super::holders::affected_by_rate;
use crate::domain::{Currency, Day, IdSet, Phase, PhaseSet, Security, SecurityId};
use crate::phases::{
    AsOfRate, Close, Conversion, CurrencyPairs, LONGEST_WINDOW, Market, MarketSources,
    is_currency_pair,
};
use crate::store::StoreError;

/// Returns the cells affected by prices of `pair` on the `changed` sessions; none if it is no
/// currency pair. `sessions` end with the last of the ledger.
pub(super) fn affected_by_rate_uses(
    facts: &Facts<'_>,
    pair: &Security,
    freshest: &FreshestPrices<'_>,
    changed: &AffectedSessions,
    sessions: &[Day],
) -> Result<AffectedCells, StoreError> {
    let mut affected = AffectedCells::default();
    // Most changed closes end here.
    if !is_currency_pair(pair) {
        return Ok(affected);
    }
    let known = facts.securities()?;
    let pairs = CurrencyPairs::new(known.values());
    let by_currency = by_currency(known.values());
    let currencies = facts.currencies()?;
    let indexes = currencies_of_indexes(known.values(), facts.benchmark_and_factors()?);
    for to in currencies.values().collect::<BTreeSet<_>>() {
        let foreign = by_currency.iter().filter(|(from, _)| *from != to);
        for (from, securities) in foreign {
            let conversion = pairs.conversion(*from, *to);
            if !conversion.securities().contains(&pair.id) {
                continue;
            }
            let changed = sessions_with_use(facts, pair, freshest, changed, sessions, &conversion)?;
            for security in securities {
                let owners = facts.ownership(*security, sessions, |portfolio| {
                    currencies.get(&portfolio) == Some(to)
                })?;
                affected = affected.union(affected_by_rate(&changed, &owners));
            }
            if indexes.contains(from) {
                let all = currencies.iter().filter(|(_, currency)| *currency == to);
                let portfolios = all.map(|(portfolio, _)| portfolio.0).collect();
                affected = affected.union(risk_by_index(&changed, sessions, &portfolios));
            }
        }
    }
    Ok(affected)
}

/// Returns the risk of `portfolios` where the returns of a benchmark or factor change that is
/// converted to their currency.
fn risk_by_index(
    changed: &AffectedSessions,
    sessions: &[Day],
    portfolios: &IdSet,
) -> AffectedCells {
    let mut affected = AffectedCells::default();
    for at in &changed.by_return {
        let risk = PhaseSet::from_phase(Phase::Risk);
        affected.add(sessions[at as usize], risk, portfolios);
    }
    affected
}

/// Returns the currencies of the benchmark and factors. Those that are currency pairs are left out,
/// because risk does not convert them.
fn currencies_of_indexes<'s>(
    securities: impl Iterator<Item = &'s Security>,
    indexes: &BTreeSet<SecurityId>,
) -> BTreeSet<Currency> {
    securities
        .filter(|security| indexes.contains(&security.id) && !is_currency_pair(security))
        .map(|security| security.currency)
        .collect()
}

fn by_currency<'s>(
    securities: impl Iterator<Item = &'s Security>,
) -> BTreeMap<Currency, Vec<SecurityId>> {
    let mut by_currency: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for security in securities {
        let of_currency = by_currency.entry(security.currency).or_default();
        of_currency.push(security.id);
    }
    by_currency
}

/// Returns the changed sessions on which the conversion used the pair, before or after the change,
/// with the returns of the rate that this changes.
///
/// Another way to convert is used on the sessions on which it is fresher. That is decided with the
/// freshest prices of the change.
pub(super) fn sessions_with_use(
    facts: &Facts<'_>,
    pair: &Security,
    freshest: &FreshestPrices<'_>,
    changed: &AffectedSessions,
    sessions: &[Day],
    conversion: &Conversion,
) -> Result<AffectedSessions, StoreError> {
    let pairs = conversion.securities();
    if pairs.len() == 1 {
        return Ok(changed.of_rate(sessions, LONGEST_WINDOW, |_| true));
    }
    // From the first session, because the other prices may be arbitrarily old.
    let all = facts.sessions(Day::MIN)?;
    let mut closes = freshest.closes(pair.id);
    let (ids, read_days) = (pairs.iter().copied(), all.iter().copied());
    (facts.reading.closes()).for_each_of(ids, read_days, |security, day, price| {
        if !freshest.replaces(pair.id, security, day) {
            closes.push(Close {
                security,
                day,
                price,
            });
        }
    })?;
    let known = facts.securities()?;
    let securities = pairs.iter().filter_map(|id| known.get(id).cloned());
    let mut securities: Vec<Security> = securities.collect();
    let in_force = facts.reading.security_calendars().in_force()?;
    let calendars = freshest.calendars(in_force, &mut securities);
    let market = Market::new(MarketSources {
        sessions: all.to_vec(),
        securities,
        calendars,
        closes,
        ..MarketSources::default()
    });
    // Without it all changed sessions are affected, which is too many at most.
    let Ok(market) = market else {
        return Ok(changed.of_rate(sessions, LONGEST_WINDOW, |_| true));
    };
    let conversion = market.conversion(conversion.from(), conversion.to());
    let first = all.len() - sessions.len();
    Ok(changed.of_rate(sessions, LONGEST_WINDOW, |at| {
        let rate = market.rate(&conversion, first + at as usize);
        let mut used = rate.iter().flat_map(AsOfRate::securities);
        used.any(|used| used == pair.id)
    }))
}
