//! A run of a scenario as it is about to start, for the simulator to crash, disturb and repeat.

use super::failing_phases::FailingPhases;
use crate::disk::SimulatedDisk;
use crate::domain::Calendar;
use crate::engine::{RunRequest, Settings};
use crate::environment::Environment;

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
    /// The settings that the run gets.
    pub settings: Settings,
    /// The phases that fail in the run.
    pub failing_phases: FailingPhases,
    /// The calendar that the ledger agrees with before the run.
    pub applied_calendar: Calendar,
    /// The clock, ids and process that the run starts with.
    pub environment: Environment,
}
