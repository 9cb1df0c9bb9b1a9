//! Extends a world while a scenario runs: the clock moves, portfolios are added, transactions and
//! splits are recorded.

use super::error::WorldError;
use super::instruments::Instruments;
use super::sources::Sources;
use super::spec::{SplitSpec, TransactionSpec};
use super::state::{MarketEnd, World, WorldPortfolio};
use super::transactions::resolve_transactions;
use crate::domain::{Day, DayRange, SecurityId, Split, Transaction};

impl World {
    /// Returns the security of a symbol, or an error with the nearest symbol.
    pub(in crate::scenario) fn security(&self, symbol: &str) -> Result<SecurityId, WorldError> {
        self.instruments().id(symbol)
    }

    /// Resolves transactions of any portfolio, those that steps add included.
    pub(in crate::scenario) fn resolve_transactions(
        &self,
        specs: Vec<TransactionSpec>,
    ) -> Result<Vec<Transaction>, WorldError> {
        let portfolios: Vec<_> = self
            .portfolios
            .iter()
            .chain(&self.added_later)
            .cloned()
            .collect();
        resolve_transactions(specs, &portfolios, &self.instruments())
    }

    /// Resolves a split of a listed security.
    pub(in crate::scenario) fn resolve_split(&self, spec: SplitSpec) -> Result<Split, WorldError> {
        let mut splits = self.instruments().splits(vec![spec], &self.calendar)?;
        Ok(splits.remove(0))
    }

    /// Returns the sources after the priced days of the world, up to `last`. They are empty if the
    /// world fixes the end of its market.
    ///
    /// # Errors
    ///
    /// The calendar does not cover the days.
    pub fn sources_after(&self, last: Day) -> Result<Sources, WorldError> {
        let first = self.priced_days.first();
        let goes_on = self.market_ends == MarketEnd::FollowsClock && last > self.priced_days.last();
        let Some(priced) = DayRange::new(first, last).ok().filter(|_| goes_on) else {
            return Ok(Sources::default());
        };
        // Generated closes and transactions do not depend on where a market ends, so a longer
        // world has those of this one, followed by the new ones.
        let continued = Self {
            priced_days: priced,
            ..self.clone()
        };
        let mut sources = continued.sources()?;
        let is_after = |day: Day| day > self.priced_days.last();
        sources.closes.retain(|(_, day, _)| is_after(*day));
        sources.splits.retain(|split| is_after(split.day));
        sources
            .transactions
            .retain(|transaction| is_after(transaction.day));
        Ok(sources)
    }

    /// Returns the transactions of a portfolio that a step adds, from its inception up to `last`.
    ///
    /// # Errors
    ///
    /// The calendar does not cover the days.
    pub fn transactions_for(
        &self,
        portfolio: &WorldPortfolio,
        last: Day,
    ) -> Result<Vec<Transaction>, WorldError> {
        let last = match self.market_ends {
            MarketEnd::FollowsClock => last.max(self.priced_days.last()),
            MarketEnd::Fixed => self.priced_days.last(),
        };
        let first = self
            .priced_days
            .first()
            .min(portfolio.portfolio.lifecycle.inception());
        let alone = Self {
            priced_days: DayRange::new(first, last).map_err(WorldError::Market)?,
            portfolios: vec![portfolio.clone()],
            transactions: Vec::new(),
            ..self.clone()
        };
        Ok(alone.sources()?.transactions)
    }

    fn instruments(&self) -> Instruments {
        Instruments(self.listing.clone())
    }
}
