//! What is asked for: who, by which rules, from when to when, and how much at most.

use crate::domain::{Day, PhaseSet, Scope};

use super::{Policy, Target};

/// What a plan is to be made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who.
    pub scope: Scope,
    /// By which rules work is chosen.
    pub policy: Policy,
    /// The first day of the range; where not given, the earliest inception in scope.
    pub from: Option<Day>,
    /// The last day of the range; where not given, the target.
    pub to: Option<Day>,
    /// Up to which session cells are due.
    pub target: Target,
    /// How many cells at most.
    pub limit: Limit,
    /// Which phases; those that are not of a cell are left out, and the snapshot is in wherever
    /// a phase is that needs it.
    pub phases: PhaseSet,
}

/// How much a plan may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Limit {
    /// As much as there is.
    #[default]
    None,
    /// The first so many cells in plan order are steps; the others are over the limit.
    Cells(u64),
}

impl Request {
    /// Everything that `scope` needs, by the default rules, up to the last final session.
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
