//! Which scenario finds which mutant.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use thiserror::Error;

use super::mutant::Mutant;
use crate::parallel::{available_threads, map};
use crate::report::Palette;
use crate::scenario::play::{Pace, play};
use crate::scenario::suite::{Case, CaseError, Found, Golden};
use crate::scenario::transcript::{Detail, transcript};

/// How long a mutant is hunted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thoroughness {
    /// Until the first scenario finds it.
    FirstKill,
    /// By every scenario.
    Everything,
}

/// What became of a hunt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hunt {
    /// What became of each mutant, in their order.
    pub mutants: Vec<Hunted>,
}

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hunted {
    /// Its name.
    pub name: &'static str,
    /// What is wrong with it.
    pub fault: &'static str,
    /// The scenarios that found it, and by what.
    pub killed_by: BTreeMap<String, Weapon>,
}

/// By what a mutant was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weapon {
    /// By what the scenario expects.
    Expectation,
    /// By what must hold always.
    Invariant,
    /// By the golden transcript.
    Transcript,
    /// The play could not go on.
    Error,
}

impl Hunt {
    /// The mutants that nothing found.
    pub fn survivors(&self) -> impl Iterator<Item = &Hunted> {
        self.mutants.iter().filter(|one| one.killed_by.is_empty())
    }
}

/// A scenario and its golden transcript.
struct Hunter {
    name: String,
    case: Case,
    golden: Golden,
}

/// Why there was no hunt.
#[derive(Debug, Error)]
pub enum HuntError {
    /// A scenario can't be read.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// Scenarios that find something where nothing is planted find anything.
    #[error("without any fault planted these do not pass: {}", .0.join(", "))]
    NotClean(Vec<String>),
}

/// Hunts mutants with scenarios, each of which must pass where nothing is planted.
pub fn hunt(
    mutants: &[Mutant],
    found: &[Found],
    thoroughness: Thoroughness,
) -> Result<Hunt, HuntError> {
    let hunters = found.iter().map(Hunter::read);
    let hunters: Vec<Hunter> = hunters.collect::<Result<_, _>>()?;
    let jobs = available_threads();
    let dirty = map(jobs, &hunters, |hunter| hunter.finds(None).is_some());
    let dirty: Vec<String> = (hunters.iter().zip(dirty))
        .filter(|(_, dirty)| *dirty)
        .map(|(hunter, _)| hunter.name.clone())
        .collect();
    if !dirty.is_empty() {
        return Err(HuntError::NotClean(dirty));
    }
    let killed_by = map(jobs, mutants, |mutant| {
        kills(mutant, &hunters, thoroughness)
    });
    let hunted = mutants.iter().zip(killed_by);
    let hunted = hunted.map(|(mutant, killed_by)| Hunted {
        name: mutant.name,
        fault: mutant.fault,
        killed_by,
    });
    Ok(Hunt {
        mutants: hunted.collect(),
    })
}

fn kills(
    mutant: &Mutant,
    hunters: &[Hunter],
    thoroughness: Thoroughness,
) -> BTreeMap<String, Weapon> {
    let mut killed_by = BTreeMap::new();
    for hunter in hunters {
        if let Some(weapon) = hunter.finds(Some(mutant)) {
            killed_by.insert(hunter.name.clone(), weapon);
            if thoroughness == Thoroughness::FirstKill {
                break;
            }
        }
    }
    killed_by
}

impl Hunter {
    fn read(found: &Found) -> Result<Self, CaseError> {
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
    fn finds(&self, mutant: Option<&Mutant>) -> Option<Weapon> {
        let scenario = match mutant {
            Some(mutant) => mutant.planted_in(&self.case.scenario),
            None => self.case.scenario.clone(),
        };
        let played = catch_unwind(AssertUnwindSafe(|| play(&scenario, Pace::Checked)));
        let Ok(Ok(told)) = played else {
            return Some(Weapon::Error);
        };
        let kinds: Vec<_> = told.findings().map(|(_, found)| found.kind).collect();
        use crate::scenario::play::FindingKind;
        if kinds.contains(&FindingKind::Expectation) {
            Some(Weapon::Expectation)
        } else if kinds.contains(&FindingKind::Invariant) {
            Some(Weapon::Invariant)
        } else {
            let text = transcript(&told, Detail::Golden, Palette::Plain);
            (!self.golden.is(&text)).then_some(Weapon::Transcript)
        }
    }
}
