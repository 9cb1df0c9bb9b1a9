//! Surveys a scope and plans its nightly run, once for an answer and the concerns beside it.

use super::error::QueryError;
use crate::domain::{Calendar, Scope};
use crate::engine::{Settings, SurveyResult, survey_and_plan};
use crate::environment::Environment;
use crate::plan::{Plan, Request, Watermarks, watermarks};
use crate::store::ReadTransaction;

/// The survey and the plan of a scope as if its nightly run began now, with its watermarks.
pub(super) struct Evaluation {
    pub(super) calendar: Calendar,
    pub(super) surveyed: SurveyResult,
    pub(super) plan: Plan,
    pub(super) marks: Watermarks,
}

impl Evaluation {
    pub(super) fn read(
        reading: &ReadTransaction<'_>,
        scope: &Scope,
        settings: &Settings,
        environment: &Environment,
    ) -> Result<Self, QueryError> {
        let now = environment.clock.now();
        let request = Request::new(scope.clone());
        let (surveyed, plan) = survey_and_plan(reading, &request, settings, now)?;
        let marks = watermarks(&surveyed.survey, scope, plan.target.day);
        Ok(Self {
            calendar: settings.calendar.clone(),
            surveyed,
            plan,
            marks,
        })
    }
}
