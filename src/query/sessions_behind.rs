//! Finds the portfolios that are further behind than allowed. A watchdog calls this from outside,
//! so it must not depend on any run having been made.

use serde::Serialize;

use super::error::QueryError;
use super::status::{PortfolioStatus, Status, StatusOptions, status};
use crate::domain::{Day, Scope};
use crate::engine::Settings;
use crate::environment::Environment;
use crate::store::{RunRow, Store};

/// The sessions that a scope is behind, compared with the number allowed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lag {
    /// The last session up to which cells are due.
    pub target: Day,
    /// Number of sessions that a portfolio may be behind.
    pub max_lag: usize,
    /// Number of active portfolios in the scope.
    pub active: u64,
    /// The portfolios that are further behind, the worst first.
    pub late: Vec<PortfolioStatus>,
    /// Number of sessions that the worst portfolio is behind.
    pub worst: usize,
    /// The run that was started last, if there is one.
    pub last_run: Option<RunRow>,
}

impl Lag {
    /// Returns whether no portfolio is further behind than allowed.
    pub fn is_within(&self) -> bool {
        self.late.is_empty()
    }

    fn of(status: Status, max_lag: usize) -> Self {
        let behind = |portfolio: &PortfolioStatus| portfolio.sessions_behind;
        let worst = status.portfolios.iter().map(behind).max().unwrap_or(0);
        let mut late = status.portfolios;
        late.retain(|portfolio| behind(portfolio) > max_lag);
        // The sort is stable: portfolios that are equally far behind stay in order of id.
        late.sort_by_key(|portfolio| std::cmp::Reverse(behind(portfolio)));
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

/// Measures how far a scope is behind the last final session. Sessions that wait for prices count.
///
/// # Errors
///
/// Where the store cannot be read, or no plan can be made.
pub fn lag(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    scope: &Scope,
    max_lag: usize,
) -> Result<Lag, QueryError> {
    let options = StatusOptions {
        sessions: 1,
        portfolios: usize::MAX,
        ..StatusOptions::default()
    };
    let status = status(store, settings, environment, scope, options)?;
    Ok(Lag::of(status, max_lag))
}
