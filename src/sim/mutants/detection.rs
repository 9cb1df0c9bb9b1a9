//! Which simulation finds which mutant.

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

/// Two portfolios miss two sessions; each cell is a transaction.
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

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MutantResult {
    /// Its name.
    pub name: &'static str,
    /// What is wrong with it.
    pub fault: &'static str,
    /// What found it first, if anything did.
    #[serde(rename = "found-by")]
    pub killed_by: Option<KilledBy>,
    /// What that said.
    #[serde(rename = "says")]
    pub message: String,
}

/// By what a mutant was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KilledBy {
    /// The run could not be made at all.
    Panic,
    /// A crash.
    Explore,
    /// A fault.
    Faults,
    /// Another run.
    Pair,
}

impl KilledBy {
    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Explore => "explore",
            Self::Faults => "faults",
            Self::Pair => "pair",
        }
    }
}

/// Hunts mutants, each with crashes first, then with faults, then with pairs, until one of them
/// finds it.
pub fn detect(mutants: &[Mutant], jobs: NonZeroUsize) -> Vec<MutantResult> {
    map(jobs, mutants, |mutant| {
        let found = catch_unwind(AssertUnwindSafe(|| detect_mutant(*mutant)));
        let found = found.unwrap_or_else(|_| Ok(Some((KilledBy::Panic, "a panic".to_owned()))));
        let found = found.unwrap_or_else(|error| Some((KilledBy::Panic, error.to_string())));
        MutantResult {
            name: mutant.name,
            fault: mutant.fault,
            killed_by: found.as_ref().map(|(weapon, _)| *weapon),
            message: found.map(|(_, says)| says).unwrap_or_default(),
        }
    })
}

type Detection = Option<(KilledBy, String)>;

fn detect_mutant(mutant: Mutant) -> Result<Detection, SimError> {
    let mut runs = runs_under_test(Path::new("ground.toml"), &parse_generated(BASE_SCENARIO)?)?;
    let subject = mutant.inject_into(runs.remove(0));
    let first = |weapon, findings: &[Finding]| {
        let first = findings.first();
        first.map(|found| (weapon, found.message.clone()))
    };
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
    if let Some(found) = first(KilledBy::Explore, &explore(&subject, &crashes)?.findings) {
        return Ok(Some(found));
    }
    let every = FaultOptions {
        step: NonZeroUsize::MIN,
        jobs,
    };
    if let Some(found) = first(KilledBy::Faults, &inject_faults(&subject, &every)?.findings) {
        return Ok(Some(found));
    }
    let pairs = PairOptions {
        seed: 1,
        seeds: 400,
        jobs,
    };
    Ok(first(
        KilledBy::Pair,
        &run_pairs(&subject, &pairs)?.findings,
    ))
}
