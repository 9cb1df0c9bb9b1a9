//! Defines the request of a plan: scope, policy, range, target, limit and phases.

use crate::domain::{Day, PhaseSet, Scope};

use super::policy::Policy;
use super::target::Target;

/// The request that a plan is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The portfolios to plan.
    pub scope: Scope,
    /// The rules by which cells are chosen.
    pub policy: Policy,
    /// First day of the range; `None` means the earliest inception in scope.
    pub from: Option<Day>,
    /// Last day of the range; `None` means the target.
    pub to: Option<Day>,
    /// The last session whose cells are due.
    pub target: Target,
    /// Upper bound on the number of steps.
    pub limit: Limit,
    /// The phases to plan. Phases that are not of a cell are ignored, and the snapshot is added.
    pub phases: PhaseSet,
}

/// An upper bound on the number of steps of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Limit {
    /// The plan has all needed steps.
    #[default]
    None,
    /// At most this many cells are steps, the first in plan order. The other steps become skips,
    /// over the limit.
    Cells(u64),
}

impl Request {
    /// Creates the request for all needed cells of `scope` up to the last final session, by the
    /// default policy.
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            policy: Policy::default(),
            from: None,
            to: None,
            target: Target::LastFinal,
            limit: Limit::None,
            phases: PhaseSet::CELL_PHASES,
        }
    }
}
