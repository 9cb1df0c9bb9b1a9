//! Looks for the mutant in force with scenarios, simulations, concerns, writers or the server, in the
//! program that is built from the changed sources.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use plimsoll::report::Palette;
use plimsoll::scenario::runner::{CheckLevel, play};
use plimsoll::scenario::script::{FixtureError, Scenario};
use plimsoll::scenario::suite::{Case, Golden, ScenarioFile, find_scenarios};
use plimsoll::scenario::transcript::{Detail, transcript};
use plimsoll::sim::{
    Crashes, ExploreOptions, FaultOptions, HistoryOptions, PairOptions, RunUnderTest, Sampling,
    SimError, explore, histories, inject_faults, run_pairs, runs_under_test,
};

use crate::all_mutants;
use crate::detect_concerns::find_by_concerns;
use crate::detect_server::find_by_server;
use crate::detect_writers::find_by_writers;
use crate::mutant::Change;

/// The scenario of all simulations: two portfolios with two open sessions each. Each cell has its
/// own transaction.
const SIMULATED: &str = "\
now = 2026-01-08T18:00:00-05:00

[market]
shares = 3
from = 2025-12-22

[portfolios]
\"A..B\" = { inception = 2026-01-02, complete = \"..2026-01-06\" }

[[step]]
run = {}
";

/// Prints the name of what finds the mutant and exits with 0; exits with 1 if nothing does. `words`
/// are the mutant and the name that is tried first; without them, no mutant is in force.
#[expect(clippy::print_stdout, reason = "the test reads the result there")]
pub(crate) fn main(suite: &str, words: &[String]) -> ExitCode {
    let (mutant, first) = match words {
        [mutant, first] => (mutant.as_str(), first.as_str()),
        _ => ("", ""),
    };
    let found = match suite {
        "scenario" => find_by_scenario(mutant, first),
        "concerns" => find_by_concerns(first),
        "writers" => find_by_writers(first),
        "server" => find_by_server(first),
        _ => find_by_simulation(first),
    };
    found.map_or(ExitCode::FAILURE, |found| {
        println!("{found}");
        ExitCode::SUCCESS
    })
}

fn find_by_scenario(mutant: &str, first: &str) -> Option<String> {
    let found = find_scenarios(&[Path::new("scenarios").to_owned()]);
    let mut files = found.expect("the folder `scenarios` has scenarios");
    files.sort_by_key(|file| file.name != first);
    let changed = all_mutants().into_iter().find(|known| known.name == mutant);
    let change = changed.map(|mutant| mutant.change);
    // A fault may violate what the engine relies on; its panic counts as found.
    std::panic::set_hook(Box::new(|_| {}));
    let found = files
        .iter()
        .find(|file| catch_unwind(AssertUnwindSafe(|| does_fail(file, change))).unwrap_or(true));
    found.map(|file| file.name.clone())
}

/// Returns whether an expectation, an invariant or the golden transcript of a scenario fails.
fn does_fail(file: &ScenarioFile, change: Option<Change>) -> bool {
    let case = Case::read(&file.path).expect("a shipped scenario");
    let golden = Golden::read(&file.golden).expect("a readable golden file");
    let mut scenario = case.scenario;
    if let Some(Change::Rules(change)) = change {
        change(&mut scenario);
    }
    let Ok(result) = play(&scenario, CheckLevel::Invariants) else {
        return true;
    };
    let text = transcript(&result, Detail::Golden, Palette::Plain);
    result.findings().next().is_some() || !golden.matches(&text)
}

/// A simulation, which returns whether it finds a violation.
type Simulation = fn(&RunUnderTest) -> Result<bool, SimError>;

fn find_by_simulation(first: &str) -> Option<String> {
    let mut simulations: [(&str, Simulation); 4] = [
        ("explore", explores),
        ("faults", injects),
        ("pair", pairs),
        ("histories", plays_histories),
    ];
    simulations.sort_by_key(|(name, _)| *name != first);
    let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    let scenario = Scenario::read("base", SIMULATED, &none).expect("a valid scenario");
    let runs = runs_under_test(Path::new("base.toml"), &scenario).expect("a run to simulate");
    // A panic or an error is no finding.
    let found = simulations
        .into_iter()
        .find(|(name, simulation)| match simulation(&runs[0]) {
            Ok(found) => found,
            Err(error) => panic!("{name}: {error}"),
        });
    found.map(|(name, _)| name.to_owned())
}

fn explores(run: &RunUnderTest) -> Result<bool, SimError> {
    let options = ExploreOptions {
        seed: 1,
        extent: Sampling {
            exhaustive: 4,
            samples: 4,
        },
        crashes: Crashes::Once,
        jobs: NonZeroUsize::MIN,
    };
    Ok(!explore(run, &options)?.findings.is_empty())
}

fn injects(run: &RunUnderTest) -> Result<bool, SimError> {
    let options = FaultOptions {
        step: NonZeroUsize::MIN,
        jobs: NonZeroUsize::MIN,
    };
    Ok(!inject_faults(run, &options)?.findings.is_empty())
}

/// Makes pairs a few at a time, until one of 400 finds a violation.
fn pairs(run: &RunUnderTest) -> Result<bool, SimError> {
    for seed in (1..=400).step_by(20) {
        let options = PairOptions {
            seed,
            seeds: 20,
            jobs: NonZeroUsize::MIN,
        };
        if !run_pairs(run, &options)?.findings.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Plays histories a few at a time, until one of 200 finds a violation. They make their own runs.
fn plays_histories(_: &RunUnderTest) -> Result<bool, SimError> {
    for seed in (1..=200).step_by(10) {
        let options = HistoryOptions {
            seed,
            seeds: 10,
            jobs: NonZeroUsize::MIN,
        };
        if !histories(&options)?.findings.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
