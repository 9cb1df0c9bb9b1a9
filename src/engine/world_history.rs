//! The past of a world, computed: exactly the cells that the world says are done.

use std::collections::BTreeMap;

use super::active_run::ActiveRun;
use super::execute::RunObserver;
use super::outcome::Outcome;
use super::run_request::RunRequest;
use super::{EngineError, Settings};
use crate::domain::{Coverage, Day, IdSet, PhaseSet, Scope};
use crate::environment::Environment;
use crate::plan::{DayPlan, Request, StepGroup, StepReason};
use crate::store::Store;

/// The scope of the runs by which the past of a world came to be, in words.
pub const WORLD_HISTORY_SCOPE: &str = "the past of a world";

/// Fills exactly the cell phases of `coverage`, as a run of their own: how the past of a world
/// comes to be. What of it can't be computed is part of the outcome.
pub fn fill_world_history(
    store: &Store,
    coverage: &Coverage,
    settings: &Settings,
    environment: &Environment,
    watch: &RunObserver<'_>,
) -> Result<Outcome, EngineError> {
    let asked = RunRequest::new(Request::new(Scope::AllActive), WORLD_HISTORY_SCOPE);
    let mut writer = store.writer()?;
    let mut night = ActiveRun::start(store, &mut writer, &asked, settings, environment)?;
    night.fixed_days = Some(steps_of(coverage));
    let ended = night.plan_until_stable(&mut writer, watch);
    night.finish(&mut writer, ended, watch)
}

/// Steps for exactly the cell phases of a coverage.
fn steps_of(coverage: &Coverage) -> Vec<DayPlan> {
    let mut days: BTreeMap<Day, BTreeMap<u32, PhaseSet>> = BTreeMap::new();
    for (day, phase, subjects) in coverage.iter() {
        let cells = days.entry(day).or_default();
        for subject in subjects {
            let phases = cells.entry(subject).or_default();
            *phases = phases.with(phase);
        }
    }
    let plan_of = |(day, cells): (Day, BTreeMap<u32, PhaseSet>)| {
        let mut groups: BTreeMap<PhaseSet, IdSet> = BTreeMap::new();
        for (subject, phases) in cells {
            groups.entry(phases).or_default().insert(subject);
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
    days.into_iter().map(plan_of).collect()
}
