//! Finds held securities, and exchange rates in use, without a close of the target.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::error::QueryError;
use super::next_command::NextCommand;
use crate::domain::{
    AssetClass, Cell, Currency, Day, DayRange, PortfolioId, Security, SecurityId, is_closed,
};
use crate::engine::Settings;
use crate::phases::{Conversion, CurrencyPairs};
use crate::plan::{Plan, Survey, Watermarks};
use crate::store::ReadTransaction;

/// A held security, or a currency pair in use, without a close of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct UnpricedSecurity {
    /// The id of the security in the database.
    #[serde(skip)]
    pub id: SecurityId,
    /// The symbol of the security.
    pub symbol: String,
    /// The name of the security.
    pub name: String,
    /// The day of the last close up to the target, if there is one.
    pub last_close: Option<Day>,
    /// Age of the last close in sessions of the security, counted from the target.
    pub sessions_old: Option<usize>,
    /// The consequence of the missing close.
    pub state: PriceState,
    /// Number of portfolios that hold the security, or convert by the pair.
    pub holders: u64,
}

/// The consequence of a missing close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceState {
    /// There never was a close: the security is valued at cost.
    NeverPriced,
    /// The last close is so old that no cell waits for the next one.
    Dead,
    /// The close is late. A cell waits for it if too small a share of its holdings has a close.
    Late,
    /// The security is declared inactive.
    Inactive,
    /// The security is closed on the target by its own calendar, and has a close of its last
    /// session before.
    Closed,
}

impl UnpricedSecurity {
    /// Returns the command that ends the state; `None` if there is nothing to do.
    pub const fn next_command(&self) -> Option<NextCommand> {
        match self.state {
            PriceState::Late | PriceState::NeverPriced => Some(NextCommand::ImportPrices),
            PriceState::Dead => Some(NextCommand::ImportSecurities),
            PriceState::Inactive | PriceState::Closed => None,
        }
    }
}

impl PriceState {
    /// Returns the name that is shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeverPriced => "never priced",
            Self::Dead => "dead",
            Self::Late => "late",
            Self::Inactive => "inactive",
            Self::Closed => "closed",
        }
    }
}

/// What active portfolios hold, each at its own watermark, with the numbers of portfolios.
#[derive(Default)]
pub(super) struct Holdings {
    pub(super) securities: BTreeMap<SecurityId, u64>,
    /// The currencies of holdings and cash, each with that of the portfolio.
    conversions: BTreeMap<(Currency, Currency), u64>,
}

pub(super) fn read_holdings(
    reading: &ReadTransaction<'_>,
    survey: &Survey,
    marks: &Watermarks,
    securities: &[Security],
) -> Result<Holdings, QueryError> {
    let currencies: BTreeMap<_, _> = securities.iter().map(|s| (s.id, s.currency)).collect();
    let mut held = Holdings::default();
    for id in survey.lifecycles.active() {
        let id = PortfolioId(id);
        let (Some(day), Some(portfolio)) = (marks.get(id), reading.portfolios().get(id)?) else {
            continue;
        };
        let (outputs, cell) = (reading.outputs(), Cell::new(day, id));
        let positions = outputs.positions(cell)?.unwrap_or_default();
        let cash = outputs.foreign_cash(cell)?;
        let mut foreign: BTreeSet<Currency> = cash.iter().map(|cash| cash.currency).collect();
        for position in &positions {
            *held.securities.entry(position.security).or_default() += 1;
            foreign.extend(currencies.get(&position.security));
        }
        foreign.remove(&portfolio.currency);
        for currency in foreign {
            let conversion = (currency, portfolio.currency);
            *held.conversions.entry(conversion).or_default() += 1;
        }
    }
    Ok(held)
}

pub(super) fn unpriced_inputs(
    reading: &ReadTransaction<'_>,
    securities: &[Security],
    held: &Holdings,
    settings: &Settings,
    plan: &Plan,
) -> Result<Vec<UnpricedSecurity>, QueryError> {
    let dead_after = usize::from(settings.price_wait.dead_after_sessions);
    let find = |ids, dead_after| unpriced(reading, securities, ids, settings, plan, dead_after);
    let mut found = find(&held.securities, dead_after)?;
    let pairs = CurrencyPairs::new(securities);
    let mut users: BTreeMap<SecurityId, u64> = BTreeMap::new();
    let conversions = held.conversions.iter();
    let conversions = conversions.map(|((from, to), users)| (pairs.conversion(*from, *to), *users));
    let conversions: Vec<_> = conversions.collect();
    for (conversion, portfolios) in &conversions {
        for pair in conversion.securities() {
            *users.entry(pair).or_default() += portfolios;
        }
    }
    // A rate is never given up.
    let mut old = find(&users, usize::MAX)?;
    let ids: BTreeSet<SecurityId> = old.iter().map(|pair| pair.id).collect();
    // Another way may have the closes of all its pairs.
    let is_priced = |pair: SecurityId| !ids.contains(&pair);
    let lacking = conversions.iter().map(|(conversion, _)| conversion);
    let lacking = lacking.filter(|conversion| conversion.securities_with(is_priced).is_empty());
    // The ways that have closes at all make the rate.
    let priced = old.iter().filter(|pair| pair.last_close.is_some());
    let priced: BTreeSet<SecurityId> = priced.map(|pair| pair.id).collect();
    let used = |conversion: &Conversion| {
        let used = conversion.securities_with(|pair| is_priced(pair) || priced.contains(&pair));
        match used.is_empty() {
            true => conversion.securities(),
            false => used,
        }
    };
    let lacking: BTreeSet<_> = lacking.flat_map(used).collect();
    old.retain(|pair| lacking.contains(&pair.id));
    found.append(&mut old);
    found.sort_by_key(|security| (security.state, Reverse(security.sessions_old)));
    Ok(found)
}

fn unpriced(
    reading: &ReadTransaction<'_>,
    securities: &[Security],
    holders: &BTreeMap<SecurityId, u64>,
    settings: &Settings,
    plan: &Plan,
    dead_after: usize,
) -> Result<Vec<UnpricedSecurity>, QueryError> {
    let target = plan.target.day;
    let wanted = holders.keys().map(|id| (*id, DayRange::single(target)));
    let mut last: BTreeMap<SecurityId, Day> = BTreeMap::new();
    for (security, day, _) in reading.closes().around(&wanted.collect())? {
        let known = last.entry(security).or_insert(Day::MIN);
        if day <= target {
            *known = day.max(*known);
        }
    }
    let calendars = reading.security_calendars().current(&settings.calendar)?;
    let mut found = Vec::new();
    for security in securities {
        let Some(holders) = holders.get(&security.id).copied() else {
            continue;
        };
        let close = last
            .get(&security.id)
            .copied()
            .filter(|day| *day > Day::MIN);
        let age = match close {
            None => None,
            Some(day) => {
                let own = calendars.sessions_of(security);
                let since = DayRange::new(day.next(), target).ok();
                let since = since
                    .and_then(|since| since.intersection(settings.calendar.known_days()))
                    .map(|since| settings.calendar.sessions(since))
                    .transpose()?;
                let since = since.unwrap_or_default().iter();
                Some(since.filter(|day| !is_closed(own, **day)).count())
            }
        };
        // A security gets no closer to being given up on a session without prices.
        let outage = close.map_or(0, |close| {
            let own = security.calendar.as_deref();
            let own = own.unwrap_or(settings.calendar.name());
            let sessions = plan.unpriced.range(close.next()..);
            let sessions = sessions.filter(|(_, session)| session.is_of(own));
            let days = sessions.map(|(day, _)| *day);
            days.filter(|day| !calendars.is_closed(security, *day))
                .count()
        });
        let priced_age = age.map(|age| match age {
            0 => 0,
            age => age.saturating_sub(outage).max(1),
        });
        let is_closed = close.is_some_and(|close| close < target) && age == Some(0);
        let state = match is_closed {
            true => Some(PriceState::Closed),
            false => price_state(security, priced_age, dead_after, target),
        };
        if let Some(state) = state {
            found.push(UnpricedSecurity {
                id: security.id,
                symbol: security.symbol.clone(),
                name: security.name.clone(),
                last_close: close,
                sessions_old: age,
                state,
                holders,
            });
        }
    }
    Ok(found)
}

/// The state of a security by the age of its last close in priced sessions; `None` where the close
/// is of the target, and for private assets, which have no closes.
fn price_state(
    security: &Security,
    age: Option<usize>,
    dead_after: usize,
    target: Day,
) -> Option<PriceState> {
    match age {
        Some(0) => None,
        None | Some(_) if security.class_on(target) == AssetClass::Private => None,
        None | Some(_) if !security.is_price_expected(target) => Some(PriceState::Inactive),
        None => Some(PriceState::NeverPriced),
        Some(age) if age > dead_after => Some(PriceState::Dead),
        Some(_) => Some(PriceState::Late),
    }
}
