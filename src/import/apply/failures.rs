//! Forgets the failures of cells that an import may have repaired, so that quarantined cells are tried
//! again without `plimsoll retry`.
//!
//! Cells that failed are not in the ledger, so invalidation does not find them. Forgetting too many
//! failures costs an attempt each; forgetting too few would keep cells with fixed inputs out of
//! every run.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Day, PortfolioId, Security, SecurityId};
use crate::invalidation::ActionHistory;
use crate::store::{Failure, StoreError, WriteTransaction};

/// The failed cells that an import touches.
pub(super) struct TouchedCells<'w, 't> {
    writing: &'w WriteTransaction<'t>,
    /// The securities whose closes any portfolio may use.
    shared: BTreeSet<SecurityId>,
    /// The corporate actions of all securities, once they are needed.
    actions: Option<ActionHistory>,
    /// The first touched day of each portfolio.
    first_days: BTreeMap<PortfolioId, Day>,
    /// The first day touched in all portfolios.
    all_from: Option<Day>,
}

impl TouchedCells<'_, '_> {
    /// Adds the cells of portfolios, each from a day on.
    pub(super) fn of_portfolios(&mut self, touched: impl IntoIterator<Item = (PortfolioId, Day)>) {
        for (portfolio, day) in touched {
            let first = self.first_days.entry(portfolio).or_insert(day);
            *first = day.min(*first);
        }
    }

    /// Adds the cells that may use a security, from a day on: those of portfolios that trade it,
    /// or all for a rate, an index, and the benchmark and factors of the risk model.
    pub(super) fn of_security(
        &mut self,
        security: SecurityId,
        from: Day,
    ) -> Result<(), StoreError> {
        if self.shared.contains(&security) {
            self.all_from = Some(self.all_from.map_or(from, |all_from| all_from.min(from)));
            return Ok(());
        }
        self.of_lots(security, from)
    }

    /// Adds the cells whose lots a security may decide, from a day on: those of portfolios that trade
    /// it or a security whose units become it, and of those that trade one received for it, because
    /// the lots that they transfer in can come from it.
    pub(super) fn of_lots(&mut self, security: SecurityId, from: Day) -> Result<(), StoreError> {
        let actions = match self.actions.take() {
            Some(known) => known,
            None => ActionHistory::read(self.writing)?,
        };
        let received = actions.received_for(&BTreeSet::from([security]));
        let origins = actions.origins(security).into_iter();
        for id in origins.chain(received.into_keys()) {
            let traders = self.writing.entries().portfolios_trading(id)?;
            self.of_portfolios(traders.into_iter().map(|portfolio| (portfolio, from)));
        }
        self.actions = Some(actions);
        Ok(())
    }

    fn contains(&self, failure: &Failure) -> bool {
        let first = self.first_days.get(&failure.cell.portfolio).copied();
        let first = first.into_iter().chain(self.all_from).min();
        first.is_some_and(|first| first <= failure.cell.day)
    }
}

/// Forgets the failures of the cells that `touch` adds. Without failures `touch` is not called.
pub(super) fn forget_failures(
    writing: &WriteTransaction<'_>,
    touch: impl FnOnce(&mut TouchedCells<'_, '_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let failures = writing.failures().all()?;
    if failures.is_empty() {
        return Ok(());
    }
    let mut touched = TouchedCells {
        writing,
        shared: shared_securities(writing)?,
        actions: None,
        first_days: BTreeMap::new(),
        all_from: None,
    };
    touch(&mut touched)?;
    for failure in failures.iter().filter(|failure| touched.contains(failure)) {
        writing.failures().forget(failure.cell, failure.phase)?;
    }
    Ok(())
}

/// Returns exchange rates, indices, and the benchmark and factors of the risk model.
fn shared_securities(writing: &WriteTransaction<'_>) -> Result<BTreeSet<SecurityId>, StoreError> {
    let (_, model) = writing.risk_models().in_force()?;
    let securities = writing.securities().all()?;
    let indexes = model.securities(&securities);
    let is_shared =
        |security: &&Security| !security.can_be_held() || indexes.contains(&security.id);
    Ok((securities.iter())
        .filter(is_shared)
        .map(|security| security.id)
        .collect())
}
