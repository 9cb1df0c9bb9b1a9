//! Returns the runs of a scenario, each as it is about to start, for the simulator to crash,
//! disturb and repeat.

use super::harness::Harness;
use super::play::{CheckLevel, PlayError, play_steps, scenario_disk};
use crate::disk::SimulatedDisk;
use crate::domain::Calendar;
use crate::engine::{RunRequest, Settings};
use crate::environment::Environment;
use crate::plan::PolicyName;
use crate::scenario::script::{NamedPolicy, Scenario};

/// A run that is about to start, with everything needed to make it.
#[derive(Debug)]
pub struct PreparedRun {
    /// The number of the step, as in `2`.
    pub number: String,
    /// The request in a few words, as in transcripts.
    pub description: String,
    /// The disk before the run, without any open connection.
    pub disk: SimulatedDisk,
    /// The request that the run gets.
    pub request: RunRequest,
    /// The engine settings, with the failing phases of the scenario.
    pub settings: Settings,
    /// The calendar that the ledger agrees with before the run.
    pub applied_calendar: Calendar,
    /// The clock, ids and process that the run starts with.
    pub environment: Environment,
}

/// Plays a scenario under the policy `per-cell`, whatever policies it names, and returns each of
/// its runs as it is about to start. Steps inside a run and crashes happen in this play as the
/// scenario says, but the returned runs do not contain them.
///
/// Runs inside another run are left out. So are runs that name a policy: they reproduce the faults
/// of that policy, so their results need not be correct.
///
/// # Errors
///
/// Those of [`play`](super::play()).
pub fn prepare_runs(scenario: &Scenario) -> Result<Vec<PreparedRun>, PlayError> {
    let default_policy = NamedPolicy {
        name: PolicyName::PerCell.name().to_owned(),
        policy: PolicyName::PerCell.policy(),
    };
    let harness = Harness::new(
        scenario,
        &default_policy,
        scenario_disk(scenario)?,
        CheckLevel::ExpectationsOnly,
    )?;
    play_steps(&harness)?;
    Ok(harness.into_prepared_runs())
}
