//! Evaluates the states that raise alerts, with the worst portfolios.

use std::cmp::Reverse;

use serde::Serialize;

use super::concerns::{Concern, ConcernInputs};
use super::error::QueryError;
use super::evaluation::Evaluation;
use super::reason::{CellReason, Facts};
use crate::domain::{Day, IdSet, PortfolioId, PortfolioKey, Scope};
use crate::engine::Settings;
use crate::environment::Environment;
use crate::plan::Watermarks;
use crate::store::{ReadTransaction, Store};

/// Number of portfolios that an alert names.
const MAX_NAMED: usize = 10;

/// The conditions that raise alerts, over all active portfolios.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertConditions {
    /// The last session up to which cells are due.
    pub target: Day,
    /// Number of active portfolios.
    pub active: u64,
    /// The states that raise alerts.
    pub concerns: Vec<Concern>,
    /// The ten worst of the portfolios concerned, the worst first.
    pub worst: Vec<AlertPortfolio>,
}

/// A portfolio with a concern.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AlertPortfolio {
    /// The public id of the portfolio.
    pub key: PortfolioKey,
    /// The display name of the portfolio.
    pub name: String,
    /// The last session of its complete prefix, if it has one.
    pub watermark: Option<Day>,
    /// Number of expected sessions after the watermark.
    pub sessions_behind: usize,
    /// The session of its first gap, if it has one.
    pub held_back_by: Option<Day>,
    /// The reason for the first gap.
    #[serde(rename = "why")]
    pub reason: Option<CellReason>,
}

/// Evaluates the alert conditions.
///
/// # Errors
///
/// Where the store cannot be read, or no plan can be made.
pub fn alert_conditions(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    inputs: &ConcernInputs,
) -> Result<AlertConditions, QueryError> {
    store.read(|reading| {
        let scope = Scope::AllActive;
        let evaluation = Evaluation::read(reading, &scope, settings, environment)?;
        let (survey, plan) = (&evaluation.surveyed.survey, &evaluation.plan);
        let marks = &evaluation.marks;
        let facts = Facts::read(reading, &evaluation.surveyed, settings)?;
        let mut concerns = evaluation.concerns(reading, environment, &scope, inputs, &facts)?;
        concerns.retain(Concern::is_error);
        let concerned = all_portfolios(&concerns);
        let worst = worst(&concerned, marks);
        let mut named = Vec::new();
        for id in worst {
            let gap = marks.first_gap(id);
            let reason = gap.map(|gap| facts.reason(gap.cell, plan.decision(gap.cell)));
            named.extend(alert_portfolio(reading, id, marks, reason)?);
        }
        Ok(AlertConditions {
            target: plan.target.day,
            active: survey.lifecycles.active().len(),
            concerns,
            worst: named,
        })
    })
}

impl AlertConditions {
    /// Returns the portfolios of all concerns.
    pub fn portfolios(&self) -> IdSet {
        all_portfolios(&self.concerns)
    }
}

fn all_portfolios(concerns: &[Concern]) -> IdSet {
    let portfolios = concerns.iter().map(|concern| &concern.portfolios);
    portfolios.fold(IdSet::new(), |all, portfolios| &all | portfolios)
}

/// The portfolios to name: those furthest behind, equal ones by id.
fn worst(ids: &IdSet, marks: &Watermarks) -> Vec<PortfolioId> {
    let mut worst: Vec<_> = ids.iter().map(PortfolioId).collect();
    worst.sort_by_key(|id| (Reverse(marks.sessions_behind(*id)), *id));
    worst.truncate(MAX_NAMED);
    worst
}

fn alert_portfolio(
    reading: &ReadTransaction<'_>,
    id: PortfolioId,
    marks: &Watermarks,
    reason: Option<CellReason>,
) -> Result<Option<AlertPortfolio>, QueryError> {
    Ok(reading
        .portfolios()
        .get(id)?
        .map(|portfolio| AlertPortfolio {
            key: portfolio.key,
            name: portfolio.name,
            watermark: marks.get(id),
            sessions_behind: marks.sessions_behind(id),
            held_back_by: marks.first_gap(id).map(|gap| gap.cell.day),
            reason,
        }))
}
