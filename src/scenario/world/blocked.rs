//! Portfolios that wait for prices. What such a portfolio holds is made up so that it does: one
//! share that only those hold who wait on the same days, and that has no close on them.

use std::collections::BTreeSet;

use super::error::WorldError;
use super::instruments::{Instruments, security};
use super::lenient::OneOrMany;
use super::overrides::NamedPortfolio;
use super::spec::{PortfolioSpec, SecuritySpec};
use super::state::{Close, Contents, WorldPortfolio};
use crate::domain::{Money, Quantity};
use crate::scenario::market::{Addition, CloseSource, Listing};

/// What a portfolio that waits holds.
const CASH: Money = Money::whole(10_000);
const UNITS: Quantity = Quantity::whole(1_000);

/// Lists a share for each set of days on which some portfolio waits.
pub(super) fn list_blocking_securities(named: &[NamedPortfolio], listing: &mut Listing) {
    let symbols: BTreeSet<_> = named
        .iter()
        .filter_map(|(_, one)| blocking_symbol(one))
        .collect();
    for symbol in symbols {
        let security = security(&symbol, &SecuritySpec::default(), None);
        let closes = CloseSource::MadeUp;
        listing.add(Addition { security, closes });
    }
}

/// What a portfolio holds that waits; nothing for one that doesn't.
pub(super) fn contents(
    written: &PortfolioSpec,
    listed: &Instruments,
) -> Result<Option<Contents>, WorldError> {
    let Some(symbol) = blocking_symbol(written) else {
        return Ok(None);
    };
    let holdings = [(listed.id(&symbol)?, UNITS)].into();
    let cash = CASH;
    Ok(Some(Contents::Given { cash, holdings }))
}

/// The closes that are not there.
pub(super) fn missing_closes(portfolios: &[WorldPortfolio]) -> Vec<Close> {
    let mut missing = BTreeSet::new();
    for one in portfolios.iter().filter(|one| !one.blocked.is_empty()) {
        if let Contents::Given { holdings, .. } = &one.contents {
            let held = holdings.keys();
            missing.extend(held.flat_map(|id| one.blocked.iter().map(move |day| (*id, *day))));
        }
    }
    let none = missing.into_iter().map(|(security, day)| Close {
        security,
        day,
        close: None,
    });
    none.collect()
}

/// The share of those who wait on the same days.
fn blocking_symbol(written: &PortfolioSpec) -> Option<String> {
    let OneOrMany(spans) = written.blocked.as_ref()?;
    let spans: Vec<_> = spans.iter().map(ToString::to_string).collect();
    (!spans.is_empty()).then(|| format!("WAITS-{}", spans.join("+")))
}
