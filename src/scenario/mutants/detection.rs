//! Finds out which scenarios detect which mutants.

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

/// The number of scenarios that each mutant is played against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thoroughness {
    /// Until the first scenario that kills it.
    FirstKill,
    /// All of them, which is slower.
    AllScenarios,
}

/// The result for a list of mutants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DetectionReport {
    /// One result a mutant, in the order given.
    pub mutants: Vec<MutantResult>,
}

/// The scenarios that killed a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MutantResult {
    /// The name of the mutant.
    pub name: &'static str,
    /// The fault in a few words.
    pub fault: &'static str,
    /// The scenarios that killed it with the check that failed, by name; empty for a survivor.
    pub killed_by: BTreeMap<String, KilledBy>,
}

/// The check by which a scenario kills a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KilledBy {
    /// An expectation of the scenario.
    Expectation,
    /// An invariant of all scenarios.
    Invariant,
    /// The comparison with the golden transcript.
    Transcript,
    /// The play failed or panicked.
    Error,
}

impl DetectionReport {
    /// Returns the mutants that no scenario killed.
    pub fn survivors(&self) -> impl Iterator<Item = &MutantResult> {
        self.mutants
            .iter()
            .filter(|mutant| mutant.killed_by.is_empty())
    }
}

/// A scenario with its golden transcript.
struct Detector {
    name: String,
    case: Case,
    golden: Golden,
}

/// The reason why no mutant was tried.
#[derive(Debug, Error)]
pub enum DetectionError {
    /// A scenario or golden file could not be read.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// These scenarios fail without a mutant, so that they would seem to kill every one.
    #[error("these scenarios fail without any mutant: {}", .0.join(", "))]
    BaselineFails(Vec<String>),
}

/// Plays mutants against scenarios.
///
/// # Errors
///
/// A scenario can't be read, or fails without a mutant.
pub fn detect(
    mutants: &[Mutant],
    files: &[ScenarioFile],
    thoroughness: Thoroughness,
) -> Result<DetectionReport, DetectionError> {
    let detectors = files.iter().map(Detector::read);
    let detectors: Vec<Detector> = detectors.collect::<Result<_, _>>()?;
    let jobs = available_threads();
    let failing = map(jobs, &detectors, |detector| {
        detector.detects(None).is_some()
    });
    let failing: Vec<String> = (detectors.iter().zip(failing))
        .filter(|(_, failing)| *failing)
        .map(|(detector, _)| detector.name.clone())
        .collect();
    if !failing.is_empty() {
        return Err(DetectionError::BaselineFails(failing));
    }
    let killed_by = map(jobs, mutants, |mutant| {
        detect_mutant(mutant, &detectors, thoroughness)
    });
    let results = mutants.iter().zip(killed_by);
    let results = results.map(|(mutant, killed_by)| MutantResult {
        name: mutant.name,
        fault: mutant.fault,
        killed_by,
    });
    Ok(DetectionReport {
        mutants: results.collect(),
    })
}

fn detect_mutant(
    mutant: &Mutant,
    detectors: &[Detector],
    thoroughness: Thoroughness,
) -> BTreeMap<String, KilledBy> {
    let mut killed_by = BTreeMap::new();
    for detector in detectors {
        if let Some(kind) = detector.detects(Some(mutant)) {
            killed_by.insert(detector.name.clone(), kind);
            if thoroughness == Thoroughness::FirstKill {
                break;
            }
        }
    }
    killed_by
}

impl Detector {
    fn read(file: &ScenarioFile) -> Result<Self, CaseError> {
        let golden = Golden::read(&file.golden).map_err(|source| CaseError::Unreadable {
            path: file.golden.clone(),
            source,
        })?;
        Ok(Self {
            name: file.name.clone(),
            case: Case::read(&file.path)?,
            golden,
        })
    }

    /// Returns the check that fails for a mutant, or without one for `None`.
    fn detects(&self, mutant: Option<&Mutant>) -> Option<KilledBy> {
        let scenario = match mutant {
            Some(mutant) => mutant.inject_into(&self.case.scenario),
            None => self.case.scenario.clone(),
        };
        // A fault may violate what the engine relies on, and then panics.
        let played = catch_unwind(AssertUnwindSafe(|| play(&scenario, CheckLevel::Invariants)));
        let Ok(Ok(result)) = played else {
            return Some(KilledBy::Error);
        };
        let findings: Vec<_> = result.findings().map(|(_, finding)| finding).collect();
        if findings.iter().any(|finding| finding.violation().is_none()) {
            Some(KilledBy::Expectation)
        } else if !findings.is_empty() {
            Some(KilledBy::Invariant)
        } else {
            let text = transcript(&result, Detail::Golden, Palette::Plain);
            (!self.golden.matches(&text)).then_some(KilledBy::Transcript)
        }
    }
}
