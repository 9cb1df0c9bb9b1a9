//! Loads the portfolios from which transfers carry lots, and their givers in turn. Their cells are not
//! computed; only the lots that they gave are needed.

use std::collections::BTreeMap;

use super::markets::Markets;
use super::portfolio_state::PortfolioState;
use crate::domain::{Currency, Day, PortfolioId, SecurityId};
use crate::phases::{History, carried_lots};
use crate::store::{ReadTransaction, StoreError};

/// The portfolios that gave lots and are not computed themselves.
#[derive(Default)]
pub(super) struct Givers {
    histories: BTreeMap<PortfolioId, (Day, History)>,
}

impl Givers {
    /// Loads the givers of `states` that are not among them.
    pub(super) fn load(
        reading: &ReadTransaction<'_>,
        states: &[PortfolioState],
    ) -> Result<Self, StoreError> {
        let mut histories = BTreeMap::new();
        let mut wanted: Vec<_> = (states.iter())
            .flat_map(|state| counterparts(&state.history))
            .collect();
        while let Some(id) = wanted.pop() {
            let is_state = states.binary_search_by_key(&id, |state| state.id).is_ok();
            if is_state || histories.contains_key(&id) {
                continue;
            }
            let Some(portfolio) = reading.portfolios().get(id)? else {
                continue;
            };
            let history = History::new(&portfolio, reading.entries().of_portfolio(id)?);
            wanted.extend(counterparts(&history));
            histories.insert(id, (portfolio.lifecycle.inception(), history));
        }
        Ok(Self { histories })
    }

    /// Returns the securities of the givers, with repetitions.
    pub(super) fn securities(&self) -> impl Iterator<Item = SecurityId> + '_ {
        let histories = self.histories.values();
        histories.flat_map(|(_, given)| given.securities())
    }

    /// Returns whether a portfolio is one of the givers.
    pub(super) fn contains(&self, id: PortfolioId) -> bool {
        self.histories.contains_key(&id)
    }

    /// Returns the currencies of the givers' foreign cash, with repetitions.
    pub(super) fn foreign_currencies(&self) -> impl Iterator<Item = Currency> + '_ {
        let histories = self.histories.values();
        histories.flat_map(|(_, given)| given.foreign_currencies())
    }

    /// Returns the first inception of the givers, if there are any.
    pub(super) fn earliest_inception(&self) -> Option<Day> {
        self.histories.values().map(|(day, _)| *day).min()
    }

    /// Sets the lots of all transfers from other portfolios.
    pub(super) fn set_carried_lots(&self, markets: &Markets, states: &mut [PortfolioState]) {
        let receives = |state: &PortfolioState| {
            let transfers = state.history.transfers_from_counterparts();
            !transfers.is_empty()
        };
        if !states.iter().any(receives) {
            return;
        }
        let givers = self.histories.iter().map(|(id, (_, given))| (*id, given));
        let own = states.iter().map(|state| (state.id, &state.history));
        let carried = carried_lots(|id| markets.of(id), &givers.chain(own).collect());
        for ((id, index), lots) in carried {
            if let Ok(at) = states.binary_search_by_key(&id, |state| state.id) {
                states[at].history.set_carried(index, lots);
            }
        }
    }
}

fn counterparts(history: &History) -> impl Iterator<Item = PortfolioId> + '_ {
    let transfers = history.transfers_from_counterparts().iter();
    transfers.filter_map(|index| history.transactions()[*index as usize].counterpart)
}
