//! Merges the world of a scenario over that of its fixture.
//!
//! A single value of the scenario replaces that of the fixture, tables are merged key by key, and
//! lists of transactions, splits, corrections, invalidations and runs are concatenated. The tables
//! `risk` and `run-left-running` are replaced as a whole. Portfolios are merged key by key too,
//! even if one file names them by a range and the other one individually.
//!
//! In this module, `over` takes precedence, and `below` or `self` is what it is merged over.

use std::collections::{BTreeMap, BTreeSet};

use super::error::WorldError;
use super::identity::apply_like;
use super::names::expand;
use super::spec::{MarketSpec, PortfolioSpec, PortfolioSpecs, SecuritySpec, WorldSpec};
use crate::domain::calendar::Amendments;

/// The label of one portfolio, never a range, and the keys of the portfolio.
pub(super) type NamedPortfolio = (String, PortfolioSpec);

impl WorldSpec {
    /// Returns this world with `over` merged over it, but without portfolios: [`merge_portfolios`]
    /// merges those.
    #[must_use]
    pub(super) fn overridden_by(self, over: Self) -> Self {
        Self {
            description: over.description.or(self.description),
            now: over.now.or(self.now),
            calendar: over.calendar.or(self.calendar),
            calendar_amendments: merge_options(
                self.calendar_amendments,
                over.calendar_amendments,
                Amendments::merge,
            ),
            seed: over.seed.or(self.seed),
            sources: over.sources.or(self.sources),
            risk: over.risk.or(self.risk),
            market: self.market.overridden_by(over.market),
            securities: merge_maps(
                self.securities,
                over.securities,
                SecuritySpec::overridden_by,
            ),
            prices: merge_maps(self.prices, over.prices, |mut below, over| {
                below.extend(over);
                below
            }),
            portfolios: BTreeMap::new(),
            transactions: concatenated(self.transactions, over.transactions),
            splits: concatenated(self.splits, over.splits),
            corrections: concatenated(self.corrections, over.corrections),
            invalidations: concatenated(self.invalidations, over.invalidations),
            runs: concatenated(self.runs, over.runs),
            run_left_running: over.run_left_running.or(self.run_left_running),
        }
    }
}

impl MarketSpec {
    fn overridden_by(self, over: Self) -> Self {
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

impl SecuritySpec {
    fn overridden_by(self, over: Self) -> Self {
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

impl PortfolioSpec {
    pub(super) fn overridden_by(self, over: Self) -> Self {
        Self {
            id: over.id.or(self.id),
            name: over.name.or(self.name),
            // `like` is resolved within each file by `apply_like`, so the result has none.
            like: None,
            inception: over.inception.or(self.inception),
            closed: over.closed.or(self.closed),
            deleted_at: over.deleted_at.or(self.deleted_at),
            restored_at: over.restored_at.or(self.restored_at),
            complete: over.complete.or(self.complete),
            holes: over.holes.or(self.holes),
            phases: merge_maps(self.phases, over.phases, |_, over| over),
            failed: merge_maps(self.failed, over.failed, |_, over| over),
            quarantined: merge_maps(self.quarantined, over.quarantined, |_, over| over),
            rows: over.rows.or(self.rows),
            blocked: over.blocked.or(self.blocked),
            currency: over.currency.or(self.currency),
            style: over.style.or(self.style),
            capital: over.capital.or(self.capital),
            cash: over.cash.or(self.cash),
            holdings: merge_maps(self.holdings, over.holdings, |_, over| over),
        }
    }
}

/// Merges the portfolios of two files: those of `below` first, then new ones of `over`, each in the
/// order of its file.
pub(super) fn merge_portfolios(
    below: PortfolioSpecs,
    over: PortfolioSpecs,
) -> Result<Vec<NamedPortfolio>, WorldError> {
    let mut named = expand_ranges(below)?;
    let indexes = named.iter().enumerate();
    let indexes: BTreeMap<_, _> = indexes.map(|(at, (name, _))| (name.clone(), at)).collect();
    for (name, over) in expand_ranges(over)? {
        match indexes.get(&name) {
            Some(at) => {
                let below = &mut named[*at].1;
                *below = std::mem::take(below).overridden_by(over);
            }
            None => named.push((name, over)),
        }
    }
    Ok(named)
}

/// Returns the portfolios of one file in its order, with `like` applied and ranges expanded.
pub(super) fn expand_ranges(specs: PortfolioSpecs) -> Result<Vec<NamedPortfolio>, WorldError> {
    // The map is sorted by name; sorting by span restores the order of the file.
    let mut in_order: Vec<_> = specs.into_iter().collect();
    in_order.sort_by_key(|(names, _)| names.span().start);
    let lines = in_order.into_iter();
    let lines = lines.map(|(names, spec)| (names.into_inner(), spec));
    let mut known = BTreeSet::new();
    let mut named: Vec<NamedPortfolio> = Vec::new();
    for (names, spec) in apply_like(lines.collect())? {
        for name in expand(&names).ok_or(WorldError::InvalidNameRange(names))? {
            if !known.insert(name.clone()) {
                return Err(WorldError::DuplicatePortfolio(name));
            }
            named.push((name, spec.clone()));
        }
    }
    Ok(named)
}

fn concatenated<T>(mut below: Vec<T>, over: Vec<T>) -> Vec<T> {
    below.extend(over);
    below
}

fn merge_options<T>(below: Option<T>, over: Option<T>, merge: impl FnOnce(T, T) -> T) -> Option<T> {
    match (below, over) {
        (Some(below), Some(over)) => Some(merge(below, over)),
        (below, over) => over.or(below),
    }
}

fn merge_maps<K: Ord, V>(
    mut below: BTreeMap<K, V>,
    over: BTreeMap<K, V>,
    merge: impl Fn(V, V) -> V,
) -> BTreeMap<K, V> {
    for (key, over) in over {
        let merged = match below.remove(&key) {
            Some(below) => merge(below, over),
            None => over,
        };
        below.insert(key, merged);
    }
    below
}
