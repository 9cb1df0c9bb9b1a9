//! What must go on holding while a scenario is made smaller.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

use crate::domain::Day;
use crate::report::Palette;
use crate::scenario::runner::{FindingKind, PlayResult, PolicyResult, RunResult};
use crate::scenario::script::Scenario;
use crate::scenario::suite::Golden;
use crate::scenario::transcript::{Detail, transcript};

/// What must go on holding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Two policies process other cells, or leave others behind.
    PoliciesDiffer,
    /// After the last run cells are left behind under some policy.
    LeftBehind,
    /// Something does not hold that must hold always.
    InvariantFails,
    /// The transcript is not the one in this golden file.
    DiffersFrom(PathBuf),
    /// This command ends with another code than 0 when it is given the file.
    Command(String),
    /// Somebody finds something wrong with it.
    Oracle(Oracle),
}

/// Somebody who finds things wrong with scenarios, each of some kind.
#[derive(Clone)]
pub struct Oracle {
    name: String,
    find: Arc<FindKinds>,
}

type FindKinds = dyn Fn(&Scenario) -> BTreeSet<String> + Send + Sync;

impl Oracle {
    /// A judge by the name that it is told of by.
    pub fn new(
        name: &str,
        finds: impl Fn(&Scenario) -> BTreeSet<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            find: Arc::new(finds),
        }
    }

    pub(super) fn kinds(&self, scenario: &Scenario) -> BTreeSet<ConditionKind> {
        let found = (self.find)(scenario).into_iter();
        found.map(ConditionKind::Invariant).collect()
    }
}

impl fmt::Debug for Oracle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Judge({})", self.name)
    }
}

impl PartialEq for Oracle {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Oracle {}

/// A text that is no condition.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no condition (expected policies-differ, left-behind, invariant-fails, \
     differs-from:GOLDEN or command:WORDS)"
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
            Some(("command", words)) if !words.trim().is_empty() => {
                Ok(Self::Command(words.trim().to_owned()))
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
            Self::Command(words) => write!(f, "command:{words}"),
            Self::Oracle(judge) => f.write_str(&judge.name),
        }
    }
}

/// Of which kind it is that a condition holds. A smaller scenario on which it holds in another
/// way is another case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionKind {
    /// These two policies differ: the first leaves cells behind for these reasons, or does cells
    /// in vain, and the second does not.
    Policies {
        /// The one.
        worse: String,
        /// The other.
        better: String,
        /// In what they differ.
        reasons: BTreeSet<String>,
    },
    /// Under this policy cells are left behind for these reasons.
    LeftBehind {
        /// Which policy.
        policy: String,
        /// For which reasons.
        reasons: BTreeSet<String>,
    },
    /// This does not hold.
    Invariant(String),
    /// The transcripts differ.
    Transcript,
    /// The command ends with this code.
    ExitCode(i32),
}

impl Condition {
    /// The kinds in which it holds of what came of a scenario, if it does. The condition of a
    /// command or of a judge is not looked at here.
    pub(super) fn kinds(&self, told: &PlayResult) -> BTreeSet<ConditionKind> {
        match self {
            Self::PoliciesDiffer => pairs(told)
                .filter_map(|(a, b)| compare_policies(a, b))
                .collect(),
            Self::LeftBehind => told.policies.iter().filter_map(left_behind).collect(),
            Self::InvariantFails => {
                let broken = told
                    .findings()
                    .filter(|(_, one)| one.kind == FindingKind::Invariant);
                let what = |says: &str| says.split(':').next().unwrap_or_default().to_owned();
                broken
                    .map(|(_, one)| ConditionKind::Invariant(what(&one.message)))
                    .collect()
            }
            Self::DiffersFrom(path) => {
                let text = transcript(told, Detail::Golden, Palette::Plain);
                let golden = Golden::read(path).unwrap_or(Golden::Absent);
                (!golden.matches(&text))
                    .then_some(ConditionKind::Transcript)
                    .into_iter()
                    .collect()
            }
            Self::Command(_) | Self::Oracle(_) => BTreeSet::new(),
        }
    }
}

fn pairs(told: &PlayResult) -> impl Iterator<Item = (&PolicyResult, &PolicyResult)> {
    let policies = told.policies.iter();
    policies.flat_map(|one| told.policies.iter().map(move |other| (one, other)))
}

/// How the first is worse than the second, if it is.
fn compare_policies(worse: &PolicyResult, better: &PolicyResult) -> Option<ConditionKind> {
    let (of_worse, of_better) = (problems(worse), problems(better));
    let by: BTreeSet<String> = of_worse.difference(&of_better).cloned().collect();
    let same = cells(worse, |ran| &ran.processed) == cells(better, |ran| &ran.processed);
    (!by.is_empty() && !same).then(|| ConditionKind::Policies {
        worse: worse.policy.clone(),
        better: better.policy.clone(),
        reasons: by,
    })
}

/// What is wrong with what a policy did: why cells are left behind, and that some were in vain.
fn problems(told: &PolicyResult) -> BTreeSet<String> {
    let mut faults = left_behind_reasons(told);
    if !cells(told, |ran| &ran.redundant).is_empty() {
        faults.insert("in-vain".to_owned());
    }
    faults
}

fn left_behind(told: &PolicyResult) -> Option<ConditionKind> {
    let by = left_behind_reasons(told);
    (!by.is_empty()).then(|| ConditionKind::LeftBehind {
        policy: told.policy.clone(),
        reasons: by,
    })
}

/// Why cells are left behind after the last run.
fn left_behind_reasons(told: &PolicyResult) -> BTreeSet<String> {
    let last = told.runs().last();
    let reasons = last
        .into_iter()
        .flat_map(|ran| ran.reasons.values().flatten());
    let hidden = reasons.filter(|one| one.reason.starts_with("hidden-by-"));
    hidden.map(|one| one.reason.clone()).collect()
}

fn cells<'t>(
    told: &'t PolicyResult,
    of: impl Fn(&'t RunResult) -> &'t BTreeMap<Day, Vec<String>>,
) -> BTreeSet<(Day, &'t str)> {
    let days = told.runs().flat_map(of);
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
