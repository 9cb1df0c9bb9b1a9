//! Measures the quality of the inputs: held securities without a close of the target, blocked
//! cells, and failing phases.

use std::collections::BTreeMap;

use serde::Serialize;

use super::concerns::{Concern, ConcernInputs};
use super::error::QueryError;
use super::evaluation::Evaluation;
use super::explanation::Presence;
use super::failures::expected_failures;
use super::next_command::NextCommand;
use super::reason::{CellReason, Facts, FailureView, MissingInput};
use crate::domain::{
    AssetClass, Cell, Day, DayRange, PortfolioId, PortfolioKey, Scope, Security, SecurityId,
    is_closed,
};
use crate::engine::{Settings, SurveyResult};
use crate::environment::Environment;
use crate::plan::{Plan, SkipReason, Survey, UnpricedSession, Watermarks};
use crate::store::{ReadTransaction, Store};

/// The quality of the inputs at the target.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Health {
    /// The last session up to which cells are due.
    pub target: Day,
    /// Number of different securities that are held.
    #[serde(rename = "held")]
    pub held_securities: u64,
    /// Held securities without a close of the target, by state and then the oldest close first.
    /// Private assets never have closes and are left out.
    pub unpriced: Vec<UnpricedSecurity>,
    /// The unpriced sessions on which cells wait, ascending. The cells of these are not in `blocked`.
    pub unpriced_sessions: Vec<UnpricedSessionView>,
    /// The cells that wait for inputs, by day and portfolio.
    #[serde(rename = "waiting")]
    pub blocked: Vec<BlockedCellView>,
    /// The phases of active portfolios that failed and were not done since, by day, portfolio and
    /// phase.
    pub failing: Vec<FailingPhase>,
    /// The states that need attention, these and all others.
    pub concerns: Vec<Concern>,
}

/// A held security without a close of the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct UnpricedSecurity {
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
    /// Number of portfolios that hold the security.
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

/// A session on which all cells wait, because most held securities have no close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct UnpricedSessionView {
    /// The session.
    pub day: Day,
    /// The held securities, and those of them without a close.
    #[serde(flatten)]
    pub counts: UnpricedSession,
    /// Number of cells that wait.
    pub cells: u64,
}

/// A cell that waits for inputs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BlockedCellView {
    /// The portfolio of the cell.
    pub portfolio: PortfolioName,
    /// The day of the cell.
    pub day: Day,
    /// The input that is missing.
    #[serde(rename = "wait")]
    pub missing_input: MissingInput,
}

/// A phase that failed and was not done since.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FailingPhase {
    /// The portfolio of the cell.
    pub portfolio: PortfolioName,
    /// The day of the cell.
    pub day: Day,
    /// The phase, the number of its failures and the last error.
    pub failure: FailureView,
    /// Present if the phase is skipped until `plimsoll retry`.
    pub quarantine: Presence,
}

/// The public id and the name of a portfolio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PortfolioName {
    /// The public id of the portfolio.
    pub key: PortfolioKey,
    /// The display name of the portfolio.
    pub name: String,
}

/// Measures the quality of the inputs of all active portfolios.
///
/// # Errors
///
/// Where the store cannot be read, or no plan can be made.
pub fn health(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    inputs: &ConcernInputs,
) -> Result<Health, QueryError> {
    let scope = Scope::AllActive;
    store.read(|reading| {
        let evaluation = Evaluation::read(reading, &scope, settings, environment)?;
        let (survey, plan) = (&evaluation.surveyed.survey, &evaluation.plan);
        let facts = Facts::read(reading, &evaluation.surveyed, settings)?;
        let holders = holders(reading, survey, &evaluation.marks)?;
        Ok(Health {
            target: plan.target.day,
            held_securities: holders.len() as u64,
            unpriced: unpriced(reading, &holders, settings, plan)?,
            unpriced_sessions: unpriced_sessions(plan),
            blocked: blocked_cells(reading, survey, plan, &facts)?,
            failing: failing_phases(reading, &evaluation.surveyed, settings)?,
            concerns: evaluation.concerns(reading, environment, &scope, inputs, &facts)?,
        })
    })
}

/// Number of portfolios that hold each security, each at its own watermark.
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
        let positions = reading
            .outputs()
            .positions(Cell::new(day, PortfolioId(id)))?;
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
    plan: &Plan,
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
    for security in reading.securities().all()? {
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
                let own = calendars.sessions_of(&security);
                let since = DayRange::new(day.next(), target).ok();
                let since = since
                    .and_then(|since| since.intersection(settings.calendar.known_days()))
                    .map(|since| settings.calendar.sessions(since))
                    .transpose()?;
                let since = since.unwrap_or_default().iter();
                Some(since.filter(|day| !is_closed(own, **day)).count())
            }
        };
        let dead_after = usize::from(settings.price_wait.dead_after_sessions);
        // A security gets no closer to being given up on a session without prices.
        let outage = close.map_or(0, |close| {
            let own = security.calendar.as_deref();
            let own = own.unwrap_or(settings.calendar.name());
            let sessions = plan.unpriced.range(close.next()..);
            let sessions = sessions.filter(|(_, session)| session.is_of(own));
            let days = sessions.map(|(day, _)| *day);
            days.filter(|day| !calendars.is_closed(&security, *day))
                .count()
        });
        let priced_age = age.map(|age| match age {
            0 => 0,
            age => age.saturating_sub(outage).max(1),
        });
        let is_closed = close.is_some_and(|close| close < target) && age == Some(0);
        let state = match is_closed {
            true => Some(PriceState::Closed),
            false => price_state(&security, priced_age, dead_after, target),
        };
        if let Some(state) = state {
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
    found.sort_by_key(|security| (security.state, std::cmp::Reverse(security.sessions_old)));
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

fn unpriced_sessions(plan: &Plan) -> Vec<UnpricedSessionView> {
    let sessions = plan.unpriced.iter();
    sessions
        .map(|(day, counts)| UnpricedSessionView {
            day: *day,
            counts: counts.clone(),
            cells: (plan.day(*day)).map_or(0, |day| day.skip_count(SkipReason::Unpriced)),
        })
        .collect()
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
            let CellReason::Blocked { missing_input } = facts.reason(cell, plan.decision(cell))
            else {
                continue;
            };
            if let Some(portfolio) = portfolio_name(reading, blocked.portfolio)? {
                found.push(BlockedCellView {
                    portfolio,
                    day: *day,
                    missing_input,
                });
            }
        }
    }
    Ok(found)
}

fn failing_phases(
    reading: &ReadTransaction<'_>,
    surveyed: &SurveyResult,
    settings: &Settings,
) -> Result<Vec<FailingPhase>, QueryError> {
    let mut found = Vec::new();
    for failure in expected_failures(reading, &surveyed.survey.lifecycles)? {
        let is_forgotten = surveyed.pending.forgets(failure.cell, failure.phase);
        let is_quarantined = !is_forgotten && failure.times >= settings.quarantine_after;
        if let Some(portfolio) = portfolio_name(reading, failure.cell.portfolio)? {
            found.push(FailingPhase {
                portfolio,
                day: failure.cell.day,
                quarantine: is_quarantined.into(),
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
    let known = reading.portfolios().get(id)?;
    Ok(known.map(|known| PortfolioName {
        key: known.key,
        name: known.name,
    }))
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

impl FailingPhase {
    /// Returns the command that tries the phase again.
    pub fn next_command(&self) -> NextCommand {
        match self.quarantine {
            Presence::Present => NextCommand::Retry(self.portfolio.name.clone()),
            Presence::Absent => NextCommand::Run,
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
