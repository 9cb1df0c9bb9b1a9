//! What is wrong with the books, so that somebody outside should know of it.

use std::cmp::Reverse;

use serde::Serialize;

use super::reason::Facts;
use super::{CellReason, QueryError};
use crate::domain::{Day, IdSet, PortfolioId, PortfolioKey, Scope};
use crate::engine::{Settings, survey_and_plan};
use crate::environment::Environment;
use crate::plan::{Request, Watermarks, watermarks};
use crate::store::{ReadTransaction, Store};

/// How many portfolios are named.
const MAX_NAMED: usize = 10;

/// What is wrong with the books of everybody.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertConditions {
    /// Up to which session cells are due.
    pub target: Day,
    /// How many portfolios are active.
    pub active: u64,
    /// How many sessions a portfolio may be behind.
    pub max_lag: usize,
    /// The active portfolios that are further behind.
    pub late: IdSet,
    /// The active portfolios of which a phase failed and was not done since.
    pub failing: IdSet,
    /// The worst of all these.
    pub worst: Vec<AlertPortfolio>,
}

/// A portfolio with which something is wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AlertPortfolio {
    /// Its id outside.
    pub key: PortfolioKey,
    /// What people call it.
    pub name: String,
    /// The last session of its unbroken complete prefix, if it has one.
    pub watermark: Option<Day>,
    /// How many sessions are expected after that.
    pub sessions_behind: usize,
    /// Its first gap, if it has one.
    pub held_back_by: Option<Day>,
    /// Why that gap is there.
    #[serde(rename = "why")]
    pub reason: Option<CellReason>,
}

/// What is wrong with the books of everybody, where up to `max_lag` sessions are not late.
pub fn alert_conditions(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    max_lag: usize,
) -> Result<AlertConditions, QueryError> {
    store.read(|reading| {
        let now = environment.clock.now();
        let request = Request::new(Scope::AllActive);
        let (surveyed, plan) = survey_and_plan(reading, &request, settings, now)?;
        let survey = &surveyed.survey;
        let target = plan.target.day;
        let marks = watermarks(survey, &Scope::AllActive, target);
        let gaps = marks.first_gaps().map(|gap| gap.cell.portfolio);
        let behind = gaps.map(|id| (id, marks.sessions_behind(id)));
        let late: IdSet = behind
            .filter(|(_, sessions)| *sessions > max_lag)
            .map(|(id, _)| id.0)
            .collect();
        let failed: IdSet = (reading.failures()?.iter())
            .map(|failure| failure.cell.portfolio.0)
            .collect();
        let failing = failed & survey.lifecycles.active();
        let facts = Facts::read(reading, survey, settings)?;
        let worst = worst(&(&late | &failing), &marks);
        let mut named = Vec::new();
        for id in worst {
            let gap = marks.first_gap(id);
            let why = gap.map(|gap| facts.reason(gap.cell, plan.decision(gap.cell)));
            named.extend(alert_portfolio(reading, id, &marks, why)?);
        }
        Ok(AlertConditions {
            target,
            active: survey.lifecycles.active().len(),
            max_lag,
            late,
            failing,
            worst: named,
        })
    })
}

/// The first to be named: furthest behind, and then by id.
fn worst(who: &IdSet, marks: &Watermarks) -> Vec<PortfolioId> {
    let mut worst: Vec<_> = who.iter().map(PortfolioId).collect();
    worst.sort_by_key(|id| (Reverse(marks.sessions_behind(*id)), *id));
    worst.truncate(MAX_NAMED);
    worst
}

fn alert_portfolio(
    reading: &ReadTransaction<'_>,
    id: PortfolioId,
    marks: &Watermarks,
    why: Option<CellReason>,
) -> Result<Option<AlertPortfolio>, QueryError> {
    Ok(reading.portfolio(id)?.map(|portfolio| AlertPortfolio {
        key: portfolio.key,
        name: portfolio.name,
        watermark: marks.get(id),
        sessions_behind: marks.sessions_behind(id),
        held_back_by: marks.first_gap(id).map(|gap| gap.cell.day),
        reason: why,
    }))
}
