//! The plan of a run, without the run.

use super::context::AppContext;
use super::error::AppError;
use super::run_spec::{ResolvedRun, RunSpec};
use crate::domain::{DayRange, OpenInvalidation, Scope};
use crate::engine::{self, RunRequest};
use crate::plan::{Plan, RangeRemark, Request, ScopeWatermark, range_remarks, watermarks};
use crate::query::{Names, QueryError};
use crate::report::PlanReport;

/// The plan of a run that was not started, from one survey.
#[derive(Debug)]
pub struct Preview {
    /// The request of the run.
    pub run_request: RunRequest,
    /// The unknown names that were skipped, as typed.
    pub unknown: Vec<String>,
    /// The plan, its forced cells included.
    pub plan: Plan,
    /// The open invalidations that the reasons of the plan refer to.
    pub invalidations: Vec<OpenInvalidation>,
    /// The parts of the requested range that the plan does not fill.
    pub remarks: Vec<RangeRemark>,
    /// The watermark of the scope before the run.
    pub watermark: ScopeWatermark,
}

impl AppContext {
    /// Plans the run of these words without changing anything, in one read transaction.
    ///
    /// # Errors
    ///
    /// Those of [`Self::resolve`] and [`engine::preview`].
    pub fn preview(&self, spec: &RunSpec) -> Result<Preview, AppError> {
        let now = self.environment.clock.now();
        self.store.read(|reading| {
            let ResolvedRun {
                run_request,
                unknown,
            } = self.resolve_in(reading, spec)?;
            let (surveyed, plan) = engine::preview(reading, &run_request, &self.settings, now)?;
            let marks = watermarks(&surveyed.survey, &plan.scope, plan.target.day);
            Ok(Preview {
                remarks: range_remarks(&run_request.request, &plan),
                run_request,
                unknown,
                plan,
                watermark: marks.scope_watermark(),
                invalidations: surveyed.survey.invalidations,
            })
        })
    }

    /// Returns the parts of a range that no run of a scope fills now.
    ///
    /// # Errors
    ///
    /// Those of [`engine::preview`].
    pub fn remarks_on(&self, scope: &Scope, range: DayRange) -> Result<Vec<RangeRemark>, AppError> {
        let now = self.environment.clock.now();
        let request = Request {
            from: Some(range.first()),
            to: Some(range.last()),
            ..Request::new(scope.clone())
        };
        let run_request = RunRequest::new(request, "");
        let (_, plan) = self
            .store
            .read(|reading| engine::preview(reading, &run_request, &self.settings, now))?;
        Ok(range_remarks(&run_request.request, &plan))
    }

    /// Refuses, before any write, words that cannot be planned, and any run while another one
    /// holds the lease. A database without active portfolios is not refused yet: the inbox, which the
    /// run imports first, may have some.
    ///
    /// # Errors
    ///
    /// A live lease, or one of [`Self::preview`].
    pub fn check_run(&self, spec: &RunSpec) -> Result<(), AppError> {
        spec.check()?;
        (self.store).read(|reading| reading.lease().ensure_none_live(&self.environment))?;
        let spec = RunSpec {
            allow_empty: spec.allow_empty || self.inbox.is_some(),
            ..spec.clone()
        };
        self.preview(&spec).map(|_| ())
    }
}

impl Preview {
    /// Reads the names that a report of the plan mentions.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn names(&self, app: &AppContext) -> Result<Names, QueryError> {
        Names::for_plan(&app.store, &self.plan, &self.watermark)
    }

    /// Returns the report of the plan, with the command that would run it.
    pub fn report<'p>(&'p self, names: &'p Names, command: &'p str) -> PlanReport<'p> {
        PlanReport {
            plan: &self.plan,
            watermark: &self.watermark,
            invalidations: &self.invalidations,
            remarks: &self.remarks,
            names,
            command,
        }
    }
}
