//! Computes the history of a world: exactly the cells that the world declares as done.

use std::collections::BTreeMap;

use super::active_run::ActiveRun;
use super::error::EngineError;
use super::execute::RunObserver;
use super::outcome::Outcome;
use super::run_request::RunRequest;
use super::settings::Settings;
use crate::domain::{Coverage, Day, IdSet, PhaseSet, Scope};
use crate::environment::Environment;
use crate::plan::{DayPlan, Request, StepGroup, StepReason};
use crate::store::Store;

/// The stored scope of runs that fill the history of a world.
pub const WORLD_HISTORY_SCOPE: &str = "world history";

/// The stored scope of such runs in databases of earlier versions.
const EARLIER_WORLD_HISTORY_SCOPE: &str = "the past of a world";

/// Returns whether a stored scope is that of a run that filled the history of a world.
pub(crate) fn is_world_history(scope: &str) -> bool {
    [WORLD_HISTORY_SCOPE, EARLIER_WORLD_HISTORY_SCOPE].contains(&scope)
}

/// Computes exactly the cell phases of `coverage`, in a separate run. Cells that cannot be computed
/// are part of the outcome, not an error.
///
/// # Errors
///
/// The same cases as [`super::run()`].
pub fn fill_world_history(
    store: &Store,
    coverage: &Coverage,
    settings: &Settings,
    environment: &Environment,
    observer: &RunObserver<'_>,
) -> Result<Outcome, EngineError> {
    let request = RunRequest::new(Request::new(Scope::AllActive), WORLD_HISTORY_SCOPE);
    let mut writer = store.writer()?;
    let mut run = ActiveRun::start(store, &mut writer, &request, settings, environment)?;
    // The steps are fixed: a planner would also fill the gaps that the world declares.
    run.fixed_days = Some(steps_of(coverage));
    let ended = run.plan_until_stable(&mut writer, observer);
    run.finish(&mut writer, ended, observer)
}

/// Returns steps for exactly the cell phases of a coverage, grouped by phases within a session.
fn steps_of(coverage: &Coverage) -> Vec<DayPlan> {
    let mut days: BTreeMap<Day, BTreeMap<u32, PhaseSet>> = BTreeMap::new();
    for (day, phase, ids) in coverage.iter() {
        let cells = days.entry(day).or_default();
        for id in ids {
            let phases = cells.entry(id).or_default();
            *phases = phases.with(phase);
        }
    }
    let day_plan = |(day, cells): (Day, BTreeMap<u32, PhaseSet>)| {
        let mut groups: BTreeMap<PhaseSet, IdSet> = BTreeMap::new();
        for (id, phases) in cells {
            groups.entry(phases).or_default().insert(id);
        }
        let steps = groups.into_iter().map(|(phases, cells)| StepGroup {
            phases,
            reason: StepReason::Missing,
            cells,
        });
        DayPlan {
            day,
            steps: steps.collect(),
            skips: Vec::new(),
        }
    };
    days.into_iter().map(day_plan).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_of_earlier_versions_is_recognized() {
        assert!(is_world_history(WORLD_HISTORY_SCOPE));
        assert!(is_world_history("the past of a world"));
        assert!(!is_world_history("all active"));
    }
}
