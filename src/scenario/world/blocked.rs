//! Generates the holdings of blocked portfolios: one share that only the portfolios with the same
//! blocked days hold, and that has no close on those days.

use std::collections::BTreeSet;

use super::error::WorldError;
use super::instruments::{Instruments, security};
use super::merge::NamedPortfolio;
use super::spec::{PortfolioSpec, SecuritySpec};
use super::state::{Close, Contents, WorldPortfolio};
use super::values::OneOrMany;
use crate::domain::{Money, Quantity};
use crate::scenario::market::{Addition, CloseSource, Listing};

/// Cash and units of the share in a blocked portfolio.
const CASH: Money = Money::whole(10_000);
const UNITS: Quantity = Quantity::whole(1_000);

/// Lists one share for each distinct list of blocked days.
pub(super) fn list_blocking_securities(named: &[NamedPortfolio], listing: &mut Listing) {
    let symbols: BTreeSet<_> = named
        .iter()
        .filter_map(|(_, spec)| blocking_symbol(spec))
        .collect();
    for symbol in symbols {
        let security = security(&symbol, &SecuritySpec::default(), None);
        // Generated, so that the other days have closes; `missing_closes` removes the blocked days.
        let closes = CloseSource::MadeUp;
        listing.add(Addition { security, closes });
    }
}

/// Returns the contents of a blocked portfolio; `None` for one without blocked days.
pub(super) fn contents(
    spec: &PortfolioSpec,
    listed: &Instruments,
) -> Result<Option<Contents>, WorldError> {
    let Some(symbol) = blocking_symbol(spec) else {
        return Ok(None);
    };
    let holdings = [(listed.id(&symbol)?, UNITS)].into();
    let cash = CASH;
    Ok(Some(Contents::Given { cash, holdings }))
}

/// Returns the closes to remove: of the shares of blocked portfolios, on their blocked days.
pub(super) fn missing_closes(portfolios: &[WorldPortfolio]) -> Vec<Close> {
    let mut missing = BTreeSet::new();
    for portfolio in portfolios
        .iter()
        .filter(|portfolio| !portfolio.blocked.is_empty())
    {
        if let Contents::Given { holdings, .. } = &portfolio.contents {
            let securities = holdings.keys();
            missing.extend(
                securities.flat_map(|id| portfolio.blocked.iter().map(move |day| (*id, *day))),
            );
        }
    }
    let removed = missing.into_iter().map(|(security, day)| Close {
        security,
        day,
        close: None,
    });
    removed.collect()
}

/// The symbol of the share, derived from the blocked days.
fn blocking_symbol(spec: &PortfolioSpec) -> Option<String> {
    let OneOrMany(spans) = spec.blocked.as_ref()?;
    let spans: Vec<_> = spans.iter().map(ToString::to_string).collect();
    (!spans.is_empty()).then(|| format!("WAITS-{}", spans.join("+")))
}
