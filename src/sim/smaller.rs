//! The smallest scenario on which a simulation still finds something of the same kind.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use super::course::Course;
use super::explore::{Crashes, ExploreTerms, explore};
use super::faults::{calls_of, struck};
use super::finding::{Finding, Place};
use super::fuzz::tell_scenario;
use super::image::Extent;
use super::leftovers::Leftovers;
use super::pair::one_pair;
use super::subject::{SimError, Subject, subjects};
use crate::parallel::available_threads;
use crate::scenario::script::{FindFixture, Scenario};
use crate::scenario::shrink::{Condition, Oracle, ShrinkError, ShrinkResult, shrink};
use crate::store::disk::InjectedDiskFault;

/// How many seeds of pairs are tried on a smaller scenario, whose calls are others.
const PAIRS: u64 = 64;

/// What is done to each run before it is simulated: nothing, but where a fault was planted.
pub type Plant = Arc<dyn Fn(Subject) -> Subject + Send + Sync>;

/// Makes a scenario smaller as long as a simulation like the one that found `finding` still finds
/// something of its kind: what it says, up to the first colon.
pub fn shrink_finding(
    text: &str,
    fixtures: &FindFixture<'_>,
    finding: &Finding,
    plant: &Plant,
    scratch: &Path,
) -> Result<ShrinkResult, ShrinkError> {
    let wanted = kind(&finding.says).to_owned();
    let (place, plant) = (finding.token.place, Arc::clone(plant));
    let judge = Oracle::new(&wanted.clone(), move |scenario| {
        let found = found_on(scenario, place, &plant, &wanted);
        if found.unwrap_or(false) {
            BTreeSet::from([wanted.clone()])
        } else {
            BTreeSet::new()
        }
    });
    shrink(
        "shrunk",
        text,
        fixtures,
        &Condition::Oracle(judge),
        scratch,
        &|_, _| {},
    )
}

/// What kind of thing is said.
fn kind(says: &str) -> &str {
    says.split([':', '(']).next().unwrap_or_default().trim()
}

/// Whether a simulation of a scenario finds something of a kind.
fn found_on(
    scenario: &Scenario,
    place: Place,
    plant: &Plant,
    wanted: &str,
) -> Result<bool, SimError> {
    let is_wanted = |says: &String| kind(says) == wanted;
    if let Place::Tale { seed } = place {
        return Ok(tell_scenario(scenario, seed)?.wrong.iter().any(is_wanted));
    }
    for subject in subjects(Path::new("shrunk.toml"), scenario)? {
        let subject = plant(subject);
        let found = match place {
            Place::Crash { seed, .. } => crashes(&subject, seed)?.iter().any(is_wanted),
            Place::Fault(strike) => fails(&subject, strike, &is_wanted)?,
            Place::Pair { seed } => meets(&subject, seed, &is_wanted)?,
            // Its memory is the process's, which has used SQLite by now.
            Place::Memory { .. } | Place::Tale { .. } => false,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn crashes(subject: &Subject, seed: u64) -> Result<Vec<String>, SimError> {
    let terms = ExploreTerms {
        seed,
        extent: Extent {
            exhaustive: 3,
            samples: 3,
        },
        crashes: Crashes::Once,
        jobs: NonZeroUsize::min(available_threads(), const { NonZeroUsize::new(8).unwrap() }),
    };
    let found = explore(subject, &terms)?.findings.into_iter();
    Ok(found.map(|finding| finding.says).collect())
}

/// The same fault, at any call.
fn fails(
    subject: &Subject,
    strike: InjectedDiskFault,
    is_wanted: &dyn Fn(&String) -> bool,
) -> Result<bool, SimError> {
    let course = Course::undrawn(subject)?;
    let leftovers = Leftovers::of(subject, &course);
    for (at, call) in calls_of(subject).into_iter().enumerate() {
        if strike.fault.applies_to(call) {
            let (_, wrong) = struck(&leftovers, InjectedDiskFault { at, ..strike })?;
            if wrong.iter().any(is_wanted) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn meets(
    subject: &Subject,
    seed: u64,
    is_wanted: &dyn Fn(&String) -> bool,
) -> Result<bool, SimError> {
    let course = Course::undrawn(subject)?;
    let calls = calls_of(subject).len();
    for number in 0..PAIRS {
        let played = one_pair(subject, &course, calls, seed.wrapping_add(number))?;
        if played.wrong.iter().any(is_wanted) {
            return Ok(true);
        }
    }
    Ok(false)
}
