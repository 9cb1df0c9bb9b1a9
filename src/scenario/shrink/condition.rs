//! What must go on holding while a scenario is made smaller.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

use crate::domain::Day;
use crate::report::Palette;
use crate::scenario::play::{FindingKind, Ran, Told, ToldPolicy};
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
    Judge(Judge),
}

/// Somebody who finds things wrong with scenarios, each of some kind.
#[derive(Clone)]
pub struct Judge {
    name: String,
    finds: Arc<Finds>,
}

type Finds = dyn Fn(&Scenario) -> BTreeSet<String> + Send + Sync;

impl Judge {
    /// A judge by the name that it is told of by.
    pub fn new(
        name: &str,
        finds: impl Fn(&Scenario) -> BTreeSet<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.to_owned(),
            finds: Arc::new(finds),
        }
    }

    pub(super) fn kinds(&self, scenario: &Scenario) -> BTreeSet<Kind> {
        let found = (self.finds)(scenario).into_iter();
        found.map(Kind::Invariant).collect()
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Judge({})", self.name)
    }
}

impl PartialEq for Judge {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Judge {}

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
            Self::Judge(judge) => f.write_str(&judge.name),
        }
    }
}

/// Of which kind it is that a condition holds. A smaller scenario on which it holds in another
/// way is another case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// These two policies differ: the first leaves cells behind for these reasons, or does cells
    /// in vain, and the second does not.
    Policies {
        /// The one.
        worse: String,
        /// The other.
        better: String,
        /// In what they differ.
        by: BTreeSet<String>,
    },
    /// Under this policy cells are left behind for these reasons.
    LeftBehind {
        /// Which policy.
        policy: String,
        /// For which reasons.
        by: BTreeSet<String>,
    },
    /// This does not hold.
    Invariant(String),
    /// The transcripts differ.
    Transcript,
    /// The command ends with this code.
    Code(i32),
}

impl Condition {
    /// The kinds in which it holds of what came of a scenario, if it does. The condition of a
    /// command or of a judge is not looked at here.
    pub(super) fn kinds(&self, told: &Told) -> BTreeSet<Kind> {
        match self {
            Self::PoliciesDiffer => pairs(told).filter_map(|(a, b)| differ(a, b)).collect(),
            Self::LeftBehind => told.policies.iter().filter_map(left_behind).collect(),
            Self::InvariantFails => {
                let broken = told
                    .findings()
                    .filter(|(_, one)| one.kind == FindingKind::Invariant);
                let what = |says: &str| says.split(':').next().unwrap_or_default().to_owned();
                broken
                    .map(|(_, one)| Kind::Invariant(what(&one.says)))
                    .collect()
            }
            Self::DiffersFrom(path) => {
                let text = transcript(told, Detail::Golden, Palette::Plain);
                let golden = Golden::read(path).unwrap_or(Golden::Absent);
                (!golden.is(&text))
                    .then_some(Kind::Transcript)
                    .into_iter()
                    .collect()
            }
            Self::Command(_) | Self::Judge(_) => BTreeSet::new(),
        }
    }
}

fn pairs(told: &Told) -> impl Iterator<Item = (&ToldPolicy, &ToldPolicy)> {
    let policies = told.policies.iter();
    policies.flat_map(|one| told.policies.iter().map(move |other| (one, other)))
}

/// How the first is worse than the second, if it is.
fn differ(worse: &ToldPolicy, better: &ToldPolicy) -> Option<Kind> {
    let (of_worse, of_better) = (faults(worse), faults(better));
    let by: BTreeSet<String> = of_worse.difference(&of_better).cloned().collect();
    let same = cells(worse, |ran| &ran.processed) == cells(better, |ran| &ran.processed);
    (!by.is_empty() && !same).then(|| Kind::Policies {
        worse: worse.policy.clone(),
        better: better.policy.clone(),
        by,
    })
}

/// What is wrong with what a policy did: why cells are left behind, and that some were in vain.
fn faults(told: &ToldPolicy) -> BTreeSet<String> {
    let mut faults = reasons(told);
    if !cells(told, |ran| &ran.in_vain).is_empty() {
        faults.insert("in-vain".to_owned());
    }
    faults
}

fn left_behind(told: &ToldPolicy) -> Option<Kind> {
    let by = reasons(told);
    (!by.is_empty()).then(|| Kind::LeftBehind {
        policy: told.policy.clone(),
        by,
    })
}

/// Why cells are left behind after the last run.
fn reasons(told: &ToldPolicy) -> BTreeSet<String> {
    let last = told.runs().last();
    let reasons = last
        .into_iter()
        .flat_map(|ran| ran.reasons.values().flatten());
    let hidden = reasons.filter(|one| one.reason.starts_with("hidden-by-"));
    hidden.map(|one| one.reason.clone()).collect()
}

fn cells<'t>(
    told: &'t ToldPolicy,
    of: impl Fn(&'t Ran) -> &'t BTreeMap<Day, Vec<String>>,
) -> BTreeSet<(Day, &'t str)> {
    let days = told.runs().flat_map(of);
    let cells = days.flat_map(|(day, names)| names.iter().map(|name| (*day, name.as_str())));
    cells.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_a_word_that_leads_back() {
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
