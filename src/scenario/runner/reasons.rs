//! Groups the cells of a run by the reason that they share, by session.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use crate::domain::{Day, IdSet, Phase, PortfolioId};
use crate::engine::Outcome;
use crate::plan::{BlockedCell, DayPlan, Plan, SkipReason, StepReason, UnpricedSession};
use crate::query::Names;
use crate::report::missing_inputs_text;
use crate::scenario::script::ReasonKind;

/// The portfolios of a session that share a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReasonGroup {
    /// The reason that the cells share.
    pub reason: Reason,
    /// The planned or failed phases; empty for a skipped or blocked cell.
    pub phases: Vec<Phase>,
    /// The names of the portfolios, by id.
    pub portfolios: Vec<String>,
}

/// The reason that cells share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The reason of a step.
    Step(StepReason),
    /// The reason of a skip.
    Skip(SkipReason),
    /// The error of a failed phase.
    Error(String),
    /// The missing inputs of a blocked cell, in words.
    MissingInputs(String),
    /// The counts of an unpriced session, on which all cells wait.
    Unpriced(UnpricedSession),
}

impl Reason {
    /// Returns the kind of the reason of a step or a skip.
    pub fn kind(&self) -> Option<ReasonKind> {
        match self {
            Self::Step(reason) => Some(ReasonKind::Step(reason.kind())),
            Self::Skip(reason) => Some(ReasonKind::Skip(*reason)),
            Self::Error(_) | Self::MissingInputs(_) | Self::Unpriced(_) => None,
        }
    }

    /// Returns whether it is the reason of a step, so that the plan does the cells.
    pub const fn is_step(&self) -> bool {
        matches!(self, Self::Step(_))
    }

    /// Returns the reason of a skip if it is one for which cells are left behind.
    pub fn left_behind(&self) -> Option<SkipReason> {
        match self {
            Self::Skip(reason) => Some(*reason).filter(|reason| reason.is_left_behind()),
            Self::Step(_) | Self::Error(_) | Self::MissingInputs(_) | Self::Unpriced(_) => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(reason) => reason.fmt(f),
            Self::Skip(reason) => reason.fmt(f),
            Self::Error(text) | Self::MissingInputs(text) => f.write_str(text),
            Self::Unpriced(UnpricedSession { held, missing, .. }) => {
                write!(
                    f,
                    "closes: unpriced session, {missing} of {held} securities have none"
                )
            }
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

pub(super) fn reasons(plan: &Plan, names: &Names) -> BTreeMap<Day, Vec<ReasonGroup>> {
    let of_day = |day: &DayPlan| {
        let steps = day.steps.iter().map(|steps| ReasonGroup {
            reason: Reason::Step(steps.reason),
            phases: steps.phases.iter().collect(),
            portfolios: names_of(&steps.cells, names),
        });
        let skips = day.skips.iter().map(|skips| ReasonGroup {
            reason: Reason::Skip(skips.reason),
            phases: Vec::new(),
            portfolios: names_of(&skips.cells, names),
        });
        (day.day, steps.chain(skips).collect())
    };
    plan.days.iter().map(of_day).collect()
}

pub(super) fn failures(outcome: &Outcome, names: &Names) -> BTreeMap<Day, Vec<ReasonGroup>> {
    let mut days = BTreeMap::new();
    for failed in &outcome.failures {
        let (cell, reason) = (failed.cell, Reason::Error(failed.reason.clone()));
        let name = names.portfolio(cell.portfolio);
        add_to_group(&mut days, cell.day, name, reason, vec![failed.phase]);
    }
    days
}

pub(super) fn blocked_reasons(
    plan: &Plan,
    blocked: &BTreeMap<Day, Vec<BlockedCell>>,
    names: &Names,
) -> BTreeMap<Day, Vec<ReasonGroup>> {
    let mut days = BTreeMap::new();
    for (day, cells) in blocked {
        for cell in cells {
            let reason = Reason::MissingInputs(missing_inputs_text(&cell.reason, names));
            let name = names.portfolio(cell.portfolio);
            add_to_group(&mut days, *day, name, reason, Vec::new());
        }
    }
    for (day, session) in &plan.unpriced {
        let skips = plan.day(*day).map_or(&[][..], |day| &day.skips[..]);
        let waiting = skips.iter().filter(|s| s.reason == SkipReason::Unpriced);
        days.entry(*day)
            .or_default()
            .extend(waiting.map(|skips| ReasonGroup {
                reason: Reason::Unpriced(session.clone()),
                phases: Vec::new(),
                portfolios: names_of(&skips.cells, names),
            }));
    }
    days
}

/// Adds a portfolio to the session's group with the same reason and phases, or to a new group.
fn add_to_group(
    days: &mut BTreeMap<Day, Vec<ReasonGroup>>,
    day: Day,
    name: String,
    reason: Reason,
    phases: Vec<Phase>,
) {
    let groups = days.entry(day).or_default();
    let same = |group: &&mut ReasonGroup| group.reason == reason && group.phases == phases;
    match groups.iter_mut().find(same) {
        Some(group) => group.portfolios.push(name),
        None => groups.push(ReasonGroup {
            reason,
            phases,
            portfolios: vec![name],
        }),
    }
}

pub(super) fn names_of(ids: &IdSet, names: &Names) -> Vec<String> {
    let ids = ids.iter().map(PortfolioId);
    ids.map(|id| names.portfolio(id)).collect()
}
