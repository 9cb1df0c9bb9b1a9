//! Creates databases of a given number of portfolios, sessions and holdings.

use std::fmt;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::market::{Market, SEED};
use super::trades::trades;
use crate::domain::{IdSet, Lifecycle, NewPortfolio, Phase, PortfolioId};
use crate::engine::{EngineError, Settings};
use crate::store::{Location, Store, StoreError, WriteTransaction};

/// The size of a synthetic database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// The number of portfolios.
    pub portfolios: u32,
    /// The number of sessions from the common inception to the target.
    pub sessions: usize,
    /// The number of securities that each portfolio holds.
    pub holdings: u32,
}

impl Shape {
    /// Returns the number of expected cells.
    pub const fn cells(&self) -> u64 {
        self.portfolios as u64 * self.sessions as u64
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            portfolios,
            sessions,
            holdings,
        } = self;
        write!(f, "{portfolios}x{sessions}x{holdings}")
    }
}

/// The coverage of a new database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitialCoverage {
    /// No cell is done, and every portfolio has transactions.
    None,
    /// All cells are done, and no portfolio has transactions.
    Full,
    /// All cells but one in a thousand are done, and no portfolio has transactions.
    WithHoles,
    /// All cells but those of the last portfolio are done; only that one has transactions.
    AllButLast,
}

/// Creates a database of this shape, with an empty write-ahead log.
///
/// # Errors
///
/// The calendar has fewer sessions before [`now`](super::now), a database exists at `place`, or it
/// cannot be written.
pub fn create_database(
    place: impl Into<Location>,
    settings: &Settings,
    shape: Shape,
    coverage: InitialCoverage,
) -> Result<Store, EngineError> {
    let market = Market::new(shape.sessions, settings)?;
    let store = Store::create(place)?;
    let mut writer = store.writer()?;
    writer.write(|writing| {
        market.store(writing)?;
        add_portfolios(writing, &market, shape, coverage)?;
        fill_ledger(writing, &market, shape, coverage)?;
        writing.increment_revision()
    })?;
    writer.checkpoint()?;
    Ok(store)
}

fn add_portfolios(
    writing: &WriteTransaction<'_>,
    market: &Market,
    shape: Shape,
    coverage: InitialCoverage,
) -> Result<(), StoreError> {
    let lifecycle = Lifecycle::new(market.portfolio_sessions()[0]);
    let names = (1..=shape.portfolios).map(|number| format!("P{number:07}"));
    writing
        .portfolios()
        .add(names.map(|name| NewPortfolio::in_dollars(&name, lifecycle)))?;
    for number in 1..=shape.portfolios {
        let has_transactions = match coverage {
            InitialCoverage::None => true,
            InitialCoverage::AllButLast => number == shape.portfolios,
            InitialCoverage::Full | InitialCoverage::WithHoles => false,
        };
        if has_transactions {
            writing
                .entries()
                .add(&trades(market, PortfolioId(number), shape.holdings))?;
        }
    }
    Ok(())
}

fn fill_ledger(
    writing: &WriteTransaction<'_>,
    market: &Market,
    shape: Shape,
    coverage: InitialCoverage,
) -> Result<(), StoreError> {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    for day in market.portfolio_sessions() {
        let mut done = IdSet::new();
        match coverage {
            InitialCoverage::None => continue,
            InitialCoverage::Full | InitialCoverage::WithHoles => {
                done.insert_range(1..=shape.portfolios)
            }
            InitialCoverage::AllButLast => done.insert_range(1..shape.portfolios),
        };
        if coverage == InitialCoverage::WithHoles {
            // Distances between holes average 1,000 portfolios.
            let mut hole = random.random_range(1..2_000);
            while hole <= shape.portfolios {
                done.remove(hole);
                hole += random.random_range(1..2_000);
            }
        }
        for phase in Phase::CELL_PHASES {
            writing.ledger().set_done(*day, phase, &done)?;
        }
    }
    Ok(())
}
