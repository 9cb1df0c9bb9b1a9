//! The sources of a world: what is given, and what the seed makes up around it.

use std::collections::BTreeMap;

use super::error::WorldError;
use super::state::{Contents, World, WorldPortfolio};
use crate::domain::{
    CloseChange, Day, DayRange, Money, Portfolio, PortfolioKey, Price, Quantity, RiskModel,
    Security, SecurityId, Split, Transaction, TransactionKind,
};
use crate::scenario::market::{Account, Market, history, simulated_days};

/// Everything that the books of a world are made from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sources {
    /// The securities; ids are dense from 1.
    pub securities: Vec<Security>,
    /// The portfolios; ids are dense from 1, in the order of the file.
    pub portfolios: Vec<Portfolio>,
    /// Raw closes, by security and then day.
    pub closes: Vec<(SecurityId, Day, Price)>,
    /// Splits, by day.
    pub splits: Vec<Split>,
    /// Transactions: those made up by portfolio and day, then those given in the file's order.
    pub transactions: Vec<Transaction>,
    /// Benchmark, factors and shocks.
    pub model: RiskModel,
}

impl Sources {
    /// The closes as changes of a market that has none of them.
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
    /// The sources of this world; the same world gives the same sources, always. An error where
    /// the calendar doesn't know days that the market needs.
    pub fn sources(&self) -> Result<Sources, WorldError> {
        let market = self.market()?;
        let mut transactions = Vec::new();
        for one in &self.portfolios {
            transactions.extend(one.transactions(&market, self.priced_days.last()));
        }
        transactions.extend(self.transactions.iter().cloned());
        Ok(Sources {
            securities: self.listing.securities().cloned().collect(),
            portfolios: self
                .portfolios
                .iter()
                .map(|one| one.portfolio.clone())
                .collect(),
            closes: market.closes().collect(),
            splits: market.splits().to_vec(),
            transactions,
            model: self.model.clone(),
        })
    }

    /// The market of this world, with the closes that are given.
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
        let life = self.portfolio.lifecycle;
        let last = life.closing_day().map_or(last, |closed| closed.min(last));
        let Ok(life) = DayRange::new(life.inception(), last) else {
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
                    lifetime: life,
                },
            ),
            Contents::Given { cash, holdings } => market
                .sessions()
                .iter()
                .find(|day| life.contains(**day))
                .map_or_else(Vec::new, |first| {
                    self.opening_transactions(market, *first, *cash, holdings)
                }),
        }
    }

    /// What chance goes by: the name, or the id where that is not the name's, since then others
    /// may have the name too.
    fn random_stream_name(&self) -> String {
        let Portfolio { key, name, .. } = &self.portfolio;
        match PortfolioKey::from_name(name) == *key {
            true => name.clone(),
            false => key.to_string(),
        }
    }

    /// Cash and holdings of the first session. What is less than nothing is sold short at the
    /// latest close.
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
        let mut written = Vec::new();
        if !cash.is_zero() {
            let mut deposit = entry(TransactionKind::Deposit, 0);
            deposit.amount = Some(cash);
            written.push(deposit);
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
            written.push(opening);
        }
        written
    }
}

/// The latest close of a security that there is on a day.
fn latest_close(market: &Market, security: SecurityId, day: Day) -> Option<Price> {
    let sessions = market.sessions().iter().rev();
    let mut until = sessions.skip_while(|session| **session > day);
    until.find_map(|session| market.close(security, *session))
}
