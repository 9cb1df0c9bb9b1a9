//! Changed portfolios. A changed currency or cost basis affects all cells, a calendar those that
//! `portfolio_calendars` finds. The name is text for people, and a lifecycle decides which cells are
//! expected, not their values.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::carried_lots::invalidations_of_receivers;
use super::facts::Facts;
use super::ledger::remove_cells;
use super::portfolio_calendars::calendar_of_portfolio_change;
use crate::domain::{
    Calendar, Change, Correction, Day, IdSet, InvalidationCause, NewInvalidation, PhaseCells,
    Portfolio,
};
use crate::store::{StoreError, WriteTransaction};

/// Invalidates the cells that another currency, cost basis or calendar of a portfolio affects, and
/// returns them.
///
/// # Errors
///
/// The database cannot be read or written.
pub(crate) fn invalidate_portfolios(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    corrected: &[Correction<Portfolio>],
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let facts = Facts::new(writing, calendar)?;
    let mut given = Vec::new();
    for Correction { now, .. } in corrected.iter().filter(|known| change(known).is_some()) {
        let entries = writing.entries().of_portfolio(now.id)?.into_iter();
        let securities: BTreeSet<_> = entries.filter_map(|entry| entry.security).collect();
        given.extend(securities.into_iter().map(|id| (id, now.id, Day::MIN)));
    }
    let holds = |of: &Portfolio| (of.lifecycle, of.calendar.clone());
    if (corrected.iter()).any(|Correction { was, now }| holds(was) != holds(now)) {
        facts.check_unpriced_from(writing, Day::MIN)?;
    }
    let mut receivers = invalidations_of_receivers(&facts, InvalidationCause::Attribute, given)?;
    for Correction { was, now } in corrected {
        if was.calendar != now.calendar {
            receivers.extend(calendar_of_portfolio_change(&facts, was, now)?);
        }
    }
    let changed = corrected.iter().filter_map(change);
    let invalidations = changed.map(|(portfolio, reason)| {
        let mut cells = facts.covered_cells(Day::MIN)?;
        for ids in cells.values_mut() {
            *ids = IdSet::from([portfolio.id.0]);
        }
        Ok(NewInvalidation {
            cause: InvalidationCause::Attribute,
            reason,
            cells,
        })
    });
    remove_cells(
        writing,
        invalidations.chain(receivers.into_iter().map(Ok)),
        now,
    )
}

/// Returns the portfolio and the reason, if a change affects cells. A cost basis affects exposures
/// and risk too: a holding without a price is valued at its cost.
fn change(Correction { was, now }: &Correction<Portfolio>) -> Option<(&Portfolio, String)> {
    let (old, new) = (was.cost_basis, now.cost_basis);
    let changes = [
        Change::between("currency", &was.currency, &now.currency),
        Change::between("cost basis", &old.method, &new.method),
        Change::between("fees", &old.fees, &new.fees),
    ];
    let texts = changes.into_iter().flatten().map(|change| {
        let Change {
            column,
            was,
            now: to,
            ..
        } = change;
        format!("{column} of {} changed from {was} to {to}", now.name)
    });
    let texts: Vec<_> = texts.collect();
    (!texts.is_empty()).then(|| (now, texts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CostBasis, FeeTreatment, Lifecycle, LotMethod, NewPortfolio, PortfolioId};

    #[test]
    fn a_changed_cost_basis_affects_cells_and_a_name_does_not() {
        let was = NewPortfolio::in_dollars("A", Lifecycle::new(Day::MIN)).with_id(PortfolioId(1));
        let reason = |now: Portfolio| {
            let was = was.clone();
            change(&Correction { was, now }).map(|(_, reason)| reason)
        };
        let mut now = was.clone();
        now.cost_basis = CostBasis {
            method: LotMethod::Average,
            fees: FeeTreatment::Capitalize,
        };
        assert_eq!(
            reason(now).as_deref(),
            Some(
                "cost basis of A changed from fifo to average, \
                 fees of A changed from expense to capitalize"
            )
        );
        let mut renamed = was.clone();
        renamed.name = "B".to_owned();
        assert_eq!(reason(renamed), None);
    }
}
