//! Merges the world of a scenario over that of its fixture, and expands portfolios that are written
//! together.
//!
//! A single value of the scenario replaces that of the fixture, tables are merged key by key, and
//! lists of transactions, splits, corrections, invalidations and runs are concatenated. The tables
//! `risk` and `run-left-running` are replaced as a whole. Portfolios are merged key by key too,
//! even if one file names them by a range and the other one individually.
//!
//! In this module, `over` takes precedence, and `below` or `self` is what it is merged over.

use std::collections::{BTreeMap, BTreeSet};

use super::error::WorldError;
use super::spec::{MarketSpec, PortfolioSpec, PortfolioSpecs, SecuritySpec, WorldSpec};
use super::values::FailureCounts;
use crate::domain::Nearest;
use crate::domain::calendar::{Amendments, Definition};
use crate::scenario::format::inline_text;
use crate::scenario::format::lenient::{Lenient, OneOrMany};
use crate::scenario::limits::LimitsSpec;
use crate::scenario::names::{count_names, expand, is_plain_name, written_range_length};

/// A longer line of a portfolio is not repeated, but referred to with `like`.
const MAX_REPEATED_WIDTH: usize = 72;

/// The label of one portfolio, never a range, and the keys of the portfolio.
pub(crate) type NamedPortfolio = (String, PortfolioSpec);

/// A part of a world that can be merged over another.
pub(crate) trait Merge {
    /// Returns this part with `over` merged over it.
    fn merge(self, over: Self) -> Self;
}

impl<T> Merge for Option<T> {
    fn merge(self, over: Self) -> Self {
        over.or(self)
    }
}

impl<K: Ord, V: Merge> Merge for BTreeMap<K, V> {
    fn merge(mut self, over: Self) -> Self {
        for (key, over) in over {
            let merged = match self.remove(&key) {
                Some(below) => below.merge(over),
                None => over,
            };
            self.insert(key, merged);
        }
        self
    }
}

impl<T> Merge for Vec<T> {
    fn merge(mut self, over: Self) -> Self {
        self.extend(over);
        self
    }
}

impl<T> Merge for Lenient<T> {
    fn merge(self, over: Self) -> Self {
        over
    }
}

impl<T> Merge for OneOrMany<T> {
    fn merge(self, over: Self) -> Self {
        over
    }
}

impl Merge for FailureCounts {
    fn merge(self, over: Self) -> Self {
        over
    }
}

/// Implements [`Merge`] for a struct, field by field, and for the fields that are named with an
/// expression of their own.
macro_rules! merge_fields {
    ($type:ident { $($field:ident),* } $($own:ident: |$below:ident, $over:ident| $merged:expr),*) => {
        impl Merge for $type {
            fn merge(self, over: Self) -> Self {
                $(let $own = {
                    let ($below, $over) = (self.$own, over.$own);
                    $merged
                };)*
                Self { $($field: self.$field.merge(over.$field),)* $($own),* }
            }
        }
    };
}

merge_fields!(WorldSpec {
    description, now, calendar, seed, sources, transactions, market, securities, corrections,
    limits, invalidations, runs, run_left_running, accepted_prices, splits, actions, risk, prices
}
own_calendars: |below, over| {
    let replaced = |own: &Definition| over.iter().any(|other| other.name() == own.name());
    let kept = below.into_iter().filter(|own| !replaced(own)).collect::<Vec<_>>();
    kept.into_iter().chain(over).collect()
},
calendar_amendments: |below, over| match (below, over) {
    (Some(below), Some(over)) => Some(Amendments::merge(below, over)),
    (below, over) => over.or(below),
},
// `merge_worlds` merges portfolios, which can fail.
portfolios: |_below, over| over);

merge_fields!(LimitsSpec {
    portfolios,
    shares,
    cells,
    closes,
    steps
});

merge_fields!(MarketSpec { shares, from, last, unpriced }
sectors: |below, over| if over.is_empty() { below } else { over });

merge_fields!(SecuritySpec {
    name,
    class,
    sector,
    currency,
    multiplier,
    inactive_from,
    calendar
}
former_symbols: |below, over| if over.is_empty() { below } else { over },
former_attributes: |below, over| if over.is_empty() { below } else { over });

merge_fields!(PortfolioSpec {
    id, name, inception, closed, deleted_at, restored_at, currency, cost_basis,
    fees, calendar, complete, holes, phases, rows,
    failed, quarantined, blocked, style, capital, cash, holdings
}
// Each file resolves `like` by itself, so the result has none.
like: |_below, _over| None);

/// Merges a world over another. The portfolios of `below` come first, then new ones of `over`, each
/// in the order of its file; ranges are expanded and `like` is resolved.
pub(crate) fn merge_worlds(
    mut below: WorldSpec,
    mut over: WorldSpec,
) -> Result<(WorldSpec, Vec<NamedPortfolio>), WorldError> {
    let mut named = expand_portfolios(std::mem::take(&mut below.portfolios))?;
    let indexes = named.iter().enumerate();
    let indexes: BTreeMap<_, _> = indexes.map(|(at, (name, _))| (name.clone(), at)).collect();
    for (name, over) in expand_portfolios(std::mem::take(&mut over.portfolios))? {
        match indexes.get(&name) {
            Some(at) => {
                let below = &mut named[*at].1;
                *below = std::mem::take(below).merge(over);
            }
            None => named.push((name, over)),
        }
    }
    Ok((below.merge(over), named))
}

impl PortfolioSpecs {
    /// Returns the number of portfolios, with those of ranges.
    pub(in crate::scenario) fn count(&self) -> u64 {
        count_names(self.0.iter().map(|(names, _)| names.get().as_str()))
    }
}

/// Returns the portfolios of one file in its order, with `like` applied and ranges expanded.
pub(super) fn expand_portfolios(specs: PortfolioSpecs) -> Result<Vec<NamedPortfolio>, WorldError> {
    let mut known = BTreeSet::new();
    let mut named: Vec<NamedPortfolio> = Vec::new();
    for (names, spec) in apply_like(specs)? {
        for name in expand(&names).ok_or(WorldError::InvalidNameRange(names))? {
            if !known.insert(name.clone()) {
                return Err(WorldError::DuplicatePortfolio(name));
            }
            named.push((name, spec.clone()));
        }
    }
    Ok(named)
}

/// Returns the portfolios, each merged over the one that its `like` names. A range of portfolios
/// with an `id` or a `name` is an error.
fn apply_like(specs: PortfolioSpecs) -> Result<Vec<NamedPortfolio>, WorldError> {
    let lines: Vec<NamedPortfolio> = (specs.0.into_iter())
        .map(|(names, spec)| (names.into_inner(), spec))
        .collect();
    for (names, line) in &lines {
        if has_identity(line) && !is_plain_name(names) {
            return Err(WorldError::SharedIdentity(names.clone()));
        }
    }
    if lines.iter().all(|(_, line)| line.like.is_none()) {
        return Ok(lines);
    }
    // Only portfolios without `like` can be inherited from, which excludes chains and cycles.
    let models: BTreeMap<String, PortfolioSpec> = lines
        .iter()
        .filter(|(_, line)| line.like.is_none())
        .cloned()
        .collect();
    let merged = lines.into_iter().map(|(names, line)| {
        let Some(like) = &line.like else {
            return Ok((names, line));
        };
        match models.get(like) {
            Some(model) => Ok((names, without_identity(model).merge(line))),
            None => Err(WorldError::InvalidLike {
                nearest: Nearest::find(like, models.keys().map(String::as_str)),
                portfolio: names,
                like: like.clone(),
            }),
        }
    });
    merged.collect()
}

fn has_identity(spec: &PortfolioSpec) -> bool {
    spec.id.is_some() || spec.name.is_some()
}

fn without_identity(spec: &PortfolioSpec) -> PortfolioSpec {
    PortfolioSpec {
        id: None,
        name: None,
        ..spec.clone()
    }
}

/// Writes portfolios together, the opposite of expanding them: equal neighbours whose names form a
/// range share one entry, and another portfolio that is equal to an earlier entry refers to it with
/// `like`.
pub(crate) fn fold_portfolios(named: &[NamedPortfolio]) -> PortfolioSpecs {
    let mut entries = Vec::new();
    let mut written: BTreeMap<String, String> = BTreeMap::new();
    let mut rest = named;
    while let [(name, spec), ..] = rest {
        let count = match has_identity(spec) {
            true => 1,
            false => {
                let equal = rest.iter().take_while(|(_, other)| other == spec);
                written_range_length(equal.map(|(name, _)| name.as_str()))
            }
        };
        let names = match count {
            1 => name.clone(),
            _ => format!("{name}..{}", rest[count - 1].0),
        };
        let shared = inline_text(&without_identity(spec));
        let spec = match written.get(&shared) {
            Some(earlier) => PortfolioSpec {
                id: spec.id.clone(),
                name: spec.name.clone(),
                like: Some(earlier.clone()),
                ..PortfolioSpec::default()
            },
            None => {
                if shared.len() > MAX_REPEATED_WIDTH {
                    written.insert(shared, names.clone());
                }
                spec.clone()
            }
        };
        entries.push((names.into(), spec));
        rest = &rest[count..];
    }
    PortfolioSpecs(entries)
}
