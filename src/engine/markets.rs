//! The markets of a run: one over the sessions of the database, and one over the sessions of each
//! calendar that a portfolio names.
//!
//! The figures of a portfolio with a calendar are those that it would have in a database with that
//! calendar: returns since its own previous session, windows of its own sessions, prices by their
//! closes of these, and its own number of sessions of a year.

use crate::domain::{PortfolioCalendars, PortfolioId};
use crate::phases::{Market, MarketError, MarketSources};

/// The market of each portfolio. The first is that of the database.
pub(super) struct Markets {
    all: Vec<Market>,
    /// The calendars with a market of their own: the first belongs to the second market.
    calendars: PortfolioCalendars,
}

impl Markets {
    /// Builds the market of the database, and those of the calendars of the portfolios that
    /// `is_needed` accepts.
    pub(super) fn new(
        sources: MarketSources,
        calendars: PortfolioCalendars,
        is_needed: impl Fn(PortfolioId) -> bool,
    ) -> Result<Self, MarketError> {
        let needed = calendars.iter().filter(|calendar| {
            let mut portfolios = calendar.portfolios.iter();
            portfolios.any(|id| is_needed(PortfolioId(id)))
        });
        let calendars: PortfolioCalendars = needed.cloned().collect();
        let mut own = Vec::new();
        for calendar in calendars.iter() {
            own.push(Market::new(MarketSources {
                sessions: calendar.pick(&sources.sessions),
                sessions_per_year: calendar.sessions_per_year,
                ..sources.clone()
            })?);
        }
        let mut all = vec![Market::new(sources)?];
        all.extend(own);
        Ok(Self { all, calendars })
    }

    /// Returns the market over the sessions of the database.
    pub(super) fn of_database(&self) -> &Market {
        &self.all[0]
    }

    /// Returns all markets, that of the database first.
    pub(super) fn all(&self) -> &[Market] {
        &self.all
    }

    /// Returns the index, in [`Self::all`], of the market of a portfolio.
    pub(super) fn index_of(&self, id: PortfolioId) -> usize {
        self.calendars.index_of(id).map_or(0, |at| at + 1)
    }

    /// Returns the market of a portfolio.
    pub(super) fn of(&self, id: PortfolioId) -> &Market {
        &self.all[self.index_of(id)]
    }
}
