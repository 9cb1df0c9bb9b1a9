//! Simulates each mutant and returns the first simulation that detects it.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde::Serialize;

use super::mutant::Mutant;
use crate::parallel::map;
use crate::sim::fuzz::parse_generated;
use crate::sim::{
    Crashes, ExploreOptions, FaultOptions, Finding, PairOptions, Sampling, SimError, explore,
    inject_faults, run_pairs, runs_under_test,
};

/// The scenario of all mutants: two portfolios with two open sessions each. Each cell has its own
/// transaction.
const BASE_SCENARIO: &str = "\
now = 2026-01-08T18:00:00-05:00

[market]
shares = 3
from = 2025-12-22

[portfolios]
\"A..B\" = { inception = 2026-01-02, complete = \"..2026-01-06\" }

[[step]]
run = {}
";

/// The result of simulating a mutant. A mutant that no simulation detects is a survivor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MutantResult {
    /// The name of the mutant.
    pub name: &'static str,
    /// The fault in a few words.
    pub fault: &'static str,
    /// The first simulation that detected it; `None` for a survivor.
    #[serde(rename = "found-by")]
    pub killed_by: Option<KilledBy>,
    /// The first violation, or the error or panic; empty for a survivor.
    #[serde(rename = "says")]
    pub message: String,
}

/// The simulation that detected a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KilledBy {
    /// Any simulation that panicked or could not be completed.
    Panic,
    /// Crashes at points of the run.
    Explore,
    /// Faults in the disk calls of the run.
    Faults,
    /// A second run at the same time.
    Pair,
}

impl KilledBy {
    /// Returns the name that JSON uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Explore => "explore",
            Self::Faults => "faults",
            Self::Pair => "pair",
        }
    }
}

/// Simulates each mutant with crashes, then faults, then pairs of runs, until one of them detects
/// it. A panic or an error counts as detected.
pub fn detect(mutants: &[Mutant], jobs: NonZeroUsize) -> Vec<MutantResult> {
    map(jobs, mutants, |mutant| {
        let detection = catch_unwind(AssertUnwindSafe(|| detect_mutant(*mutant)));
        let detection =
            detection.unwrap_or_else(|_| Ok(Some((KilledBy::Panic, "a panic".to_owned()))));
        let detection =
            detection.unwrap_or_else(|error| Some((KilledBy::Panic, error.to_string())));
        MutantResult {
            name: mutant.name,
            fault: mutant.fault,
            killed_by: detection.as_ref().map(|(killed_by, _)| *killed_by),
            message: detection.map(|(_, message)| message).unwrap_or_default(),
        }
    })
}

type Detection = Option<(KilledBy, String)>;

fn detect_mutant(mutant: Mutant) -> Result<Detection, SimError> {
    let mut runs = runs_under_test(Path::new("base.toml"), &parse_generated(BASE_SCENARIO)?)?;
    let run_under_test = mutant.inject_into(runs.remove(0));
    let first_finding = |killed_by, findings: &[Finding]| {
        let first = findings.first();
        first.map(|found| (killed_by, found.violation.to_string()))
    };
    // The mutants already run in parallel, so each simulation uses one thread.
    let jobs = NonZeroUsize::MIN;
    let crashes = ExploreOptions {
        seed: 1,
        extent: Sampling {
            exhaustive: 4,
            samples: 4,
        },
        crashes: Crashes::Once,
        jobs,
    };
    if let Some(found) = first_finding(
        KilledBy::Explore,
        &explore(&run_under_test, &crashes)?.findings,
    ) {
        return Ok(Some(found));
    }
    let faults = FaultOptions {
        step: NonZeroUsize::MIN,
        jobs,
    };
    if let Some(found) = first_finding(
        KilledBy::Faults,
        &inject_faults(&run_under_test, &faults)?.findings,
    ) {
        return Ok(Some(found));
    }
    let pairs = PairOptions {
        seed: 1,
        seeds: 400,
        jobs,
    };
    Ok(first_finding(
        KilledBy::Pair,
        &run_pairs(&run_under_test, &pairs)?.findings,
    ))
}
