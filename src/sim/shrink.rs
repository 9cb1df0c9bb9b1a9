//! Finds a small scenario on which a simulation still finds a violation of the same kind.

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
use super::histories::check_scenario as check_history;
use super::pair::run_pair;
use super::run_under_test::{RunUnderTest, SimError, runs_under_test};
use super::violation::Violation;
use crate::disk::InjectedDiskFault;
use crate::parallel::available_threads;
use crate::scenario::script::{FindFixture, Scenario};
use crate::scenario::shrink::{Condition, Oracle, ShrinkError, ShrinkResult, shrink};

/// Seeds tried for a pair: a smaller scenario makes other calls, so the seed of the finding means
/// another order there.
const PAIR_SEED_COUNT: u64 = 64;

/// Prepares each run before it is simulated; the identity unless a fault is injected.
pub type InjectFault = Arc<dyn Fn(RunUnderTest) -> RunUnderTest + Send + Sync>;

/// Makes a scenario smaller as long as a simulation like the one of `finding` finds a violation of
/// the same rule. `scratch` is a folder for drafts.
///
/// # Errors
///
/// Those of [`shrink`].
pub fn shrink_finding(
    text: &str,
    fixtures: &FindFixture<'_>,
    finding: &Finding,
    inject: &InjectFault,
    scratch: &Path,
) -> Result<ShrinkResult, ShrinkError> {
    let wanted = finding.violation.clone();
    let (disturbance, inject) = (finding.token.disturbance, Arc::clone(inject));
    let oracle = Oracle::new(&wanted.rule(), move |scenario| {
        // A candidate that cannot be simulated is not a smaller case.
        is_found_on(scenario, disturbance, &inject, &wanted).unwrap_or(false)
    });
    shrink(
        "shrunk",
        text,
        fixtures,
        &Condition::Oracle(oracle),
        scratch,
        &|_, _| {},
    )
}

/// Returns true if a simulation of the scenario finds a violation of the wanted kind.
fn is_found_on(
    scenario: &Scenario,
    disturbance: Disturbance,
    inject: &InjectFault,
    wanted: &Violation,
) -> Result<bool, SimError> {
    let is_wanted = |violation: &Violation| violation.is_like(wanted);
    if let Disturbance::Fuzz { seed } = disturbance {
        return Ok(check_scenario(scenario, seed)?
            .violations
            .iter()
            .any(is_wanted));
    }
    if let Disturbance::History { .. } = disturbance {
        let violations = check_history(scenario)?.violations;
        return Ok(violations.iter().any(is_wanted));
    }
    for run_under_test in runs_under_test(Path::new("shrunk.toml"), scenario)? {
        let run_under_test = inject(run_under_test);
        let found = match disturbance {
            Disturbance::Crash { seed, .. } => explored_violations(&run_under_test, seed)?
                .iter()
                .any(is_wanted),
            Disturbance::Fault(injected) => {
                is_found_by_fault(&run_under_test, injected, &is_wanted)?
            }
            Disturbance::Pair { seed } => is_found_by_pair(&run_under_test, seed, &is_wanted)?,
            // SQLite's memory can only be watched from its first use, which has happened by now.
            Disturbance::Memory { .. } | Disturbance::Fuzz { .. } | Disturbance::History { .. } => {
                false
            }
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn explored_violations(
    run_under_test: &RunUnderTest,
    seed: u64,
) -> Result<Vec<Violation>, SimError> {
    let options = ExploreOptions {
        seed,
        extent: Sampling {
            // Fewer images than a search makes, since every candidate is explored.
            exhaustive: 3,
            samples: 3,
        },
        crashes: Crashes::Once,
        jobs: NonZeroUsize::min(available_threads(), const { NonZeroUsize::new(8).unwrap() }),
    };
    let found = explore(run_under_test, &options)?.findings.into_iter();
    Ok(found.map(|finding| finding.violation).collect())
}

/// Tries the same fault at each call: the call of the finding may have another number in a smaller
/// scenario.
fn is_found_by_fault(
    run_under_test: &RunUnderTest,
    injected: InjectedDiskFault,
    is_wanted: &dyn Fn(&Violation) -> bool,
) -> Result<bool, SimError> {
    let baseline = Baseline::record_unseeded(run_under_test)?;
    let checker = DiskChecker::new(run_under_test, &baseline);
    for (at, call) in record_calls(run_under_test).into_iter().enumerate() {
        if injected.fault.applies_to(call) {
            let (_, violations) = run_with_fault(&checker, InjectedDiskFault { at, ..injected })?;
            if violations.iter().any(is_wanted) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn is_found_by_pair(
    run_under_test: &RunUnderTest,
    seed: u64,
    is_wanted: &dyn Fn(&Violation) -> bool,
) -> Result<bool, SimError> {
    let baseline = Baseline::record_unseeded(run_under_test)?;
    let calls = record_calls(run_under_test).len();
    for number in 0..PAIR_SEED_COUNT {
        let outcome = run_pair(run_under_test, &baseline, calls, seed.wrapping_add(number))?;
        if outcome.violations.iter().any(is_wanted) {
            return Ok(true);
        }
    }
    Ok(false)
}
