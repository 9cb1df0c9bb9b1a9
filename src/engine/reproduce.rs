//! The past of a world, computed: exactly the cells that the world says are done.

use std::collections::BTreeMap;

use super::asked::RunRequest;
use super::execute::Watch;
use super::night::Night;
use super::outcome::Outcome;
use super::{EngineError, Settings};
use crate::domain::{Coverage, Day, IdSet, PhaseSet, Scope};
use crate::environment::Environment;
use crate::plan::{DayPlan, Request, StepGroup, StepReason};
use crate::store::Store;

/// The scope of the runs by which the past of a world came to be, in words.
pub const PAST_OF_A_WORLD: &str = "the past of a world";

/// Fills exactly the cell phases of `coverage`, as a run of their own: how the past of a world
/// comes to be. What of it can't be computed is part of the outcome.
pub fn reproduce(
    store: &Store,
    coverage: &Coverage,
    settings: &Settings,
    environment: &Environment,
    watch: &Watch<'_>,
) -> Result<Outcome, EngineError> {
    let asked = RunRequest::of(Request::new(Scope::AllActive), PAST_OF_A_WORLD);
    let mut writer = store.writer()?;
    let mut night = Night::begin(store, &mut writer, &asked, settings, environment)?;
    night.given = Some(steps_of(coverage));
    let ended = night.work(&mut writer, watch);
    night.end(&mut writer, ended, watch)
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
