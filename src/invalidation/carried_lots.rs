//! Finds the cells of portfolios that carry the lots of others: where the lots of a giver change, so
//! do cost and profit of its receivers, from the transfer on.

use std::collections::BTreeMap;

use super::affected_cells::AffectedCells;
use super::facts::Facts;
use crate::domain::{Day, InvalidationCause, NewInvalidation, PortfolioId, SecurityId};
use crate::store::StoreError;

/// Returns an invalidation for each receiver of lots that differ: of a security in a giver, each from
/// a day on. All phases are affected, because a holding without a price is valued at its cost.
pub(super) fn invalidations_of_receivers(
    facts: &Facts<'_>,
    cause: InvalidationCause,
    givers: impl IntoIterator<Item = (SecurityId, PortfolioId, Day)>,
) -> Result<Vec<NewInvalidation>, StoreError> {
    if !facts.reading.entries().has_counterparts()? {
        return Ok(Vec::new());
    }
    let mut by_security: BTreeMap<SecurityId, Vec<(PortfolioId, Day)>> = BTreeMap::new();
    for (security, giver, day) in givers {
        by_security.entry(security).or_default().push((giver, day));
    }
    let mut invalidations = Vec::new();
    for (security, givers) in by_security {
        let symbol = &facts.security(security)?.symbol;
        let receivers = facts.ownership(security, &[], |_| true)?.receivers(givers);
        for (receiver, day) in receivers {
            let mut affected = AffectedCells::default();
            affected.add_portfolio_from(facts.sessions(day)?, day, receiver);
            invalidations.push(NewInvalidation {
                cause,
                reason: format!("lots of {symbol} transferred on {day} changed in their giver"),
                cells: affected.into_cells(),
            });
        }
    }
    Ok(invalidations)
}
