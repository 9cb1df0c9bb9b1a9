//! Answers whether the books may be trusted: finds the portfolios that are further behind than
//! allowed, and all other concerns. A watchdog calls this from outside, so it must not depend on any
//! run having been made.

use serde::Serialize;

use super::concerns::{Concern, ConcernInputs, ConcernKind};
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
    /// The first inception, if no active portfolio has begun by the target: nothing was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_inception: Option<Day>,
    /// The states that an operator must be told of.
    pub concerns: Vec<Concern>,
    /// Whether a check may find nothing to check.
    #[serde(skip)]
    pub allows_empty: bool,
}

impl Lag {
    /// Returns whether no state fails the check, and there was something to check.
    pub fn is_good(&self) -> bool {
        !self.is_empty() && !self.has_error()
    }

    /// Returns whether there was nothing to check, and that is not allowed: no portfolio in scope is
    /// active, or none of them has begun and no other state fails the check.
    pub fn is_empty(&self) -> bool {
        let mut kinds = self.concerns.iter().map(Concern::kind);
        let is_before_all = self.first_inception.is_some() && !self.has_error();
        !self.allows_empty
            && (is_before_all || kinds.any(|kind| kind == ConcernKind::NoActivePortfolios))
    }

    fn has_error(&self) -> bool {
        self.concerns.iter().any(Concern::is_error)
    }

    /// Allows a check to find nothing to check.
    #[must_use]
    pub fn allowing_empty(mut self) -> Self {
        let empty = ConcernKind::NoActivePortfolios;
        self.concerns.retain(|concern| concern.kind() != empty);
        self.allows_empty = true;
        self
    }

    fn of(status: Status, max_lag: usize) -> Self {
        let Status {
            target,
            active,
            portfolios,
            last_run,
            concerns,
            ..
        } = status;
        Self {
            last_run,
            ..Self::of_portfolios(portfolios, (target, active), max_lag, concerns)
        }
    }

    /// Compares portfolios with the number allowed. `of` is the target, and the number of active
    /// portfolios.
    pub(super) fn of_portfolios(
        portfolios: Vec<PortfolioStatus>,
        of: (Day, u64),
        max_lag: usize,
        concerns: Vec<Concern>,
    ) -> Self {
        let behind = |portfolio: &PortfolioStatus| portfolio.sessions_behind;
        let worst = portfolios.iter().map(behind).max().unwrap_or(0);
        let inceptions = portfolios.iter().map(|portfolio| portfolio.inception);
        let first_inception = inceptions.min().filter(|first| *first > of.0);
        let mut late = portfolios;
        late.retain(|portfolio| behind(portfolio) > max_lag);
        // The sort is stable: portfolios that are equally far behind stay in order of id.
        late.sort_by_key(|portfolio| std::cmp::Reverse(behind(portfolio)));
        Self {
            target: of.0,
            max_lag,
            active: of.1,
            late,
            worst,
            last_run: None,
            first_inception,
            concerns,
            allows_empty: false,
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
    inputs: &ConcernInputs,
) -> Result<Lag, QueryError> {
    let options = StatusOptions {
        sessions: 0,
        portfolios: usize::MAX,
        ..StatusOptions::default()
    };
    let status = status(store, settings, environment, scope, options, inputs)?;
    Ok(Lag::of(status, inputs.limits.max_lag))
}
