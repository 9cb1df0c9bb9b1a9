//! What a run is asked to do, and what refuses it.

use std::num::NonZeroUsize;

use super::EngineError;
use super::survey::SurveyResult;
use crate::domain::{DayRange, Scope};
use crate::plan::{Limit, Plan, Request, Target, plan};

/// What a run is to do.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// Who, by which rules, from when to when.
    pub request: Request,
    /// The scope in words, for the run's row.
    pub scope_name: String,
    /// What is to be done again, whether or not it is done.
    pub force: Option<DayRange>,
    /// The id of the plan that is meant, or how it starts.
    pub expected_plan: Option<String>,
    /// Refuse a larger plan before the first write.
    pub max_cells: Option<u64>,
    /// How many threads compute; all processors where not given.
    pub jobs: Option<NonZeroUsize>,
}

impl RunRequest {
    /// Whatever a request asks for, and nothing further: no force, no plan that is meant, no limit
    /// before the first write, all processors.
    pub fn new(request: Request, scope_name: impl Into<String>) -> Self {
        Self {
            request,
            scope_name: scope_name.into(),
            force: None,
            expected_plan: None,
            max_cells: None,
            jobs: None,
        }
    }

    /// Whether it is the nightly run: whatever anybody needs, up to the last final session. Of
    /// any other it can't be said that the night was done.
    pub fn is_nightly(&self) -> bool {
        let request = &self.request;
        let whole = request.from.is_none() && request.to.is_none();
        let everybody = request.scope == Scope::AllActive && request.limit == Limit::None;
        whole && everybody && request.target == Target::LastFinal && self.force.is_none()
    }
}

/// What refuses a plan: it is not the one that was meant, or it is too large.
pub(super) fn check_limits(asked: &RunRequest, plan: &Plan, done: u64) -> Result<(), EngineError> {
    if let Some(expected) = &asked.expected_plan {
        let found = plan.id();
        if !found.to_string().starts_with(expected.as_str()) {
            return Err(EngineError::PlanChanged {
                expected: expected.clone(),
                found,
                cells: plan.step_count(),
                days: plan.days_with_work().count(),
            });
        }
    }
    let planned = done + plan.step_count();
    match asked.max_cells {
        Some(allowed) if planned > allowed => Err(EngineError::TooManyCells { planned, allowed }),
        _ => Ok(()),
    }
}

/// The plan that a run would have, its force included.
pub fn preview_plan(surveyed: &SurveyResult, asked: &RunRequest) -> Result<Plan, EngineError> {
    let request = &asked.request;
    let today = surveyed.today;
    Ok(match asked.force {
        None => plan(request, &surveyed.survey, today)?,
        Some(range) => {
            let forced = surveyed
                .survey
                .with_forced(range, &request.scope, request.phases);
            plan(request, &forced, today)?
        }
    })
}
