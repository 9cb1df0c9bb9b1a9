//! How good the data is: what is held without a price of the target, what waits, what fails.

use std::collections::BTreeMap;

use serde::Serialize;

use super::reason::Facts;
use super::{CellReason, FailureView, MissingInput, Presence, QueryError};
use crate::domain::{
    AssetClass, Cell, Day, DayRange, PortfolioId, PortfolioKey, Scope, Security, SecurityId,
};
use crate::engine::{Settings, survey_and_plan};
use crate::environment::Environment;
use crate::plan::{Plan, Request, Survey, Watermarks, watermarks};
use crate::store::{ReadTransaction, Store};

/// How good the data is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Health {
    /// Up to which session cells are due.
    pub target: Day,
    /// How many different securities are held.
    #[serde(rename = "held")]
    pub held_securities: u64,
    /// Those without a close of the target that should have one, or once had: oldest first.
    pub unpriced: Vec<UnpricedSecurity>,
    /// The cells that wait for inputs, by day and portfolio.
    #[serde(rename = "waiting")]
    pub blocked: Vec<BlockedCellView>,
    /// The phases that failed and were not done since, by day, portfolio and phase.
    pub failing: Vec<FailingPhase>,
}

/// A security that is held and has no close of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct UnpricedSecurity {
    /// Its symbol.
    pub symbol: String,
    /// What people call it.
    pub name: String,
    /// The day of its last close up to the target, if it ever had one.
    pub last_close: Option<Day>,
    /// How many sessions old that is.
    pub sessions_old: Option<usize>,
    /// What that means.
    pub state: PriceState,
    /// How many portfolios hold it.
    pub holders: u64,
}

/// What it means that a security has no close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceState {
    /// It never had one: it is valued at cost.
    NeverPriced,
    /// It has had none for so long that nobody waits for one any more.
    Dead,
    /// It is late, and waited for.
    Late,
    /// It is declared inactive.
    Inactive,
}

/// A cell that waits for inputs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BlockedCellView {
    /// Whose.
    pub portfolio: PortfolioName,
    /// On which day.
    pub day: Day,
    /// For what.
    #[serde(rename = "wait")]
    pub missing_input: MissingInput,
}

/// A phase that failed and was not done since.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FailingPhase {
    /// Whose.
    pub portfolio: PortfolioName,
    /// On which day.
    pub day: Day,
    /// What failed, how often and why.
    pub failure: FailureView,
    /// Whether it is left alone until somebody retries.
    pub quarantine: Presence,
}

/// A portfolio by both of its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PortfolioName {
    /// Its id outside.
    pub key: PortfolioKey,
    /// What people call it.
    pub name: String,
}

/// How good the data of everybody is.
pub fn health(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
) -> Result<Health, QueryError> {
    let request = Request::new(Scope::AllActive);
    store.read(|reading| {
        let now = environment.clock.now();
        let (surveyed, plan) = survey_and_plan(reading, &request, settings, now)?;
        let survey = &surveyed.survey;
        let target = plan.target.day;
        let facts = Facts::read(reading, survey, settings)?;
        let marks = watermarks(survey, &Scope::AllActive, target);
        let holders = holders(reading, survey, &marks)?;
        Ok(Health {
            target,
            held_securities: holders.len() as u64,
            unpriced: unpriced(reading, &holders, settings, target)?,
            blocked: blocked_cells(reading, survey, &plan, &facts)?,
            failing: failing_phases(reading, settings)?,
        })
    })
}

/// How many portfolios hold each security, at the end of what is complete of each.
fn holders(
    reading: &ReadTransaction<'_>,
    survey: &Survey,
    marks: &Watermarks,
) -> Result<BTreeMap<SecurityId, u64>, QueryError> {
    let mut holders = BTreeMap::new();
    for id in survey.lifecycles.active() {
        let Some(day) = marks.get(PortfolioId(id)) else {
            continue;
        };
        let positions = reading.positions(Cell::new(day, PortfolioId(id)))?;
        for position in positions.iter().flatten() {
            *holders.entry(position.security).or_default() += 1;
        }
    }
    Ok(holders)
}

fn unpriced(
    reading: &ReadTransaction<'_>,
    holders: &BTreeMap<SecurityId, u64>,
    settings: &Settings,
    target: Day,
) -> Result<Vec<UnpricedSecurity>, QueryError> {
    let asked = holders.keys().map(|id| (*id, DayRange::single(target)));
    let mut last: BTreeMap<SecurityId, Day> = BTreeMap::new();
    for (security, day, _) in reading.closes_around(&asked.collect())? {
        let known = last.entry(security).or_insert(Day::MIN);
        if day <= target {
            *known = day.max(*known);
        }
    }
    let mut found = Vec::new();
    for security in reading.securities()? {
        let Some(holders) = holders.get(&security.id).copied() else {
            continue;
        };
        let close = last
            .get(&security.id)
            .copied()
            .filter(|day| *day > Day::MIN);
        let age = match close {
            None => None,
            Some(day) => Some(settings.calendar.distance(day, target)?),
        };
        let dead_after = usize::from(settings.price_wait.dead_after_sessions);
        if let Some(state) = price_state(&security, age, dead_after, target) {
            found.push(UnpricedSecurity {
                symbol: security.symbol,
                name: security.name,
                last_close: close,
                sessions_old: age,
                state,
                holders,
            });
        }
    }
    found.sort_by_key(|one| (one.state, std::cmp::Reverse(one.sessions_old)));
    Ok(found)
}

/// What the age of the last close means; nothing where it is of the target, or none is expected
/// of a private asset.
fn price_state(
    security: &Security,
    age: Option<usize>,
    dead_after: usize,
    target: Day,
) -> Option<PriceState> {
    match age {
        Some(0) => None,
        None | Some(_) if security.class == AssetClass::Private => None,
        None | Some(_) if !security.is_price_expected(target) => Some(PriceState::Inactive),
        None => Some(PriceState::NeverPriced),
        Some(age) if age > dead_after => Some(PriceState::Dead),
        Some(_) => Some(PriceState::Late),
    }
}

fn blocked_cells(
    reading: &ReadTransaction<'_>,
    survey: &Survey,
    plan: &Plan,
    facts: &Facts<'_>,
) -> Result<Vec<BlockedCellView>, QueryError> {
    let mut found = Vec::new();
    for (day, cells) in &survey.blocked {
        for blocked in cells {
            let cell = Cell::new(*day, blocked.portfolio);
            let CellReason::Blocked {
                missing_input: wait,
            } = facts.reason(cell, plan.decision(cell))
            else {
                continue;
            };
            if let Some(portfolio) = portfolio_name(reading, blocked.portfolio)? {
                found.push(BlockedCellView {
                    portfolio,
                    day: *day,
                    missing_input: wait,
                });
            }
        }
    }
    Ok(found)
}

fn failing_phases(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
) -> Result<Vec<FailingPhase>, QueryError> {
    let mut found = Vec::new();
    for failure in reading.failures()? {
        if let Some(portfolio) = portfolio_name(reading, failure.cell.portfolio)? {
            found.push(FailingPhase {
                portfolio,
                day: failure.cell.day,
                quarantine: (failure.times >= settings.quarantine_after).into(),
                failure: FailureView::from_failure(&failure),
            });
        }
    }
    Ok(found)
}

fn portfolio_name(
    reading: &ReadTransaction<'_>,
    id: PortfolioId,
) -> Result<Option<PortfolioName>, QueryError> {
    let known = reading.portfolio(id)?;
    Ok(known.map(|known| PortfolioName {
        key: known.key,
        name: known.name,
    }))
}

impl PriceState {
    /// The words for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeverPriced => "never priced",
            Self::Dead => "dead",
            Self::Late => "late",
            Self::Inactive => "inactive",
        }
    }
}
