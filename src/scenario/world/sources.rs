//! Builds the sources of a world: those that the file lists, and those that the seed generates. Extends
//! a world while a scenario runs: the clock moves, portfolios are added, transactions and splits are
//! recorded.

use std::collections::BTreeMap;

use super::error::WorldError;
use super::instruments::Instruments;
use super::instruments::resolve_transactions;
use super::spec::{SplitSpec, TransactionSpec};
use super::state::{Contents, MarketEnd, World, WorldPortfolio};
use crate::domain::{
    Calendar, CloseChange, CorporateAction, Day, DayRange, Money, Portfolio, PortfolioKey, Price,
    Quantity, RiskModel, Security, SecurityId, Split, Transaction, TransactionKind, is_closed,
};
use crate::scenario::format::lenient::Lenient;
use crate::scenario::market::{Account, Market, history, simulated_days};

/// All inputs of the books of a world.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sources {
    /// Securities, with dense ids from 1.
    pub securities: Vec<Security>,
    /// Portfolios, with dense ids from 1 in the order of the file.
    pub portfolios: Vec<Portfolio>,
    /// Raw closes, not adjusted for splits, ordered by security and then day.
    pub closes: Vec<(SecurityId, Day, Price)>,
    /// Splits of all securities, ordered by day.
    pub splits: Vec<Split>,
    /// Other corporate actions, in the order of the file.
    pub actions: Vec<CorporateAction>,
    /// Transactions: generated ones by portfolio and day, then those of the file in its order.
    pub transactions: Vec<Transaction>,
    /// The risk model: benchmark, factors and shocks.
    pub model: RiskModel,
}

impl Sources {
    /// Returns the closes as changes of a market without closes.
    pub fn new_closes(&self) -> Vec<CloseChange> {
        let closes = self.closes.iter();
        closes
            .map(|(security, day, price)| CloseChange {
                security: *security,
                day: *day,
                previous: None,
                price: *price,
            })
            .collect()
    }
}

impl World {
    /// Returns the sources of this world. They are a pure function of it.
    ///
    /// # Errors
    ///
    /// The calendar does not cover days that the market needs.
    pub fn sources(&self) -> Result<Sources, WorldError> {
        let market = self.market()?;
        let mut transactions = Vec::new();
        for portfolio in &self.portfolios {
            transactions.extend(portfolio.transactions(&market, self.priced_days.last()));
        }
        transactions.extend(self.transactions.iter().cloned());
        Ok(Sources {
            securities: self.listing.securities().cloned().collect(),
            portfolios: self
                .portfolios
                .iter()
                .map(|entry| entry.portfolio.clone())
                .collect(),
            closes: market.closes().collect(),
            splits: market.splits().to_vec(),
            actions: (self.actions.iter().copied())
                .filter(|action| action.day <= self.priced_days.last())
                .collect(),
            transactions,
            model: self.model.clone(),
        })
    }

    /// Generates the market, then sets and removes the closes that the file lists.
    fn market(&self) -> Result<Market, WorldError> {
        let sessions = self.calendar.sessions(simulated_days(self.priced_days))?;
        let mut market = Market::open(
            self.listing.clone(),
            sessions,
            self.priced_days,
            &self.splits,
        );
        self.remove_closes_of_closed_days(&mut market);
        for given in &self.closes {
            market.set_close(given.security, given.day, given.close);
        }
        Ok(market)
    }

    /// Removes the generated closes of the days on which a security is closed by its own calendar.
    fn remove_closes_of_closed_days(&self, market: &mut Market) {
        for security in self.listing.securities() {
            let name = security.calendar.as_deref();
            let own = name.and_then(|name| self.own_calendars.find(name, &self.calendar));
            let own = own.as_ref().map(Calendar::all_sessions);
            let closed: Vec<Day> = (market.sessions().iter().copied())
                .filter(|day| is_closed(own, *day))
                .collect();
            for day in closed {
                market.set_close(security.id, day, None);
            }
        }
    }
}

impl WorldPortfolio {
    fn transactions(&self, market: &Market, last: Day) -> Vec<Transaction> {
        let lifecycle = self.portfolio.lifecycle;
        let last = lifecycle
            .closing_day()
            .map_or(last, |closed| closed.min(last));
        let Ok(lifetime) = DayRange::new(lifecycle.inception(), last) else {
            return Vec::new();
        };
        match &self.contents {
            Contents::MadeUp { style, capital } => history(
                market,
                &Account {
                    portfolio: self.portfolio.id,
                    name: &self.random_stream_name(),
                    currency: self.portfolio.currency,
                    style: *style,
                    capital: *capital,
                    lifetime,
                },
            ),
            Contents::Given { cash, holdings } => market
                .sessions()
                .iter()
                .find(|day| lifetime.contains(**day))
                .map_or_else(Vec::new, |first| {
                    self.opening_transactions(market, *first, *cash, holdings)
                }),
        }
    }

    /// Returns the name of the portfolio's random stream: its name, or its id if the id does not
    /// derive from the name, because then other portfolios may have the same name.
    fn random_stream_name(&self) -> String {
        let Portfolio { key, name, .. } = &self.portfolio;
        match PortfolioKey::from_name(name) == *key {
            true => name.clone(),
            false => key.to_string(),
        }
    }

    /// Returns the transactions that open the given cash and holdings on `day`. Negative holdings
    /// are sold short at the latest close.
    fn opening_transactions(
        &self,
        market: &Market,
        day: Day,
        cash: Money,
        holdings: &BTreeMap<SecurityId, Quantity>,
    ) -> Vec<Transaction> {
        let entry = |kind, place| Transaction {
            reference: format!("{}/{day}/{place:02}", self.random_stream_name()),
            ..Transaction::new(self.portfolio.id, day, kind)
        };
        let mut transactions = Vec::new();
        if !cash.is_zero() {
            let mut deposit = entry(TransactionKind::Deposit, 0);
            deposit.amount = Some(cash);
            transactions.push(deposit);
        }
        for (place, (security, quantity)) in (1..).zip(holdings) {
            let short = quantity.is_negative();
            let kind = if short {
                TransactionKind::Sell
            } else {
                TransactionKind::TransferIn
            };
            let mut opening = entry(kind, place);
            opening.price = latest_close(market, *security, day).filter(|_| short);
            opening.security = Some(*security);
            opening.quantity = quantity.abs();
            transactions.push(opening);
        }
        transactions
    }
}

/// Returns the newest close of a security on or before a day.
fn latest_close(market: &Market, security: SecurityId, day: Day) -> Option<Price> {
    let sessions = market.sessions().iter().rev();
    let mut until = sessions.skip_while(|session| **session > day);
    until.find_map(|session| market.close(security, *session))
}

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
        sources.actions.retain(|action| is_after(action.day));
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

impl TransactionSpec {
    /// Returns a transaction without terms.
    pub(crate) fn new(portfolio: &str, day: Day, kind: TransactionKind) -> Self {
        Self {
            portfolio: portfolio.to_owned(),
            day,
            time: None,
            kind: Lenient(kind),
            symbol: None,
            quantity: None,
            price: None,
            amount: None,
            fee: None,
            currency: None,
            fee_currency: None,
            from_amount: None,
            from_currency: None,
            counterpart: None,
            lots: None,
            reference: None,
        }
    }
}
