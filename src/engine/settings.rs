//! By which rules an engine works: the calendar, when to wait for prices, when to give up.

use std::num::NonZeroUsize;

use chrono::TimeDelta;

use super::failing_phases::FailingPhases;
use super::fault_hooks::FaultHooks;
use crate::domain::{Calendar, RiskModel};

/// What a run is told beside its request.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which days are sessions.
    pub calendar: Calendar,
    /// How long after its close a session is final.
    pub grace: TimeDelta,
    /// When a cell waits for prices.
    pub price_wait: PriceWait,
    /// After how many failures in a row a phase of a cell is left alone.
    pub quarantine_after: u32,
    /// How long a lease lasts without being renewed.
    pub lease: TimeDelta,
    /// How many cells a transaction takes in.
    pub batch_cells: NonZeroUsize,
    /// What a transaction takes in.
    pub commit: CommitGrain,
    /// Benchmark, factors and shocks, where they are configured; otherwise the database's own
    /// stay in force.
    pub model: Option<RiskModel>,
    /// Phases that are made to fail; none in a run for real.
    pub failing_phases: FailingPhases,
    /// Faults that are planted in the engine itself; none in a run for real.
    pub fault_hooks: FaultHooks,
}

/// When a cell waits for prices rather than being filled without them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceWait {
    /// The least share of the holdings, by value at the last known price, that must have a close
    /// of the day; 0 to 1.
    pub min_priced_share: f64,
    /// For how many sessions up to the target a missing price is waited for.
    pub sessions: usize,
    /// After how many sessions without a price a security is not waited for any more.
    pub dead_after_sessions: u16,
}

impl Default for PriceWait {
    fn default() -> Self {
        Self {
            min_priced_share: 0.95,
            sessions: 5,
            dead_after_sessions: 10,
        }
    }
}

/// What one transaction takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CommitGrain {
    /// Whole cells: all their phases together.
    #[default]
    Cells,
    /// One phase after the other, so that a snapshot can stand while its analytics are missing:
    /// how it was before the incident, kept to be replayed.
    Phases,
}

impl Settings {
    /// The defaults, on the New York calendar.
    pub fn new_york() -> Self {
        Self {
            calendar: Calendar::new_york(),
            grace: TimeDelta::minutes(30),
            price_wait: PriceWait::default(),
            quarantine_after: 3,
            lease: TimeDelta::seconds(120),
            batch_cells: NonZeroUsize::new(4_096).expect("4,096 is not zero"),
            commit: CommitGrain::Cells,
            model: None,
            failing_phases: FailingPhases::default(),
            fault_hooks: FaultHooks::default(),
        }
    }
}
