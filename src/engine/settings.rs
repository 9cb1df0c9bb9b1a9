//! Settings of the engine: calendar, waiting for prices, quarantine, lease and batches.

use std::num::NonZeroUsize;

use chrono::TimeDelta;

use crate::domain::{Calendar, RiskModel};

/// Settings that all runs of a database share, beside the request of each.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Calendar of sessions and their closing times.
    pub calendar: Calendar,
    /// Time after its close at which a session is final.
    pub grace: TimeDelta,
    /// Rules by which a cell waits for prices.
    pub price_wait: PriceWait,
    /// Consecutive failures after which a phase of a cell is quarantined.
    pub quarantine_after: u32,
    /// Time after which a lease expires unless it is renewed; every commit renews it.
    pub lease: TimeDelta,
    /// Maximum number of cells in a transaction of whole cells. The limit is a count, not a time,
    /// so that a plan gives the same batches on every machine.
    pub batch_cells: NonZeroUsize,
    /// Unit of work of a transaction: whole cells or single phases.
    pub commit: CommitGrain,
    /// Configured benchmark, factors and shocks; if absent, those of the database stay in force.
    pub model: Option<RiskModel>,
}

/// Rules by which a cell waits for prices instead of being filled without them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceWait {
    /// Minimum share of the holdings that must have a close of the session; 0 to 1. Weighted by
    /// value at the last known price, else at cost. Securities that are not waited for count as
    /// priced.
    pub min_priced_share: f64,
    /// Number of sessions up to the target in which missing prices are waited for.
    pub sessions: usize,
    /// Priced sessions without a close after which a security is not waited for any more.
    pub dead_after_sessions: u16,
    /// Share of the held securities above which missing closes make a session unpriced; 0 to 1.
    /// With 1 no session is unpriced.
    pub max_unpriced_share: f64,
}

impl Default for PriceWait {
    fn default() -> Self {
        Self {
            min_priced_share: 0.95,
            sessions: 5,
            dead_after_sessions: 10,
            max_unpriced_share: 0.5,
        }
    }
}

/// The unit of work of one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CommitGrain {
    /// Whole cells, with all their phases together.
    #[default]
    Cells,
    /// One phase of a session at a time, so that a crash can leave a snapshot without analytics.
    /// The incident's job committed like this; kept to replay it.
    Phases,
}

impl Settings {
    /// Returns the defaults, on the New York calendar.
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
        }
    }
}
