//! The runs of a scenario, each as it is about to start: what the simulator lets crash, fail and
//! meet another.

use super::harness::Harness;
use super::play::{CheckLevel, PlayError, play_steps, scenario_disk};
use crate::domain::Calendar;
use crate::engine::{RunRequest, Settings};
use crate::environment::Environment;
use crate::plan::PolicyName;
use crate::scenario::script::{NamedPolicy, Scenario};
use crate::store::SimulatedDisk;

/// A run that is about to start.
#[derive(Debug)]
pub struct PreparedRun {
    /// Which step of the scenario it is.
    pub number: String,
    /// What is asked for, in words.
    pub description: String,
    /// The disk, with nobody on it.
    pub disk: SimulatedDisk,
    /// What is asked for.
    pub request: RunRequest,
    /// How the engine is set.
    pub settings: Settings,
    /// The calendar that the ledger was last filled by.
    pub applied_calendar: Calendar,
    /// The clock, ids and process of who is to make it.
    pub environment: Environment,
}

/// Plays a scenario by our own rules, whatever policies it names, and gives each of its runs as it
/// is about to start. What happens while a run is at work, and where it is cut off, is left to
/// whoever simulates it; in the play itself it happens as the scenario says.
///
/// Runs that name another policy are left out: they reproduce faults, and promise nothing.
pub fn prepare_runs(scenario: &Scenario) -> Result<Vec<PreparedRun>, PlayError> {
    let ours = NamedPolicy {
        name: PolicyName::PerCell.name().to_owned(),
        policy: PolicyName::PerCell.policy(),
    };
    let stage = Harness::new(
        scenario,
        &ours,
        scenario_disk(scenario)?,
        CheckLevel::ExpectationsOnly,
    )?;
    play_steps(&stage)?;
    Ok(stage.into_prepared_runs())
}
