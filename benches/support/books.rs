//! A database that is made once and copied for every measurement, so that each starts from the
//! same bytes.

use std::fs::File;
use std::path::PathBuf;

use chrono::{DateTime, TimeZone, Utc};
use plimsoll::domain::{
    Currency, Lifecycle, NewPortfolio, Phase, PortfolioId, PortfolioKey, Subjects,
};
use plimsoll::engine::Settings;
use plimsoll::store::{Store, StoreError, Writing};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use super::market::Market;
use super::night::Night;
use super::trades::trades;

/// What every database is made from.
pub(crate) const SEED: u64 = 8;

/// The evening on which every night is run.
pub(crate) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 8, 23, 0, 0)
        .single()
        .expect("an instant")
}

/// How much there is to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) portfolios: u32,
    /// Sessions from everybody's inception to the target.
    pub(crate) sessions: usize,
    pub(crate) holdings: u32,
}

impl Shape {
    pub(crate) fn cells(&self) -> u64 {
        u64::from(self.portfolios) * self.sessions as u64
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            portfolios,
            sessions,
            holdings,
        } = self;
        write!(f, "{portfolios}x{sessions}x{holdings}")
    }
}

/// What of the past is in the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Past {
    /// Nothing: every portfolio has its transactions, and everything is to be done.
    Nothing,
    /// Everything, for everybody; nobody has transactions.
    Everything,
    /// Everything but for one cell in a thousand.
    Holes,
    /// Everything but for the last portfolio, which alone has transactions.
    AllButOne,
}

/// A database on disk, with nobody at work on it.
pub(crate) struct Books {
    folder: TempDir,
    settings: Settings,
}

impl Books {
    pub(crate) fn new(shape: Shape, past: Past) -> Self {
        let folder = tempfile::tempdir().expect("a folder for a database");
        let settings = Settings::new_york();
        let books = Self { folder, settings };
        let store = Store::create(books.path()).expect("a new database");
        let mut writer = store.writer().expect("a writer");
        let market = Market::new(shape.sessions, &books.settings);
        writer
            .write(|writing| {
                market.store(writing)?;
                add_portfolios(writing, &market, shape, past)?;
                fill_ledger(writing, &market, shape, past)?;
                writing.count_revision()
            })
            .expect("sources that can be stored");
        writer.empty_log().expect("a log that nobody reads");
        books
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("books.db")
    }

    /// A copy that is on disk as a whole, so that no run pays for writing it.
    pub(crate) fn copy(&self) -> Night {
        let folder = tempfile::tempdir().expect("a folder for a copy");
        let path = folder.path().join("books.db");
        std::fs::copy(self.path(), &path).expect("room for a copy");
        let file = File::options().write(true).open(&path);
        file.and_then(|file| file.sync_all()).expect("a disk");
        let store = Store::open(&path).expect("a database of ours");
        Night::new(folder, store, self.settings.clone())
    }
}

fn add_portfolios(
    writing: &Writing<'_>,
    market: &Market,
    shape: Shape,
    past: Past,
) -> Result<(), StoreError> {
    let lifecycle = Lifecycle::from(market.lived()[0]);
    let mut lives = Vec::new();
    for number in 1..=shape.portfolios {
        let name = format!("P{number:07}");
        let id = writing.add_portfolio(&NewPortfolio {
            key: PortfolioKey::of_name(&name),
            name,
            currency: Currency::USD,
            lifecycle,
        })?;
        lives.push((id, None, lifecycle));
        let trading = match past {
            Past::Nothing => true,
            Past::AllButOne => number == shape.portfolios,
            Past::Everything | Past::Holes => false,
        };
        if trading {
            writing.add_entries(&trades(market, PortfolioId(number), shape.holdings))?;
        }
    }
    writing.change_roster(&lives)
}

fn fill_ledger(
    writing: &Writing<'_>,
    market: &Market,
    shape: Shape,
    past: Past,
) -> Result<(), StoreError> {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    for day in market.lived() {
        let mut done = Subjects::new();
        match past {
            Past::Nothing => continue,
            Past::Everything | Past::Holes => done.insert_range(1..=shape.portfolios),
            Past::AllButOne => done.insert_range(1..shape.portfolios),
        };
        if let Past::Holes = past {
            let mut hole = random.random_range(1..2_000);
            while hole <= shape.portfolios {
                done.remove(hole);
                hole += random.random_range(1..2_000);
            }
        }
        for phase in Phase::OF_CELL {
            writing.set_done(*day, phase, &done)?;
        }
    }
    Ok(())
}
