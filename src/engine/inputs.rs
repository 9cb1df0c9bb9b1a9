//! Everything that the phases may know, read once and laid out in columns.
//!
//! The market reaches back to the first close and the first inception, so that a cell's numbers
//! are the same whatever else is planned: an input may be as old as it likes.

use std::collections::BTreeSet;

use crate::domain::{
    CalendarError, Day, DayRange, IdSet, Portfolio, PortfolioId, RiskModel, Security, SecurityId,
};
use crate::phases::{Close, Market, MarketSources};
use crate::store::{ModelNumber, ReadTransaction, StoreError};

use super::portfolio_state::{MAX_LOOKUPS, PortfolioState, load_portfolio_states};
use super::{EngineError, Settings};

/// Looking up the closes of one security costs about as much as reading past those of so many.
const LOOKUP_COST: usize = 4;

/// Of which securities closes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseSelection {
    /// Of all that there are.
    All,
    /// At least of those that the cells of the portfolios can ask for; the market knows the
    /// others without a price.
    Needed,
}

/// The sources of some portfolios.
pub(super) struct Inputs {
    pub(super) market: Market,
    pub(super) model: ModelNumber,
    /// One for each portfolio, by id.
    pub(super) portfolios: Vec<PortfolioState>,
}

/// Reads the sources of `who`, up to and including `last`.
pub(super) fn load(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    who: &IdSet,
    last: Day,
    closes: CloseSelection,
) -> Result<Inputs, EngineError> {
    let (model, risk_model) = reading.risk_model()?;
    let portfolios = load_portfolios(reading, who)?;
    let earliest = portfolios.iter().map(|one| one.lifecycle.inception()).min();
    let range = market_range(reading, settings, earliest.unwrap_or(last), last)?;
    let workers = load_portfolio_states(reading, &portfolios)?;
    let sessions = settings.calendar.sessions(range)?.to_vec();
    let securities = reading.securities()?;
    let few = match closes {
        CloseSelection::All => None,
        CloseSelection::Needed => Some(needed_securities(&securities, &risk_model, &workers))
            .filter(|needed| needed.len() * LOOKUP_COST <= securities.len()),
    };
    let closes = load_closes(reading, range, &sessions, &securities, few.as_ref())?;
    let market = Market::new(MarketSources {
        sessions,
        securities,
        closes,
        splits: reading.splits()?,
        model: risk_model,
    })?;
    Ok(Inputs {
        market,
        model,
        portfolios: workers,
    })
}

/// The securities whose closes can be asked for: what was ever moved, what risk is measured
/// against, and the rates that convert what was moved.
fn needed_securities(
    securities: &[Security],
    model: &RiskModel,
    workers: &[PortfolioState],
) -> BTreeSet<SecurityId> {
    let mut needed = BTreeSet::new();
    let mut owners = BTreeSet::new();
    for worker in workers {
        needed.extend(worker.history.securities());
        owners.insert(worker.history.currency());
    }
    let moved = securities.iter().filter(|one| needed.contains(&one.id));
    let currencies: BTreeSet<_> = moved.map(|one| one.currency).collect();
    let mut symbols: BTreeSet<String> = model.benchmark.iter().cloned().collect();
    symbols.extend(model.factors.iter().map(|factor| factor.symbol.clone()));
    for (owner, currency) in owners
        .iter()
        .flat_map(|owner| currencies.iter().map(move |currency| (*owner, *currency)))
    {
        symbols.extend([currency.pair_with(owner), owner.pair_with(currency)]);
    }
    let named = securities
        .iter()
        .filter(|one| symbols.contains(&one.symbol));
    needed.extend(named.map(|one| one.id));
    needed
}

/// The closes of `few` securities, or all closes of `range`.
fn load_closes(
    reading: &ReadTransaction<'_>,
    range: DayRange,
    sessions: &[Day],
    securities: &[Security],
    few: Option<&BTreeSet<SecurityId>>,
) -> Result<Vec<Close>, StoreError> {
    let asked = few.map_or(securities.len(), BTreeSet::len);
    // Room for as many as there can be: where it had to grow, moving what it held was a quarter of
    // a night of 13 portfolios.
    let mut closes = Vec::with_capacity(asked * sessions.len());
    let take_in = |security, day, price| {
        closes.push(Close {
            security,
            day,
            price,
        });
    };
    match few {
        None => reading.for_each_close(range, take_in)?,
        Some(few) => {
            reading.for_each_close_of(few.iter().copied(), sessions.iter().copied(), take_in)?;
        }
    }
    Ok(closes)
}

/// From the first close or inception, whichever is earlier, but not before the calendar starts:
/// closes from before it are of no session.
fn market_range(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    earliest: Day,
    last: Day,
) -> Result<DayRange, EngineError> {
    let known = settings.calendar.known_days();
    let first_close = reading.priced_range()?.map_or(earliest, DayRange::first);
    let first = earliest.min(first_close.max(known.first()));
    DayRange::new(first, last).map_err(|_| {
        EngineError::Calendar(CalendarError::UnknownDay {
            calendar: settings.calendar.name().to_owned(),
            known,
            day: first,
        })
    })
}

fn load_portfolios(
    reading: &ReadTransaction<'_>,
    who: &IdSet,
) -> Result<Vec<Portfolio>, StoreError> {
    if who.len() > MAX_LOOKUPS {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        AssetClass, Currency, Factor, Lifecycle, Money, PortfolioKey, Price, Quantity, Transaction,
        TransactionKind,
    };

    fn security(id: u32, symbol: &str, currency: &str) -> Security {
        Security {
            id: SecurityId(id),
            symbol: symbol.to_owned(),
            name: symbol.to_owned(),
            class: AssetClass::Equity,
            sector: String::new(),
            currency: currency.parse().unwrap(),
            multiplier: Quantity::whole(1),
            inactive_from: None,
        }
    }

    /// A portfolio in dollars that bought one security.
    fn holder(of: u32) -> PortfolioState {
        let day = Day::from_number(20_000).unwrap();
        let portfolio = Portfolio {
            id: PortfolioId(1),
            key: PortfolioKey::from_name("one"),
            name: "one".to_owned(),
            currency: Currency::USD,
            lifecycle: Lifecycle::new(day),
        };
        let bought = Transaction {
            portfolio: portfolio.id,
            day,
            kind: TransactionKind::Buy,
            security: Some(SecurityId(of)),
            quantity: Quantity::whole(1),
            price: Some(Price::whole(1)),
            amount: None,
            fee: Money::ZERO,
            reference: "1".to_owned(),
        };
        PortfolioState::new(&portfolio, vec![bought])
    }

    #[test]
    fn only_held_benchmark_factor_and_rate_securities_are_needed() {
        let securities = [
            security(1, "MKT", "USD"),
            security(2, "VALUE", "USD"),
            security(3, "SAP", "EUR"),
            security(4, "EURUSD", "USD"),
            security(5, "USDEUR", "EUR"),
            security(6, "GBPUSD", "USD"),
            security(7, "ELSE", "USD"),
        ];
        let model = RiskModel {
            benchmark: Some("MKT".to_owned()),
            factors: vec![Factor {
                name: "value".to_owned(),
                symbol: "VALUE".to_owned(),
            }],
            shocks: Vec::new(),
        };
        let needed = needed_securities(&securities, &model, &[holder(3)]);
        assert_eq!(needed, (1..=5).map(SecurityId).collect());
    }
}
