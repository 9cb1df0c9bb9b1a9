//! Who is further behind than is allowed: what a watchdog asks from outside, whether or not any
//! run ever was.

use serde::Serialize;

use super::{PortfolioStatus, QueryError, Status, StatusOptions, status};
use crate::domain::{Day, Scope};
use crate::engine::Settings;
use crate::environment::Environment;
use crate::store::{RunRow, Store};

/// How far a scope is behind, held against how far it may be.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lag {
    /// Up to which session cells are due.
    pub target: Day,
    /// How many sessions a portfolio may be behind.
    pub max_lag: usize,
    /// How many portfolios of the scope are active.
    pub active: u64,
    /// Those that are further behind, the worst first.
    pub late: Vec<PortfolioStatus>,
    /// How many sessions the worst of all is behind.
    pub worst: usize,
    /// The last run that was started, if one was.
    pub last_run: Option<RunRow>,
}

impl Lag {
    /// Whether nobody is further behind than is allowed.
    pub fn is_within(&self) -> bool {
        self.late.is_empty()
    }

    fn of(status: Status, max_lag: usize) -> Self {
        let behind = |one: &PortfolioStatus| one.sessions_behind;
        let worst = status.portfolios.iter().map(behind).max().unwrap_or(0);
        let mut late = status.portfolios;
        late.retain(|one| behind(one) > max_lag);
        // Equal ones stay in the order of their ids.
        late.sort_by_key(|one| std::cmp::Reverse(behind(one)));
        Self {
            target: status.target,
            max_lag,
            active: status.active,
            late,
            worst,
            last_run: status.last_run,
        }
    }
}

/// How far a scope is behind the last final session. Sessions that wait for prices count.
pub fn lag(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    scope: &Scope,
    max_lag: usize,
) -> Result<Lag, QueryError> {
    let everybody = StatusOptions {
        sessions: 1,
        portfolios: usize::MAX,
        ..StatusOptions::default()
    };
    let status = status(store, settings, environment, scope, everybody)?;
    Ok(Lag::of(status, max_lag))
}
