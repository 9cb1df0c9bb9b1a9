//! Which cells a run or a plan is asked for, in the words of the incident's operators.

use std::num::NonZeroU64;

use super::Parameters;
use crate::domain::{Day, DayRange, PhaseSet};
use crate::engine::RunRequest;
use crate::plan::{Limit, PolicyName, Request, Target, UnknownIds};
use crate::query;
use crate::serve::http::Problem;
use crate::serve::settings::ServerContext;

/// Which cells, as they were asked for.
#[derive(Debug, Clone, Default)]
pub(in crate::serve) struct Selection {
    portfolios: Vec<String>,
    skip_unknown: bool,
    start: Option<Day>,
    end: Option<Day>,
    force: bool,
    target: Option<Day>,
    policy: Option<PolicyName>,
    limit: Option<NonZeroU64>,
    /// The id of the plan that is meant.
    expected_plan: Option<String>,
    /// Refuse a larger plan.
    max_cells: Option<u64>,
}

impl Selection {
    /// Reads the parameters of a plan.
    pub(in crate::serve) fn from_plan_query(query: &mut Parameters) -> Result<Self, Problem> {
        Ok(Self {
            portfolios: query.values("portfolio_id"),
            skip_unknown: query.is_set("skip_unknown")?,
            start: query.value("start_date")?,
            end: query.value("end_date")?,
            force: query.is_set("force_rerun")?,
            target: query.value("target")?,
            policy: query.value("policy")?,
            limit: query.value("limit_cells")?,
            expected_plan: None,
            max_cells: None,
        })
    }

    /// Reads the parameters of a run: those of a plan, and what it may be.
    pub(in crate::serve) fn from_run_query(query: &mut Parameters) -> Result<Self, Problem> {
        let of_plan = Self::from_plan_query(query)?;
        Ok(Self {
            expected_plan: query.text("plan")?,
            max_cells: query.value("max_cells")?,
            ..of_plan
        })
    }

    /// What a run is asked to do; refuses what does not go together, and names that nobody bears.
    pub(in crate::serve) fn resolve(&self, served: &ServerContext) -> Result<RunRequest, Problem> {
        let range = match (self.start, self.end) {
            (Some(start), Some(end)) => Some(DayRange::new(start, end)?),
            _ => None,
        };
        if self.force && range.is_none() {
            return Err(Problem::unprocessable(
                "`force_rerun` needs `start_date` and `end_date`: everything there is, is never forced",
            ));
        }
        if self.skip_unknown && self.portfolios.is_empty() {
            return Err(Problem::unprocessable(
                "`skip_unknown` needs a `portfolio_id`",
            ));
        }
        let mut policy = self.policy.map_or(served.policy, PolicyName::policy);
        if self.skip_unknown {
            policy.unknown_ids = UnknownIds::Skip;
        }
        let scope = query::resolve_names(&served.store, &self.portfolios, policy.unknown_ids);
        let scope = scope.map_err(scope_problem)?;
        Ok(RunRequest {
            request: Request {
                scope: scope.scope,
                policy,
                from: self.start,
                to: self.end,
                target: self.target.map_or(Target::LastFinal, Target::On),
                limit: self
                    .limit
                    .map_or(Limit::None, |most| Limit::Cells(most.get())),
                phases: PhaseSet::CELL_PHASES,
            },
            scope_name: scope.label,
            force: range.filter(|_| self.force),
            expected_plan: self.expected_plan.clone(),
            max_cells: self.max_cells,
            jobs: served.jobs,
        })
    }
}

/// A name in a parameter that nobody bears is no address that does not exist.
fn scope_problem(error: query::QueryError) -> Problem {
    match &error {
        query::QueryError::UnknownPortfolio { nearest, .. } => {
            let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            let problem = Problem::new(status, "unknown-portfolio", error.to_string());
            match nearest {
                Some(name) => problem.with_hint(format!("did you mean `{name}`?")),
                None => problem,
            }
        }
        _ => error.into(),
    }
}
