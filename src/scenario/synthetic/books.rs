//! A database of so many portfolios, sessions and holdings.

use std::fmt;

use chrono::{DateTime, TimeZone, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::market::Market;
use super::trades::trades;
use crate::domain::{Currency, IdSet, Lifecycle, NewPortfolio, Phase, PortfolioId, PortfolioKey};
use crate::engine::{EngineError, Settings};
use crate::store::{Location, Store, StoreError, WriteTransaction};

/// What every database is made from.
pub(super) const SEED: u64 = 8;

/// The evening on which every night is run.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 8, 23, 0, 0)
        .single()
        .expect("an instant")
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How many portfolios.
    pub portfolios: u32,
    /// Sessions from everybody's inception to the target.
    pub sessions: usize,
    /// How many securities each holds.
    pub holdings: u32,
}

impl Shape {
    /// How many cells are expected.
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

/// What of the past is in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitialCoverage {
    /// Nothing: every portfolio has its transactions, and everything is to be done.
    None,
    /// Everything, for everybody; nobody has transactions.
    Full,
    /// Everything but for one cell in a thousand; nobody has transactions.
    WithHoles,
    /// Everything but for the last portfolio, which alone has transactions.
    AllButLast,
}

/// Makes a new database of this shape, with its log empty.
///
/// # Errors
///
/// Where the calendar has not so many sessions before [`now`], or the store says no.
pub fn create_database(
    place: impl Into<Location>,
    settings: &Settings,
    shape: Shape,
    past: InitialCoverage,
) -> Result<Store, EngineError> {
    let market = Market::new(shape.sessions, settings)?;
    let store = Store::create(place)?;
    let mut writer = store.writer()?;
    writer.write(|writing| {
        market.store(writing)?;
        add_portfolios(writing, &market, shape, past)?;
        fill_ledger(writing, &market, shape, past)?;
        writing.increment_revision()
    })?;
    writer.checkpoint()?;
    Ok(store)
}

fn add_portfolios(
    writing: &WriteTransaction<'_>,
    market: &Market,
    shape: Shape,
    past: InitialCoverage,
) -> Result<(), StoreError> {
    let lifecycle = Lifecycle::new(market.portfolio_sessions()[0]);
    let mut lives = Vec::new();
    for number in 1..=shape.portfolios {
        let name = format!("P{number:07}");
        let id = writing.add_portfolio(&NewPortfolio {
            key: PortfolioKey::from_name(&name),
            name,
            currency: Currency::USD,
            lifecycle,
        })?;
        lives.push((id, None, lifecycle));
        let trading = match past {
            InitialCoverage::None => true,
            InitialCoverage::AllButLast => number == shape.portfolios,
            InitialCoverage::Full | InitialCoverage::WithHoles => false,
        };
        if trading {
            writing.add_entries(&trades(market, PortfolioId(number), shape.holdings))?;
        }
    }
    writing.change_lifecycle_index(&lives)
}

fn fill_ledger(
    writing: &WriteTransaction<'_>,
    market: &Market,
    shape: Shape,
    past: InitialCoverage,
) -> Result<(), StoreError> {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    for day in market.portfolio_sessions() {
        let mut done = IdSet::new();
        match past {
            InitialCoverage::None => continue,
            InitialCoverage::Full | InitialCoverage::WithHoles => {
                done.insert_range(1..=shape.portfolios)
            }
            InitialCoverage::AllButLast => done.insert_range(1..shape.portfolios),
        };
        if past == InitialCoverage::WithHoles {
            let mut hole = random.random_range(1..2_000);
            while hole <= shape.portfolios {
                done.remove(hole);
                hole += random.random_range(1..2_000);
            }
        }
        for phase in Phase::CELL_PHASES {
            writing.set_done(*day, phase, &done)?;
        }
    }
    Ok(())
}
