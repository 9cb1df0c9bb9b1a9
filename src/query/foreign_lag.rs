//! Answers whether the portfolios of another program are further behind than allowed, from a survey
//! of its tables. Nothing is known of its prices, its failures and its lease.

use super::concerns::{Concern, ConcernFact, Late};
use super::error::QueryError;
use super::reason::CellReason;
use super::sessions_behind::Lag;
use super::status::PortfolioStatus;
use crate::domain::{Cell, IdSet, PhaseSet, Portfolio, PortfolioKey, Scope, nearest};
use crate::engine::EngineError;
use crate::plan::{
    Decision, Plan, Request, Survey, Today, UnknownIds, Watermarks, plan, resolve_scope, watermarks,
};

/// The state of another program's tables.
#[derive(Debug, Clone)]
pub struct ForeignBooks {
    /// The lifecycles and the done cells.
    pub survey: Survey,
    /// The date, and the last session that is due.
    pub today: Today,
    /// All portfolios, deleted ones included.
    pub portfolios: Vec<Portfolio>,
}

impl ForeignBooks {
    /// Measures how far the portfolios of `names`, or all active ones, are behind the last final
    /// session. A name is an exact name, or an id as the tables have it.
    ///
    /// # Errors
    ///
    /// A name is unknown, or no plan can be made.
    pub fn lag(&self, names: &[String], max_lag: usize) -> Result<Lag, QueryError> {
        let scope = self.scope(names)?;
        let target = self.today.last_final;
        let plan = plan(&Request::new(scope.clone()), &self.survey, self.today)
            .map_err(EngineError::from)?;
        let marks = watermarks(&self.survey, &scope, target);
        let lifecycles = &self.survey.lifecycles;
        let active = lifecycles.active_members(&scope);
        let mut concerns = Vec::new();
        if active.is_empty() {
            let members = lifecycles.members(&scope);
            concerns.push(Concern {
                fact: ConcernFact::NoActivePortfolios {
                    deleted: match scope {
                        Scope::AllActive => lifecycles.deleted().len(),
                        Scope::Only(_) => members.len(),
                    },
                },
                portfolios: IdSet::new(),
                next: None,
            });
        }
        let late = Late::find(&marks, active.len(), max_lag, target);
        concerns.extend(late.map(|late| late.into_concern(None)));
        let members = self.portfolios.iter();
        let members = members.filter(|portfolio| active.contains(portfolio.id.0));
        let portfolios = members.map(|portfolio| self.status(portfolio, &plan, &marks));
        Ok(Lag::of_portfolios(
            portfolios.collect(),
            (target, active.len()),
            max_lag,
            concerns,
        ))
    }

    fn scope(&self, names: &[String]) -> Result<Scope, QueryError> {
        if names.is_empty() {
            return Ok(Scope::AllActive);
        }
        let find = |name: &String| {
            let key = (name.parse()).unwrap_or_else(|_| PortfolioKey::from_name(name));
            let mut portfolios = self.portfolios.iter();
            let found = portfolios.find(|known| known.name == *name || known.key == key);
            found.map(|portfolio| portfolio.id)
        };
        let named: Vec<_> = names
            .iter()
            .map(|name| (name.clone(), find(name)))
            .collect();
        let unknown = named.iter().filter(|(_, found)| found.is_none());
        let unknown: Vec<_> = unknown.map(|(name, _)| name.clone()).collect();
        if let Some(first) = unknown.first() {
            let known = self.portfolios.iter();
            return Err(QueryError::UnknownInTables {
                nearest: nearest(first, known.map(|portfolio| portfolio.name.as_str())),
                names: unknown,
            });
        }
        Ok(resolve_scope(named, UnknownIds::Refuse)?.scope)
    }

    fn status(&self, portfolio: &Portfolio, plan: &Plan, marks: &Watermarks) -> PortfolioStatus {
        let id = portfolio.id;
        let gap = marks.first_gap(id);
        PortfolioStatus {
            key: portfolio.key,
            name: portfolio.name.clone(),
            lifecycle: portfolio.lifecycle.status_on(self.today.last_final),
            inception: portfolio.lifecycle.inception(),
            calendar: portfolio.calendar.clone(),
            cells_from: None,
            watermark: marks.get(id),
            sessions_behind: marks.sessions_behind(id),
            held_back_by: gap.map(|gap| gap.cell.day),
            open_phases: gap.map_or(PhaseSet::EMPTY, |gap| gap.open_phases),
            reason: gap.map(|gap| reason(plan, gap.cell)),
        }
    }
}

/// Returns the reason why a cell is open.
fn reason(plan: &Plan, cell: Cell) -> CellReason {
    match plan.decision(cell) {
        Decision::OutOfPlan => CellReason::OutOfPlan,
        Decision::Step { phases, reason } => CellReason::Step {
            kind: reason.kind(),
            phases,
            changed: None,
        },
        Decision::Skip(kind) => CellReason::Skip { kind },
    }
}
