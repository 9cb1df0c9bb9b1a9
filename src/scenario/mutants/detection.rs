//! Which scenario finds which mutant.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use thiserror::Error;

use super::mutant::Mutant;
use crate::parallel::{available_threads, map};
use crate::report::Palette;
use crate::scenario::runner::{CheckLevel, play};
use crate::scenario::suite::{Case, CaseError, Golden, ScenarioFile};
use crate::scenario::transcript::{Detail, transcript};

/// How long a mutant is hunted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thoroughness {
    /// Until the first scenario finds it.
    FirstKill,
    /// By every scenario.
    AllScenarios,
}

/// What became of a hunt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DetectionReport {
    /// What became of each mutant, in their order.
    pub mutants: Vec<MutantResult>,
}

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MutantResult {
    /// Its name.
    pub name: &'static str,
    /// What is wrong with it.
    pub fault: &'static str,
    /// The scenarios that found it, and by what.
    pub killed_by: BTreeMap<String, KilledBy>,
}

/// By what a mutant was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KilledBy {
    /// By what the scenario expects.
    Expectation,
    /// By what must hold always.
    Invariant,
    /// By the golden transcript.
    Transcript,
    /// The play could not go on.
    Error,
}

impl DetectionReport {
    /// The mutants that nothing found.
    pub fn survivors(&self) -> impl Iterator<Item = &MutantResult> {
        self.mutants.iter().filter(|one| one.killed_by.is_empty())
    }
}

/// A scenario and its golden transcript.
struct Detector {
    name: String,
    case: Case,
    golden: Golden,
}

/// Why there was no hunt.
#[derive(Debug, Error)]
pub enum DetectionError {
    /// A scenario can't be read.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// Scenarios that find something where nothing is planted find anything.
    #[error("without any fault planted these do not pass: {}", .0.join(", "))]
    BaselineFails(Vec<String>),
}

/// Hunts mutants with scenarios, each of which must pass where nothing is planted.
pub fn detect(
    mutants: &[Mutant],
    found: &[ScenarioFile],
    thoroughness: Thoroughness,
) -> Result<DetectionReport, DetectionError> {
    let hunters = found.iter().map(Detector::read);
    let hunters: Vec<Detector> = hunters.collect::<Result<_, _>>()?;
    let jobs = available_threads();
    let dirty = map(jobs, &hunters, |hunter| hunter.detects(None).is_some());
    let dirty: Vec<String> = (hunters.iter().zip(dirty))
        .filter(|(_, dirty)| *dirty)
        .map(|(hunter, _)| hunter.name.clone())
        .collect();
    if !dirty.is_empty() {
        return Err(DetectionError::BaselineFails(dirty));
    }
    let killed_by = map(jobs, mutants, |mutant| {
        detect_mutant(mutant, &hunters, thoroughness)
    });
    let hunted = mutants.iter().zip(killed_by);
    let hunted = hunted.map(|(mutant, killed_by)| MutantResult {
        name: mutant.name,
        fault: mutant.fault,
        killed_by,
    });
    Ok(DetectionReport {
        mutants: hunted.collect(),
    })
}

fn detect_mutant(
    mutant: &Mutant,
    hunters: &[Detector],
    thoroughness: Thoroughness,
) -> BTreeMap<String, KilledBy> {
    let mut killed_by = BTreeMap::new();
    for hunter in hunters {
        if let Some(weapon) = hunter.detects(Some(mutant)) {
            killed_by.insert(hunter.name.clone(), weapon);
            if thoroughness == Thoroughness::FirstKill {
                break;
            }
        }
    }
    killed_by
}

impl Detector {
    fn read(found: &ScenarioFile) -> Result<Self, CaseError> {
        let golden = Golden::read(&found.golden).map_err(|source| CaseError::Unreadable {
            path: found.golden.clone(),
            source,
        })?;
        Ok(Self {
            name: found.name.clone(),
            case: Case::read(&found.path)?,
            golden,
        })
    }

    /// By what it finds a mutant, if it does; or that something is wrong where there is none.
    fn detects(&self, mutant: Option<&Mutant>) -> Option<KilledBy> {
        let scenario = match mutant {
            Some(mutant) => mutant.inject_into(&self.case.scenario),
            None => self.case.scenario.clone(),
        };
        let played = catch_unwind(AssertUnwindSafe(|| play(&scenario, CheckLevel::Invariants)));
        let Ok(Ok(told)) = played else {
            return Some(KilledBy::Error);
        };
        let kinds: Vec<_> = told.findings().map(|(_, found)| found.kind).collect();
        use crate::scenario::runner::FindingKind;
        if kinds.contains(&FindingKind::Expectation) {
            Some(KilledBy::Expectation)
        } else if kinds.contains(&FindingKind::Invariant) {
            Some(KilledBy::Invariant)
        } else {
            let text = transcript(&told, Detail::Golden, Palette::Plain);
            (!self.golden.matches(&text)).then_some(KilledBy::Transcript)
        }
    }
}
