//! A shared world with changes laid over it: what a scenario says on top of its fixture.
//!
//! A single value replaces the one below, a table is joined key by key, and lists of
//! transactions, splits and corrections are added to. A portfolio is joined key by key too,
//! whichever way the two files name it.

use std::collections::{BTreeMap, BTreeSet};

use super::called::alike;
use super::error::WorldError;
use super::names::expand;
use super::written::{
    Written, WrittenMarket, WrittenPortfolio, WrittenPortfolios, WrittenSecurity,
};
use crate::domain::calendar::Amendments;

/// A portfolio by its own name, and what is said of it.
pub(super) type Named = (String, WrittenPortfolio);

impl Written {
    /// This world with `over` laid over it, but for the portfolios.
    #[must_use]
    pub(super) fn overlaid(self, over: Self) -> Self {
        Self {
            description: over.description.or(self.description),
            now: over.now.or(self.now),
            calendar: over.calendar.or(self.calendar),
            calendar_amendments: joined(
                self.calendar_amendments,
                over.calendar_amendments,
                Amendments::merge,
            ),
            seed: over.seed.or(self.seed),
            sources: over.sources.or(self.sources),
            risk: over.risk.or(self.risk),
            market: self.market.overlaid(over.market),
            securities: by_key(self.securities, over.securities, WrittenSecurity::overlaid),
            prices: by_key(self.prices, over.prices, |mut below, over| {
                below.extend(over);
                below
            }),
            portfolios: BTreeMap::new(),
            transactions: added(self.transactions, over.transactions),
            splits: added(self.splits, over.splits),
            corrections: added(self.corrections, over.corrections),
            invalidations: added(self.invalidations, over.invalidations),
            runs: added(self.runs, over.runs),
            run_left_running: over.run_left_running.or(self.run_left_running),
        }
    }
}

impl WrittenMarket {
    fn overlaid(self, over: Self) -> Self {
        Self {
            shares: over.shares.or(self.shares),
            sectors: if over.sectors.is_empty() {
                self.sectors
            } else {
                over.sectors
            },
            from: over.from.or(self.from),
            last: over.last.or(self.last),
        }
    }
}

impl WrittenSecurity {
    fn overlaid(self, over: Self) -> Self {
        Self {
            name: over.name.or(self.name),
            class: over.class.or(self.class),
            sector: over.sector.or(self.sector),
            currency: over.currency.or(self.currency),
            multiplier: over.multiplier.or(self.multiplier),
            inactive_from: over.inactive_from.or(self.inactive_from),
        }
    }
}

impl WrittenPortfolio {
    pub(super) fn overlaid(self, over: Self) -> Self {
        Self {
            id: over.id.or(self.id),
            name: over.name.or(self.name),
            like: None,
            inception: over.inception.or(self.inception),
            closed: over.closed.or(self.closed),
            deleted_at: over.deleted_at.or(self.deleted_at),
            restored_at: over.restored_at.or(self.restored_at),
            complete: over.complete.or(self.complete),
            holes: over.holes.or(self.holes),
            phases: by_key(self.phases, over.phases, |_, over| over),
            failed: by_key(self.failed, over.failed, |_, over| over),
            quarantined: by_key(self.quarantined, over.quarantined, |_, over| over),
            rows: over.rows.or(self.rows),
            blocked: over.blocked.or(self.blocked),
            currency: over.currency.or(self.currency),
            style: over.style.or(self.style),
            capital: over.capital.or(self.capital),
            cash: over.cash.or(self.cash),
            holdings: by_key(self.holdings, over.holdings, |_, over| over),
        }
    }
}

/// The portfolios of both, those below first, in the order of the files: TOML's own order is that
/// of the alphabet.
pub(super) fn portfolios(
    below: WrittenPortfolios,
    over: WrittenPortfolios,
) -> Result<Vec<Named>, WorldError> {
    let mut named = expanded(below)?;
    let places = named.iter().enumerate();
    let places: BTreeMap<_, _> = places.map(|(at, (name, _))| (name.clone(), at)).collect();
    for (name, over) in expanded(over)? {
        match places.get(&name) {
            Some(at) => {
                let below = &mut named[*at].1;
                *below = std::mem::take(below).overlaid(over);
            }
            None => named.push((name, over)),
        }
    }
    Ok(named)
}

/// The portfolios of one file, a range of names as one of each.
pub(super) fn expanded(written: WrittenPortfolios) -> Result<Vec<Named>, WorldError> {
    let mut in_order: Vec<_> = written.into_iter().collect();
    in_order.sort_by_key(|(names, _)| names.span().start);
    let lines = in_order.into_iter();
    let lines = lines.map(|(names, written)| (names.into_inner(), written));
    let mut known = BTreeSet::new();
    let mut named: Vec<Named> = Vec::new();
    for (names, written) in alike(lines.collect())? {
        for name in expand(&names).ok_or(WorldError::Names(names))? {
            if !known.insert(name.clone()) {
                return Err(WorldError::Twice(name));
            }
            named.push((name, written.clone()));
        }
    }
    Ok(named)
}

fn added<T>(mut below: Vec<T>, over: Vec<T>) -> Vec<T> {
    below.extend(over);
    below
}

fn joined<T>(below: Option<T>, over: Option<T>, join: impl FnOnce(T, T) -> T) -> Option<T> {
    match (below, over) {
        (Some(below), Some(over)) => Some(join(below, over)),
        (below, over) => over.or(below),
    }
}

fn by_key<K: Ord, V>(
    mut below: BTreeMap<K, V>,
    over: BTreeMap<K, V>,
    join: impl Fn(V, V) -> V,
) -> BTreeMap<K, V> {
    for (key, over) in over {
        let joined = match below.remove(&key) {
            Some(below) => join(below, over),
            None => over,
        };
        below.insert(key, joined);
    }
    below
}
