//! Which simulation finds which mutant.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde::Serialize;

use super::mutant::Mutant;
use crate::parallel::map;
use crate::sim::fuzz::scenario;
use crate::sim::{
    Crashes, ExploreTerms, Extent, FaultTerms, Finding, PairTerms, SimError, explore, faults, pair,
    subjects,
};

/// Two portfolios miss two sessions; each cell is a transaction.
const GROUND: &str = "\
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
pub struct Hunted {
    /// Its name.
    pub name: &'static str,
    /// What is wrong with it.
    pub fault: &'static str,
    /// What found it first, if anything did.
    pub found_by: Option<Weapon>,
    /// What that said.
    pub says: String,
}

/// By what a mutant was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weapon {
    /// The run could not be made at all.
    Panic,
    /// A crash.
    Explore,
    /// A fault.
    Faults,
    /// Another run.
    Pair,
}

impl Weapon {
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
pub fn hunt(mutants: &[Mutant], jobs: NonZeroUsize) -> Vec<Hunted> {
    map(jobs, mutants, |mutant| {
        let found = catch_unwind(AssertUnwindSafe(|| hunt_one(*mutant)));
        let found = found.unwrap_or_else(|_| Ok(Some((Weapon::Panic, "a panic".to_owned()))));
        let found = found.unwrap_or_else(|error| Some((Weapon::Panic, error.to_string())));
        Hunted {
            name: mutant.name,
            fault: mutant.fault,
            found_by: found.as_ref().map(|(weapon, _)| *weapon),
            says: found.map(|(_, says)| says).unwrap_or_default(),
        }
    })
}

type Found = Option<(Weapon, String)>;

fn hunt_one(mutant: Mutant) -> Result<Found, SimError> {
    let mut runs = subjects(Path::new("ground.toml"), &scenario(GROUND)?)?;
    let subject = mutant.planted_in(runs.remove(0));
    let first = |weapon, findings: &[Finding]| {
        let first = findings.first();
        first.map(|found| (weapon, found.says.clone()))
    };
    let jobs = NonZeroUsize::MIN;
    let crashes = ExploreTerms {
        seed: 1,
        extent: Extent {
            exhaustive: 4,
            samples: 4,
        },
        crashes: Crashes::Once,
        jobs,
    };
    if let Some(found) = first(Weapon::Explore, &explore(&subject, &crashes)?.findings) {
        return Ok(Some(found));
    }
    let every = FaultTerms {
        every: NonZeroUsize::MIN,
        jobs,
    };
    if let Some(found) = first(Weapon::Faults, &faults(&subject, &every)?.findings) {
        return Ok(Some(found));
    }
    let pairs = PairTerms {
        seed: 1,
        seeds: 400,
        jobs,
    };
    Ok(first(Weapon::Pair, &pair(&subject, &pairs)?.findings))
}
