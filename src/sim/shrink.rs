//! The smallest scenario on which a simulation still finds something of the same kind.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use super::baseline::Baseline;
use super::crash_image::Sampling;
use super::disk_checks::DiskChecker;
use super::explore::{Crashes, ExploreOptions, explore};
use super::faults::{record_calls, run_with_fault};
use super::finding::{Disturbance, Finding};
use super::fuzz::check_scenario;
use super::pair::run_pair;
use super::run_under_test::{RunUnderTest, SimError, runs_under_test};
use crate::parallel::available_threads;
use crate::scenario::script::{FindFixture, Scenario};
use crate::scenario::shrink::{Condition, Oracle, ShrinkError, ShrinkResult, shrink};
use crate::store::disk::InjectedDiskFault;

/// How many seeds of pairs are tried on a smaller scenario, whose calls are others.
const PAIR_SEED_COUNT: u64 = 64;

/// What is done to each run before it is simulated: nothing, but where a fault was planted.
pub type InjectFault = Arc<dyn Fn(RunUnderTest) -> RunUnderTest + Send + Sync>;

/// Makes a scenario smaller as long as a simulation like the one that found `finding` still finds
/// something of its kind: what it says, up to the first colon.
pub fn shrink_finding(
    text: &str,
    fixtures: &FindFixture<'_>,
    finding: &Finding,
    plant: &InjectFault,
    scratch: &Path,
) -> Result<ShrinkResult, ShrinkError> {
    let wanted = message_kind(&finding.message).to_owned();
    let (place, plant) = (finding.token.disturbance, Arc::clone(plant));
    let judge = Oracle::new(&wanted.clone(), move |scenario| {
        let found = is_found_on(scenario, place, &plant, &wanted);
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
fn message_kind(says: &str) -> &str {
    says.split([':', '(']).next().unwrap_or_default().trim()
}

/// Whether a simulation of a scenario finds something of a kind.
fn is_found_on(
    scenario: &Scenario,
    place: Disturbance,
    plant: &InjectFault,
    wanted: &str,
) -> Result<bool, SimError> {
    let is_wanted = |says: &String| message_kind(says) == wanted;
    if let Disturbance::Fuzz { seed } = place {
        return Ok(check_scenario(scenario, seed)?
            .violations
            .iter()
            .any(is_wanted));
    }
    for subject in runs_under_test(Path::new("shrunk.toml"), scenario)? {
        let subject = plant(subject);
        let found = match place {
            Disturbance::Crash { seed, .. } => {
                explore_messages(&subject, seed)?.iter().any(is_wanted)
            }
            Disturbance::Fault(strike) => is_found_by_fault(&subject, strike, &is_wanted)?,
            Disturbance::Pair { seed } => is_found_by_pair(&subject, seed, &is_wanted)?,
            // Its memory is the process's, which has used SQLite by now.
            Disturbance::Memory { .. } | Disturbance::Fuzz { .. } => false,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn explore_messages(subject: &RunUnderTest, seed: u64) -> Result<Vec<String>, SimError> {
    let terms = ExploreOptions {
        seed,
        extent: Sampling {
            exhaustive: 3,
            samples: 3,
        },
        crashes: Crashes::Once,
        jobs: NonZeroUsize::min(available_threads(), const { NonZeroUsize::new(8).unwrap() }),
    };
    let found = explore(subject, &terms)?.findings.into_iter();
    Ok(found.map(|finding| finding.message).collect())
}

/// The same fault, at any call.
fn is_found_by_fault(
    subject: &RunUnderTest,
    strike: InjectedDiskFault,
    is_wanted: &dyn Fn(&String) -> bool,
) -> Result<bool, SimError> {
    let course = Baseline::record_unseeded(subject)?;
    let leftovers = DiskChecker::new(subject, &course);
    for (at, call) in record_calls(subject).into_iter().enumerate() {
        if strike.fault.applies_to(call) {
            let (_, wrong) = run_with_fault(&leftovers, InjectedDiskFault { at, ..strike })?;
            if wrong.iter().any(is_wanted) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn is_found_by_pair(
    subject: &RunUnderTest,
    seed: u64,
    is_wanted: &dyn Fn(&String) -> bool,
) -> Result<bool, SimError> {
    let course = Baseline::record_unseeded(subject)?;
    let calls = record_calls(subject).len();
    for number in 0..PAIR_SEED_COUNT {
        let played = run_pair(subject, &course, calls, seed.wrapping_add(number))?;
        if played.violations.iter().any(is_wanted) {
            return Ok(true);
        }
    }
    Ok(false)
}
