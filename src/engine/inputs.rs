//! Everything that the phases may know, read once and laid out in columns.
//!
//! The market reaches back to the first close and the first inception, so that a cell's numbers
//! are the same whatever else is planned: an input may be as old as it likes.

use crate::domain::{CalendarError, Day, DayRange, Portfolio, PortfolioId, Subjects};
use crate::phases::{Books, Close, History, Market, MarketSources};
use crate::store::{ModelNumber, Reading, StoreError};

use super::{EngineError, Settings};

/// How many portfolios are looked up one by one before the whole table is read instead.
const ONE_BY_ONE: u64 = 2_000;

/// The sources of some portfolios.
pub(super) struct Inputs {
    pub(super) market: Market,
    pub(super) model: ModelNumber,
    /// One for each portfolio, by id.
    pub(super) workers: Vec<Worker>,
}

/// A portfolio's history, and its books as far as they have been rolled.
pub(super) struct Worker {
    pub(super) id: PortfolioId,
    pub(super) history: History,
    pub(super) books: Books,
}

impl Worker {
    fn new(portfolio: &Portfolio, transactions: Vec<crate::domain::Transaction>) -> Self {
        let history = History::new(portfolio, transactions);
        Self {
            id: portfolio.id,
            books: Books::open(&history),
            history,
        }
    }
}

/// Reads the sources of `who`, up to and including `last`.
pub(super) fn load(
    reading: &Reading<'_>,
    settings: &Settings,
    who: &Subjects,
    last: Day,
) -> Result<Inputs, EngineError> {
    let (model, risk_model) = reading.risk_model()?;
    let portfolios = load_portfolios(reading, who)?;
    let earliest = portfolios.iter().map(|one| one.lifecycle.inception()).min();
    let range = market_range(reading, settings, earliest.unwrap_or(last), last)?;
    let mut closes = Vec::new();
    reading.each_close(range, |security, day, price| {
        closes.push(Close {
            security,
            day,
            price,
        });
    })?;
    let market = Market::new(MarketSources {
        sessions: settings.calendar.sessions(range)?.to_vec(),
        securities: reading.securities()?,
        closes,
        splits: reading.splits()?,
        model: risk_model,
    })?;
    Ok(Inputs {
        market,
        model,
        workers: load_workers(reading, portfolios)?,
    })
}

/// From the first close or inception, whichever is earlier, but not before the calendar starts:
/// closes from before it are of no session.
fn market_range(
    reading: &Reading<'_>,
    settings: &Settings,
    earliest: Day,
    last: Day,
) -> Result<DayRange, EngineError> {
    let known = settings.calendar.known();
    let first_close = reading.priced_range()?.map_or(earliest, DayRange::first);
    let first = earliest.min(first_close.max(known.first()));
    DayRange::new(first, last).map_err(|_| {
        EngineError::Calendar(CalendarError::Unknown {
            calendar: settings.calendar.name().to_owned(),
            known,
            day: first,
        })
    })
}

fn load_portfolios(reading: &Reading<'_>, who: &Subjects) -> Result<Vec<Portfolio>, StoreError> {
    if who.len() > ONE_BY_ONE {
        let mut all = reading.portfolios()?;
        all.retain(|portfolio| who.contains(portfolio.id.0));
        return Ok(all);
    }
    let mut portfolios = Vec::new();
    for id in who {
        portfolios.extend(reading.portfolio(PortfolioId(id))?);
    }
    Ok(portfolios)
}

fn load_workers(
    reading: &Reading<'_>,
    portfolios: Vec<Portfolio>,
) -> Result<Vec<Worker>, StoreError> {
    let mut workers = Vec::with_capacity(portfolios.len());
    if portfolios.len() as u64 <= ONE_BY_ONE {
        for portfolio in portfolios {
            let entries = reading.entries_of(portfolio.id)?;
            workers.push(Worker::new(&portfolio, entries));
        }
        return Ok(workers);
    }
    let mut histories = vec![Vec::new(); portfolios.len()];
    reading.each_entry(|entry| {
        if let Ok(at) = portfolios.binary_search_by_key(&entry.portfolio, |one| one.id) {
            histories[at].push(entry);
        }
    })?;
    for (portfolio, entries) in portfolios.iter().zip(histories) {
        workers.push(Worker::new(portfolio, entries));
    }
    Ok(workers)
}
