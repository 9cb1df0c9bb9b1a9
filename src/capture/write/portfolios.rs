//! Builds the portfolios: the key of each in the file, and its lifecycle and cells.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::add_cells;
use crate::capture::state::{CapturedPortfolio, State};
use crate::domain::{Currency, Day, FeeTreatment, LotMethod, PortfolioKey};
use crate::scenario::format::lenient::Lenient;
use crate::scenario::names::is_plain_name;
use crate::scenario::world::spec::PortfolioSpec;

/// Returns the key of each portfolio in the file: its name, or its id if the name cannot be a key
/// or is ambiguous.
pub(super) fn labels(state: &State) -> Vec<String> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for captured in &state.portfolios {
        *names.entry(&captured.portfolio.name).or_default() += 1;
    }
    let keys: BTreeSet<_> = state
        .portfolios
        .iter()
        .map(|captured| captured.portfolio.key)
        .collect();
    let label = |captured: &CapturedPortfolio| {
        let (name, key) = (&captured.portfolio.name, captured.portfolio.key);
        // The name of this portfolio may be the id of another one.
        let key_of_name = PortfolioKey::from_name(name);
        let names_other = key_of_name != key && keys.contains(&key_of_name);
        match is_plain_name(name) && names[name.as_str()] == 1 && !names_other {
            true => name.clone(),
            false => key.to_string(),
        }
    };
    state.portfolios.iter().map(label).collect()
}

/// Returns the keys of a portfolio, without values that are the defaults of a world.
pub(super) fn portfolio_spec(
    state: &State,
    captured: &CapturedPortfolio,
    label: &str,
    last: Day,
) -> PortfolioSpec {
    let portfolio = &captured.portfolio;
    let derives = PortfolioKey::from_name(label) == portfolio.key;
    let (lifecycle, basis) = (portfolio.lifecycle, portfolio.cost_basis);
    let deleted_at = lifecycle.deleted_at();
    let mut spec = PortfolioSpec {
        id: (!derives).then(|| portfolio.key.to_string()),
        name: (label != portfolio.name).then(|| portfolio.name.clone()),
        inception: Some(lifecycle.inception()),
        closed: lifecycle.closing_day(),
        deleted_at: deleted_at.map(|at| state.local(at)),
        currency: (portfolio.currency != Currency::USD).then_some(Lenient(portfolio.currency)),
        cost_basis: (basis.method != LotMethod::default()).then_some(Lenient(basis.method)),
        fees: (basis.fees != FeeTreatment::default()).then_some(Lenient(basis.fees)),
        calendar: portfolio.calendar.clone(),
        ..PortfolioSpec::default()
    };
    add_cells(&mut spec, state, captured, last);
    spec
}
