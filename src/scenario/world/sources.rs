//! Builds the sources of a world: those that the file lists, and those that the seed generates.

use std::collections::BTreeMap;

use super::error::WorldError;
use super::state::{Contents, World, WorldPortfolio};
use crate::domain::{
    CloseChange, Day, DayRange, Money, Portfolio, PortfolioKey, Price, Quantity, RiskModel,
    Security, SecurityId, Split, Transaction, TransactionKind,
};
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
        for given in &self.closes {
            market.set_close(given.security, given.day, given.close);
        }
        Ok(market)
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
            portfolio: self.portfolio.id,
            day,
            kind,
            security: None,
            quantity: Quantity::ZERO,
            price: None,
            amount: None,
            fee: Money::ZERO,
            reference: format!("{}/{day}/{place:02}", self.random_stream_name()),
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
            opening.quantity = Quantity::from_units(quantity.units().abs());
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
