//! Loads the portfolios of a run, each with its history and rolling books.

use crate::domain::{Portfolio, PortfolioId, Transaction};
use crate::phases::{Books, History};
use crate::store::{ReadTransaction, StoreError};

/// Maximum number of portfolios that are looked up one by one; above it, the whole table is read in
/// one pass.
pub(super) const MAX_LOOKUPS: u64 = 2_000;

/// A portfolio's history, and its books up to the last computed session.
pub(super) struct PortfolioState {
    pub(super) id: PortfolioId,
    pub(super) history: History,
    pub(super) books: Books,
}

impl PortfolioState {
    pub(super) fn new(portfolio: &Portfolio, transactions: Vec<Transaction>) -> Self {
        let history = History::new(portfolio, transactions);
        Self {
            id: portfolio.id,
            books: Books::open(&history),
            history,
        }
    }
}

/// Loads the states of `portfolios`, which must ascend by id.
pub(super) fn load_portfolio_states(
    reading: &ReadTransaction<'_>,
    portfolios: &[Portfolio],
) -> Result<Vec<PortfolioState>, StoreError> {
    if portfolios.len() as u64 <= MAX_LOOKUPS {
        load_by_lookup(reading, portfolios)
    } else {
        load_by_scan(reading, portfolios)
    }
}

fn load_by_lookup(
    reading: &ReadTransaction<'_>,
    portfolios: &[Portfolio],
) -> Result<Vec<PortfolioState>, StoreError> {
    let states = portfolios.iter().map(|portfolio| {
        let entries = reading.entries().of_portfolio(portfolio.id)?;
        Ok(PortfolioState::new(portfolio, entries))
    });
    states.collect()
}

/// Reads all transactions in one pass and keeps those of `portfolios`.
fn load_by_scan(
    reading: &ReadTransaction<'_>,
    portfolios: &[Portfolio],
) -> Result<Vec<PortfolioState>, StoreError> {
    let mut states = Vec::with_capacity(portfolios.len());
    let mut owners = portfolios.iter().peekable();
    // One buffer for all portfolios: draining it into a new vector gives each history no more
    // memory than it needs.
    let mut entries = Vec::new();
    reading.entries().for_each(|entry| {
        // Entries come by portfolio: a smaller owner has all of its entries, possibly none.
        while let Some(owner) = owners.next_if(|owner| owner.id < entry.portfolio) {
            states.push(PortfolioState::new(
                owner,
                Vec::from_iter(entries.drain(..)),
            ));
        }
        if owners
            .peek()
            .is_some_and(|owner| owner.id == entry.portfolio)
        {
            entries.push(entry);
        }
    })?;
    for owner in owners {
        states.push(PortfolioState::new(
            owner,
            Vec::from_iter(entries.drain(..)),
        ));
    }
    Ok(states)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Day, Lifecycle, Money, NewPortfolio, TransactionKind};
    use crate::store::Store;

    /// Seven portfolios, of which 2, 3 and 6 have transactions.
    #[test]
    fn scan_and_lookup_load_the_same_histories() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path().join("books.db")).unwrap();
        let day = Day::from_number(20_000).unwrap();
        let deposit = |owner, reference: &str| Transaction {
            amount: Some(Money::whole(5)),
            reference: reference.to_owned(),
            ..Transaction::new(PortfolioId(owner), day, TransactionKind::Deposit)
        };
        let stored = store.writer().unwrap().write(|writing| {
            let names = ["a", "b", "c", "d", "e", "f", "g"];
            writing
                .portfolios()
                .add(names.map(|name| NewPortfolio::in_dollars(name, Lifecycle::new(day))))?;
            let deposits = [(6, "1"), (2, "2"), (3, "3"), (2, "4"), (3, "5")];
            let entries: Vec<_> = deposits.map(|(owner, name)| deposit(owner, name)).into();
            writing.entries().add(&entries)
        });
        let stored: Result<(), StoreError> = stored;
        stored.unwrap();
        let histories = |states: Vec<PortfolioState>| -> Vec<_> {
            let pairs = states.into_iter().map(|state| (state.id, state.history));
            pairs.collect()
        };
        let read = |reading: &ReadTransaction<'_>| {
            let all = reading.portfolios().all()?;
            for chosen in [
                vec![],
                vec![0],
                vec![1],
                vec![2, 4],
                vec![0, 1, 2, 3, 4, 5, 6],
            ] {
                let some: Vec<_> = chosen.iter().map(|at: &usize| all[*at].clone()).collect();
                let found = histories(load_by_scan(reading, &some)?);
                assert_eq!(found, histories(load_by_lookup(reading, &some)?));
                assert_eq!(found.len(), chosen.len());
            }
            let found = histories(load_by_scan(reading, &all)?);
            let counts = found
                .iter()
                .map(|(_, history)| history.transactions().len());
            assert_eq!(counts.collect::<Vec<_>>(), [0, 2, 2, 0, 0, 1, 0]);
            Ok::<_, StoreError>(())
        };
        store.read(read).unwrap();
    }
}
