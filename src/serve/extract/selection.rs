//! Reads the selection of a run or plan: scope, range, force, target, policy and limits.
//!
//! The parameters have the names that the operators of the incident's job used.

use super::parameters::Parameters;
use crate::app::{AppError, Force, RunSpec};
use crate::plan::PolicyName;
use crate::query::QueryError;
use crate::serve::http::Problem;

/// Reads the parameters of a plan. Names are not resolved yet.
pub(in crate::serve) fn plan_selection(query: &mut Parameters) -> Result<RunSpec, Problem> {
    let names = query.values("portfolio_id");
    Ok(RunSpec {
        portfolios: (!names.is_empty()).then_some(names),
        skip_unknown: query.is_set("skip_unknown")?,
        from: query.value("start_date")?,
        to: query.value("end_date")?,
        force: match query.is_set("force_rerun")? {
            true => Force::Range,
            false => Force::None,
        },
        target: query.value("target")?,
        policy: query.value("policy")?.map(PolicyName::policy),
        limit: query.value("limit_cells")?,
        ..RunSpec::default()
    })
}

/// Reads the parameters of a run: those of a plan, and the limits `plan` and `max_cells`.
pub(in crate::serve) fn run_selection(query: &mut Parameters) -> Result<RunSpec, Problem> {
    let plan = plan_selection(query)?;
    Ok(RunSpec {
        expected_plan: query.text("plan")?,
        max_cells: query.value("max_cells")?,
        ..plan
    })
}

impl From<AppError> for Problem {
    /// An unknown name is 422: it is in a parameter, so the address itself exists.
    fn from(error: AppError) -> Self {
        match error {
            AppError::ForceWithoutRange => Self::unprocessable(
                "`force_rerun` needs `start_date` and `end_date`: a forced run is limited to a range",
            ),
            AppError::SkipUnknownWithoutNames => {
                Self::unprocessable("`skip_unknown` needs a `portfolio_id`")
            }
            AppError::Range(error) => error.into(),
            AppError::Query(error @ QueryError::UnknownPortfolio { .. }) => {
                Self::unknown_portfolio(&error)
            }
            AppError::Query(error) => error.into(),
            AppError::Engine(error) => error.into(),
            AppError::Import(error) => {
                tracing::error!("failed to import the inbox: {error}");
                Self::bug()
            }
        }
    }
}
