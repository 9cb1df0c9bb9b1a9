//! One run, as it is asked for: what it is to do, and what refuses it.

use std::num::NonZeroUsize;

use super::execute::Watch;
use super::night::Night;
use super::outcome::Outcome;
use super::survey::Surveyed;
use super::{EngineError, Settings};
use crate::domain::DayRange;
use crate::environment::Environment;
use crate::plan::{Plan, Request, plan};
use crate::store::Store;

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

/// Runs. Cells that fail are part of the outcome; an error means that the run could not be made
/// or could not go on, and nothing that was committed before is lost by it.
pub fn run(
    store: &Store,
    asked: &RunRequest,
    settings: &Settings,
    environment: &Environment,
    watch: &Watch<'_>,
) -> Result<Outcome, EngineError> {
    // Asked of a reader first: the writer empties the log, for which a run at work can be in the
    // way.
    store.read(|reading| reading.refuse_live_lease(environment))?;
    let mut writer = store.writer()?;
    let mut night = Night::begin(store, &mut writer, asked, settings, environment)?;
    let ended = night.work(&mut writer, watch);
    night.end(&mut writer, ended)
}

/// What refuses a plan: it is not the one that was meant, or it is too large.
pub(super) fn admit(asked: &RunRequest, plan: &Plan, done: u64) -> Result<(), EngineError> {
    if let Some(expected) = &asked.expected_plan {
        let found = plan.id();
        if !found.to_string().starts_with(expected.as_str()) {
            return Err(EngineError::PlanChanged {
                asked: expected.clone(),
                found,
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
pub fn foreseen(surveyed: &Surveyed, asked: &RunRequest) -> Result<Plan, EngineError> {
    let request = &asked.request;
    let today = surveyed.today;
    Ok(match asked.force {
        None => plan(request, &surveyed.survey, today)?,
        Some(range) => {
            let forced = surveyed
                .survey
                .forced(range, &request.scope, request.phases);
            plan(request, &forced, today)?
        }
    })
}
