//! Measures the quality of the inputs: held securities and exchange rates without a close of the
//! target, blocked cells, and failing phases.

use serde::Serialize;

use super::concerns::{Concern, ConcernInputs};
use super::error::QueryError;
use super::evaluation::Evaluation;
use super::explanation::Presence;
use super::failures::expected_failures;
use super::next_command::NextCommand;
use super::reason::{CellReason, Facts, FailureView, MissingInput};
use super::unpriced_inputs::{UnpricedSecurity, read_holdings, unpriced_inputs};
use crate::domain::{Cell, Day, PortfolioId, PortfolioKey, Scope};
use crate::engine::{Settings, SurveyResult};
use crate::environment::Environment;
use crate::plan::{Plan, SkipReason, Survey, UnpricedSession};
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
    /// Held securities without a close of the target, and the currency pairs of conversions that no
    /// close of the target makes, by state and then the oldest close first. Private assets never have
    /// closes and are left out.
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
        let securities = reading.securities().all()?;
        let held = read_holdings(reading, survey, &evaluation.marks, &securities)?;
        Ok(Health {
            target: plan.target.day,
            held_securities: held.securities.len() as u64,
            unpriced: unpriced_inputs(reading, &securities, &held, settings, plan)?,
            unpriced_sessions: unpriced_sessions(plan),
            blocked: blocked_cells(reading, survey, plan, &facts)?,
            failing: failing_phases(reading, &evaluation.surveyed, settings)?,
            concerns: evaluation.concerns(reading, environment, &scope, inputs, &facts)?,
        })
    })
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

impl FailingPhase {
    /// Returns the command that tries the phase again.
    pub fn next_command(&self) -> NextCommand {
        match self.quarantine {
            Presence::Present => NextCommand::Retry(self.portfolio.name.clone()),
            Presence::Absent => NextCommand::Run,
        }
    }
}
