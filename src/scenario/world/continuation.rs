//! What happens to a world after its beginning: the clock goes on, portfolios are added,
//! transactions and splits are recorded.

use super::error::WorldError;
use super::instruments::Instruments;
use super::sources::Sources;
use super::spec::{SplitSpec, TransactionSpec};
use super::state::{MarketEnd, World, WorldPortfolio};
use super::transactions::resolve_transactions;
use crate::domain::{Day, DayRange, SecurityId, Split, Transaction};

impl World {
    /// The security of a symbol; an error with the nearest one where nothing has it.
    pub(in crate::scenario) fn security(&self, symbol: &str) -> Result<SecurityId, WorldError> {
        self.instruments().id(symbol)
    }

    /// Transactions as a file lists them, of anybody who is ever in this world.
    pub(in crate::scenario) fn resolve_transactions(
        &self,
        written: Vec<TransactionSpec>,
    ) -> Result<Vec<Transaction>, WorldError> {
        let everybody: Vec<_> = self
            .portfolios
            .iter()
            .chain(&self.added_later)
            .cloned()
            .collect();
        resolve_transactions(written, &everybody, &self.instruments())
    }

    /// A split as a file lists it.
    pub(in crate::scenario) fn resolve_split(
        &self,
        written: SplitSpec,
    ) -> Result<Split, WorldError> {
        let mut splits = self.instruments().splits(vec![written], &self.calendar)?;
        Ok(splits.remove(0))
    }

    /// What the sources have after the days that the world has closes of, up to `last`: nothing
    /// where the world says itself when its market ends.
    pub fn sources_after(&self, last: Day) -> Result<Sources, WorldError> {
        let first = self.priced_days.first();
        let goes_on = self.market_ends == MarketEnd::FollowsClock && last > self.priced_days.last();
        let Some(priced) = DayRange::new(first, last).ok().filter(|_| goes_on) else {
            return Ok(Sources::default());
        };
        let continued = Self {
            priced_days: priced,
            ..self.clone()
        };
        let mut sources = continued.sources()?;
        let is_after = |day: Day| day > self.priced_days.last();
        sources.closes.retain(|(_, day, _)| is_after(*day));
        sources.splits.retain(|split| is_after(split.day));
        sources.transactions.retain(|one| is_after(one.day));
        Ok(sources)
    }

    /// The transactions that a portfolio which is added at a later time brings along, up to
    /// `last`.
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
