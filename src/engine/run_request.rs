//! The request for a run, and the limits that refuse its plan.

use std::num::NonZeroUsize;

use super::error::EngineError;
use crate::domain::{CellSelection, DayRange, Scope};
use crate::plan::{Limit, Plan, Request, Target};

/// The request for a run: scope, policy and range, with options of this run alone.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// Scope, policy, range, target, limit and phases of the plan.
    pub request: Request,
    /// The scope as text, stored in the run's row.
    pub scope_name: String,
    /// Sessions to recompute even if they are complete.
    pub force: Option<DayRange>,
    /// Plan id, or a prefix of it, that the plan must have.
    pub expected_plan: Option<String>,
    /// Maximum number of cells that the run may do, over all its plans. A larger plan is refused
    /// before any of its cells is written.
    pub max_cells: Option<u64>,
    /// Number of compute threads; all processors if absent.
    pub jobs: Option<NonZeroUsize>,
}

impl RunRequest {
    /// Wraps a request without options: no force, no expected plan, no cell limit, all processors.
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

    /// Returns the cells to recompute even if they are complete, or `None` without a force.
    pub(super) fn forced_cells(&self) -> Option<CellSelection<'_>> {
        self.force.map(|range| CellSelection {
            scope: &self.request.scope,
            phases: self.request.phases,
            range,
        })
    }

    /// Returns whether this is the nightly run: all active portfolios, all sessions up to the last
    /// final one, no limit and no force. Policy and phases are not checked. Only such a run may be
    /// reported as the night's completion.
    pub fn is_nightly(&self) -> bool {
        let request = &self.request;
        let full_range = request.from.is_none() && request.to.is_none();
        let full_scope = request.scope == Scope::AllActive && request.limit == Limit::None;
        full_range && full_scope && request.target == Target::LastFinal && self.force.is_none()
    }
}

/// Refuses a plan that is not the expected one, or that is too large together with the `done` cells
/// of this run.
pub(super) fn check_limits(
    run_request: &RunRequest,
    plan: &Plan,
    done: u64,
) -> Result<(), EngineError> {
    if let Some(expected) = &run_request.expected_plan {
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
    match run_request.max_cells {
        Some(allowed) if planned > allowed => Err(EngineError::TooManyCells { planned, allowed }),
        _ => Ok(()),
    }
}
