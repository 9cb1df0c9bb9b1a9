//! Reads the selection of a run or plan: scope, range, force, target, policy and limits.
//!
//! The parameters have the names that the operators of the incident's job used.

use std::num::NonZeroU64;

use super::Parameters;
use crate::domain::{Day, DayRange, PhaseSet};
use crate::engine::RunRequest;
use crate::plan::{Limit, PolicyName, Request, Target, UnknownIds};
use crate::query;
use crate::serve::http::Problem;
use crate::serve::settings::ServerContext;

/// The selection of cells as it was requested; names are not resolved yet.
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
    /// The id, or a prefix of it, that the plan must have.
    expected_plan: Option<String>,
    /// The number of cells that the plan may have.
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

    /// Reads the parameters of a run: those of a plan, and the limits `plan` and `max_cells`.
    pub(in crate::serve) fn from_run_query(query: &mut Parameters) -> Result<Self, Problem> {
        let plan_selection = Self::from_plan_query(query)?;
        Ok(Self {
            expected_plan: query.text("plan")?,
            max_cells: query.value("max_cells")?,
            ..plan_selection
        })
    }

    /// Turns the selection into a run request. Refuses parameters that do not go together, and
    /// names of unknown portfolios.
    pub(in crate::serve) fn resolve(&self, context: &ServerContext) -> Result<RunRequest, Problem> {
        let range = match (self.start, self.end) {
            (Some(start), Some(end)) => Some(DayRange::new(start, end)?),
            _ => None,
        };
        if self.force && range.is_none() {
            return Err(Problem::unprocessable(
                "`force_rerun` needs `start_date` and `end_date`: a forced run is limited to a range",
            ));
        }
        if self.skip_unknown && self.portfolios.is_empty() {
            return Err(Problem::unprocessable(
                "`skip_unknown` needs a `portfolio_id`",
            ));
        }
        let mut policy = self.policy.map_or(context.policy, PolicyName::policy);
        if self.skip_unknown {
            policy.unknown_ids = UnknownIds::Skip;
        }
        let scope = query::resolve_names(&context.store, &self.portfolios, policy.unknown_ids);
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
            jobs: context.jobs,
        })
    }
}

/// Maps an unknown name to 422: it is in a parameter, so the address itself exists.
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
