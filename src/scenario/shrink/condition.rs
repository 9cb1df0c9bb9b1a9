//! Defines the conditions that must stay true while a scenario is made smaller.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

use crate::domain::Day;
use crate::plan::SkipReason;
use crate::report::Palette;
use crate::scenario::runner::{PlayResult, PolicyResult, RunResult, Violation};
use crate::scenario::script::Scenario;
use crate::scenario::suite::Golden;
use crate::scenario::transcript::{Detail, transcript};

/// A condition that the smaller scenario must still meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// A policy has a problem that another does not have, and the two process different cells. A
    /// problem is a reason why cells are left behind, or redundant cells.
    PoliciesDiffer,
    /// Some policy leaves cells behind after the last run.
    LeftBehind,
    /// An invariant of all scenarios is violated.
    InvariantFails,
    /// The transcript differs from this golden file.
    DiffersFrom(PathBuf),
    /// This shell command, with the file as its last argument, exits with a code other than 0.
    Command(String),
    /// A check that the caller supplies as a function; it has no text form that parses.
    Oracle(Oracle),
}

/// A named check of scenarios. Oracles of equal names are equal.
#[derive(Clone)]
pub struct Oracle {
    name: String,
    holds: Arc<Check>,
}

type Check = dyn Fn(&Scenario) -> bool + Send + Sync;

impl Oracle {
    /// Creates a check. `name` is its text form.
    pub fn new(name: &str, holds: impl Fn(&Scenario) -> bool + Send + Sync + 'static) -> Self {
        Self {
            name: name.to_owned(),
            holds: Arc::new(holds),
        }
    }

    pub(super) fn kinds(&self, scenario: &Scenario) -> Vec<ConditionKind> {
        let holds = (self.holds)(scenario);
        holds
            .then(|| ConditionKind::Oracle(self.name.clone()))
            .into_iter()
            .collect()
    }
}

impl fmt::Debug for Oracle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oracle({})", self.name)
    }
}

impl PartialEq for Oracle {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Oracle {}

/// The text is not a condition.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "invalid condition `{0}` (expected policies-differ, left-behind, invariant-fails, \
     differs-from:GOLDEN or command:COMMAND)"
)]
pub struct ConditionError(pub String);

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        match text.split_once(':') {
            None if text == "policies-differ" => Ok(Self::PoliciesDiffer),
            None if text == "left-behind" => Ok(Self::LeftBehind),
            None if text == "invariant-fails" => Ok(Self::InvariantFails),
            Some(("differs-from", path)) if !path.is_empty() => {
                Ok(Self::DiffersFrom(PathBuf::from(path)))
            }
            Some(("command", command)) if !command.trim().is_empty() => {
                Ok(Self::Command(command.trim().to_owned()))
            }
            _ => Err(ConditionError(text.to_owned())),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PoliciesDiffer => f.write_str("policies-differ"),
            Self::LeftBehind => f.write_str("left-behind"),
            Self::InvariantFails => f.write_str("invariant-fails"),
            Self::DiffersFrom(path) => write!(f, "differs-from:{}", path.display()),
            Self::Command(command) => write!(f, "command:{command}"),
            Self::Oracle(oracle) => f.write_str(&oracle.name),
        }
    }
}

/// The way in which a condition holds. Shrinking accepts only scenarios on which the condition
/// holds in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionKind {
    /// The first policy has problems that the second does not have, and the two process different
    /// cells.
    Policies {
        /// The name of the first policy.
        worse: String,
        /// The name of the second policy.
        better: String,
        /// The problems that only the first has.
        reasons: BTreeSet<PolicyProblem>,
    },
    /// Cells are left behind under this policy.
    LeftBehind {
        /// The name of that policy.
        policy: String,
        /// The reasons why cells are left behind.
        reasons: BTreeSet<PolicyProblem>,
    },
    /// An invariant is violated.
    Invariant(Violation),
    /// The oracle of this name holds.
    Oracle(String),
    /// The transcript differs from the golden file.
    Transcript,
    /// The command exits with this code; -1 if a signal ended it.
    ExitCode(i32),
}

/// A problem of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyProblem {
    /// It leaves cells behind for this reason.
    LeftBehind(SkipReason),
    /// It processes cells that are not needed.
    Redundant,
}

impl PolicyProblem {
    /// Returns its name, as descriptions have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeftBehind(reason) => reason.name(),
            Self::Redundant => "redundant",
        }
    }
}

impl ConditionKind {
    /// Returns the names of the policies that the kind is about; `None` if it may be any.
    pub(super) fn policies(&self) -> Option<Vec<&str>> {
        match self {
            Self::Policies { worse, better, .. } => Some(vec![worse, better]),
            Self::LeftBehind { policy, .. } => Some(vec![policy]),
            Self::Invariant(_) | Self::Oracle(_) | Self::Transcript | Self::ExitCode(_) => None,
        }
    }

    /// Returns whether both are the same kind; of violations, the rule counts and not the details.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Invariant(one), Self::Invariant(other)) => one.is_like(other),
            _ => self == other,
        }
    }
}

impl fmt::Display for ConditionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |problems: &BTreeSet<PolicyProblem>| {
            let names: BTreeSet<&str> = problems.iter().map(|problem| problem.name()).collect();
            names.into_iter().collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Policies {
                worse,
                better,
                reasons,
            } => write!(f, "{worse} does worse than {better} ({})", join(reasons)),
            Self::LeftBehind { policy, reasons } => {
                write!(f, "{policy} leaves cells behind ({})", join(reasons))
            }
            Self::Invariant(violation) => f.write_str(&violation.rule()),
            Self::Oracle(name) => f.write_str(name),
            Self::Transcript => f.write_str("the transcript differs"),
            Self::ExitCode(code) => write!(f, "the command ends with {code}"),
        }
    }
}

impl Condition {
    /// Returns the kinds in which the condition holds for a result; none for a command or an
    /// oracle, which check the scenario and not its result. `golden` is the golden file of
    /// [`Self::DiffersFrom`].
    pub(super) fn kinds(&self, result: &PlayResult, golden: Option<&Golden>) -> Vec<ConditionKind> {
        match self {
            Self::PoliciesDiffer => pairs(result)
                .filter_map(|(a, b)| compare_policies(a, b))
                .collect(),
            Self::LeftBehind => by_name(result).filter_map(left_behind).collect(),
            Self::InvariantFails => {
                let violations = result.findings().filter_map(|(_, it)| it.violation());
                violations.cloned().map(ConditionKind::Invariant).collect()
            }
            Self::DiffersFrom(_) => {
                let text = transcript(result, Detail::Golden, Palette::Plain);
                let differs = golden.is_some_and(|golden| !golden.matches(&text));
                let kind = differs.then_some(ConditionKind::Transcript);
                kind.into_iter().collect()
            }
            Self::Command(_) | Self::Oracle(_) => Vec::new(),
        }
    }
}

/// Tells whether the first kind is known from the results up to this one, in the order of names.
pub(super) fn is_enough(condition: &Condition, result: &PolicyResult) -> bool {
    *condition == Condition::LeftBehind && left_behind(result).is_some()
}

/// Returns the policies ordered by name, so that the kinds do not depend on the order in the file.
fn by_name(result: &PlayResult) -> impl Iterator<Item = &PolicyResult> {
    let mut policies: Vec<&PolicyResult> = result.policies.iter().collect();
    policies.sort_by_key(|policy| &policy.policy);
    policies.into_iter()
}

/// Returns every ordered pair of policies.
fn pairs(result: &PlayResult) -> impl Iterator<Item = (&PolicyResult, &PolicyResult)> {
    by_name(result).flat_map(|first| by_name(result).map(move |second| (first, second)))
}

/// Returns how the first policy is worse than the second, if it is.
fn compare_policies(worse: &PolicyResult, better: &PolicyResult) -> Option<ConditionKind> {
    let (problems_of_worse, problems_of_better) = (problems(worse), problems(better));
    let reasons = &problems_of_worse - &problems_of_better;
    let same = cells(worse, |run| &run.processed) == cells(better, |run| &run.processed);
    (!reasons.is_empty() && !same).then(|| ConditionKind::Policies {
        worse: worse.policy.clone(),
        better: better.policy.clone(),
        reasons,
    })
}

fn problems(result: &PolicyResult) -> BTreeSet<PolicyProblem> {
    let mut problems = left_behind_reasons(result);
    if !cells(result, |run| &run.redundant).is_empty() {
        problems.insert(PolicyProblem::Redundant);
    }
    problems
}

/// Returns the kind for the cells that a policy left behind in the last run, if there are any.
fn left_behind(result: &PolicyResult) -> Option<ConditionKind> {
    let reasons = left_behind_reasons(result);
    (!reasons.is_empty()).then(|| ConditionKind::LeftBehind {
        policy: result.policy.clone(),
        reasons,
    })
}

/// Returns the reasons of cells that the last run left behind.
fn left_behind_reasons(result: &PolicyResult) -> BTreeSet<PolicyProblem> {
    let last = result.runs().last();
    let reasons = last
        .into_iter()
        .flat_map(|run| run.reasons.values().flatten());
    let hidden = reasons.filter_map(|group| group.reason.left_behind());
    hidden.map(PolicyProblem::LeftBehind).collect()
}

/// Returns the cells that `cells_of_run` selects from all runs of a policy.
fn cells<'t>(
    result: &'t PolicyResult,
    cells_of_run: impl Fn(&'t RunResult) -> &'t BTreeMap<Day, Vec<String>>,
) -> BTreeSet<(Day, &'t str)> {
    let days = result.runs().flat_map(cells_of_run);
    let cells = days.flat_map(|(day, names)| names.iter().map(|name| (*day, name.as_str())));
    cells.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_parses_from_its_own_text() {
        for text in [
            "policies-differ",
            "left-behind",
            "invariant-fails",
            "differs-from:snapshots/a.snap",
            "command:./check.sh -q",
        ] {
            assert_eq!(text.parse::<Condition>().unwrap().to_string(), text);
        }
        for text in ["differ", "command: ", "differs-from:"] {
            assert!(text.parse::<Condition>().is_err(), "{text}");
        }
    }
}
