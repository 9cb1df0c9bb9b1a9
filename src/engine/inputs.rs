//! Reads all sources of the phases once, before any cell is computed.
//!
//! The market always begins at the first close or inception, since an input may be arbitrarily old.
//! A cell's numbers therefore do not depend on the other cells of the plan.

use std::collections::BTreeSet;

use crate::domain::{
    CalendarError, Day, DayRange, IdSet, Portfolio, PortfolioId, RiskModel, Security, SecurityId,
};
use crate::invalidation::ActionHistory;
use crate::phases::{Close, CurrencyPairs, MarketSources};
use crate::store::{ModelNumber, ReadTransaction, StoreError};

use super::error::EngineError;
use super::givers::Givers;
use super::markets::Markets;
use super::portfolio_state::{MAX_LOOKUPS, PortfolioState, load_portfolio_states};
use super::settings::Settings;

/// The cost of looking up the closes of one security, as a multiple of its share of a pass over all
/// closes.
const LOOKUP_COST: usize = 4;

/// The securities whose closes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseSelection {
    /// All securities. `verify` uses it, so that it also checks the selection of [`Self::Needed`].
    All,
    /// At least the securities that the portfolios' cells can use. The others may be in the market
    /// without closes.
    Needed,
}

/// The markets and the portfolios of a plan.
pub(super) struct Inputs {
    pub(super) markets: Markets,
    pub(super) model: ModelNumber,
    /// One for each portfolio, ascending by id.
    pub(super) portfolios: Vec<PortfolioState>,
}

/// Reads the sources of the portfolios `ids`, up to and including `last`.
pub(super) fn load(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    ids: &IdSet,
    last: Day,
    closes: CloseSelection,
) -> Result<Inputs, EngineError> {
    let (model, risk_model) = reading.risk_models().in_force()?;
    let portfolios = load_portfolios(reading, ids)?;
    let mut states = load_portfolio_states(reading, &portfolios)?;
    let givers = Givers::load(reading, &states)?;
    let earliest = portfolios
        .iter()
        .map(|portfolio| portfolio.lifecycle.inception())
        .chain(givers.earliest_inception())
        .min();
    let range = market_range(reading, settings, earliest.unwrap_or(last), last)?;
    let sessions = settings.calendar.sessions(range)?.to_vec();
    let securities = reading.securities().all()?;
    let actions = reading.corporate_actions().all()?;
    // A lookup for each security and session, or one pass over all closes, whichever is cheaper.
    let selected = match closes {
        CloseSelection::All => None,
        CloseSelection::Needed => Some(needed_securities(
            &securities,
            &risk_model,
            &states,
            &givers,
            &ActionHistory::new(actions.clone()),
        ))
        .filter(|needed| needed.len() * LOOKUP_COST <= securities.len()),
    };
    let closes = load_closes(reading, range, &sessions, &securities, selected.as_ref())?;
    let sources = MarketSources {
        sessions,
        sessions_per_year: settings.calendar.sessions_per_year(),
        securities,
        calendars: reading.security_calendars().current(&settings.calendar)?,
        closes,
        splits: reading.splits().all()?,
        actions,
        model: risk_model,
    };
    let calendars = reading
        .security_calendars()
        .of_portfolios(&settings.calendar)?;
    let markets = Markets::new(sources, calendars, |id| {
        ids.contains(id.0) || givers.contains(id)
    })?;
    givers.set_carried_lots(&markets, &mut states);
    Ok(Inputs {
        markets,
        model,
        portfolios: states,
    })
}

/// Returns the securities whose closes can be used: those of any transaction, of the givers too, or
/// received for these, the benchmark and factors, and the rates that convert the currencies of all
/// these.
fn needed_securities(
    securities: &[Security],
    model: &RiskModel,
    states: &[PortfolioState],
    givers: &Givers,
    actions: &ActionHistory,
) -> BTreeSet<SecurityId> {
    let mut needed = BTreeSet::new();
    let (mut portfolio_currencies, mut cash_currencies) = (BTreeSet::new(), BTreeSet::new());
    for state in states {
        needed.extend(state.history.securities());
        portfolio_currencies.insert(state.history.currency());
        cash_currencies.extend(state.history.foreign_currencies());
    }
    cash_currencies.extend(givers.foreign_currencies());
    needed.extend(givers.securities());
    let received = actions.received_for(&needed);
    needed.extend(received.into_keys());
    needed.extend(model.securities(securities));
    let converted = securities
        .iter()
        .filter(|security| needed.contains(&security.id));
    let mut currencies: BTreeSet<_> = converted.map(|security| security.currency).collect();
    currencies.append(&mut cash_currencies);
    let pairs = CurrencyPairs::new(securities);
    for to in portfolio_currencies {
        for from in currencies.iter().filter(|from| **from != to) {
            needed.extend(pairs.conversion(*from, to).securities());
        }
    }
    needed
}

/// Reads the closes of the `selected` securities on `sessions`, or all closes of `range` if `None`.
fn load_closes(
    reading: &ReadTransaction<'_>,
    range: DayRange,
    sessions: &[Day],
    securities: &[Security],
    selected: Option<&BTreeSet<SecurityId>>,
) -> Result<Vec<Close>, StoreError> {
    let count = selected.map_or(securities.len(), BTreeSet::len);
    // Reserves the maximum: growing the vector took a quarter of the time of a run over 13
    // portfolios.
    let mut closes = Vec::with_capacity(count * sessions.len());
    let collect = |security, day, price| {
        closes.push(Close {
            security,
            day,
            price,
        });
    };
    match selected {
        None => reading.closes().for_each(range, collect)?,
        Some(selected) => {
            reading.closes().for_each_of(
                selected.iter().copied(),
                sessions.iter().copied(),
                collect,
            )?;
        }
    }
    Ok(closes)
}

/// Returns the range from the first close or `earliest` inception, whichever is earlier, to `last`.
/// Days before the calendar are left out: closes on them are on no session, and transactions are
/// booked on the first session.
fn market_range(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    earliest: Day,
    last: Day,
) -> Result<DayRange, EngineError> {
    let known = settings.calendar.known_days();
    let first_close = reading
        .closes()
        .priced_range()?
        .map_or(earliest, DayRange::first);
    let first = earliest.min(first_close).max(known.first());
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
    ids: &IdSet,
) -> Result<Vec<Portfolio>, StoreError> {
    if ids.len() > MAX_LOOKUPS {
        let mut all = reading.portfolios().all()?;
        all.retain(|portfolio| ids.contains(portfolio.id.0));
        return Ok(all);
    }
    let mut portfolios = Vec::new();
    for id in ids {
        portfolios.extend(reading.portfolios().get(PortfolioId(id))?);
    }
    Ok(portfolios)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Factor, Lifecycle, NewPortfolio, NewSecurity, Price, Quantity, Transaction, TransactionKind,
    };

    fn security(id: u32, symbol: &str, currency: &str) -> Security {
        Security {
            currency: currency.parse().unwrap(),
            ..NewSecurity::equity(symbol).with_id(SecurityId(id))
        }
    }

    /// Returns a portfolio in dollars that bought one security.
    fn holder(security: u32) -> PortfolioState {
        let day = Day::from_number(20_000).unwrap();
        let portfolio =
            NewPortfolio::in_dollars("one", Lifecycle::new(day)).with_id(PortfolioId(1));
        let bought = Transaction {
            security: Some(SecurityId(security)),
            quantity: Quantity::whole(1),
            price: Some(Price::whole(1)),
            reference: "1".to_owned(),
            ..Transaction::new(portfolio.id, day, TransactionKind::Buy)
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
            security(8, "EURCHF", "CHF"),
            security(9, "USDCHF", "CHF"),
        ];
        let model = RiskModel {
            benchmark: Some("MKT".to_owned()),
            factors: vec![Factor {
                name: "value".to_owned(),
                symbol: "VALUE".to_owned(),
            }],
            shocks: Vec::new(),
        };
        let needed = needed_securities(
            &securities,
            &model,
            &[holder(3)],
            &Givers::default(),
            &ActionHistory::default(),
        );
        let legs_of_cross_rate = 8..=9;
        let expected = (1..=5).chain(legs_of_cross_rate);
        assert_eq!(needed, expected.map(SecurityId).collect());
    }
}
