//! Mutants: faults that some scenario, simulation, concern, exploration of writers or request to the
//! server must find.
//!
//! Most are changes of the sources. All of them are made in a copy under the target folder, each in
//! force only if an environment variable names it. The copy of this test detects: it is built once
//! and started for each mutant. The rest are changes of the scenario that is played.
//!
//! Run with `cargo test --test mutants`; a part of a name after `--` selects. `MUTANTS_EVERY=3` in the
//! environment leaves every third mutant, the first one included.

mod amounts;
mod books;
mod build;
mod cash;
mod closed;
mod copies;
mod copy;
mod detect;
mod detect_concerns;
mod detect_server;
mod detect_writers;
mod execution;
/// `tests/sim` checks that they find nothing without a mutant.
#[expect(dead_code, reason = "detections use a part")]
#[path = "../sim/writers/mod.rs"]
mod explorations;
mod histories;
mod holdings;
mod imports;
mod mutant;
mod own_calendars;
mod plans;
mod rates;
mod receivers;
mod rules;
mod server;
mod stale;
mod store;
mod survey;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../serve/test_server.rs"]
mod test_server;
mod unpriced;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::build::Detector;
use crate::mutant::{Change, Detection, Mutant};

/// The first argument of the program that detects.
const DETECT: &str = "detect";
/// The environment variable with the number of mutants of which one is made.
const EVERY: &str = "MUTANTS_EVERY";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [first, suite, rest @ ..] = words.as_slice()
        && first == DETECT
    {
        return detect::main(suite, rest);
    }
    let arguments = Arguments::from_args();
    let detector = if arguments.list {
        Detector::default()
    } else {
        match Detector::build(&all_mutants()) {
            Ok(detector) => detector,
            Err(error) => panic!("failed to build the mutants: {error}"),
        }
    };
    let detector = Arc::new(detector);
    let mut trials = vec![
        trial(
            &detector,
            "no_mutant_is_released",
            released_program_has_none,
        ),
        trial(&detector, "scenarios_hold_without_a_mutant", |detector| {
            detector.finds_nothing(&["scenario"])
        }),
        trial(&detector, "concerns_hold_without_a_mutant", |detector| {
            detector.finds_nothing(&["concerns"])
        }),
        trial(&detector, "the_server_holds_without_a_mutant", |detector| {
            detector.finds_nothing(&["server"])
        }),
    ];
    for mutant in all_mutants().into_iter().step_by(every()) {
        for detection in mutant.found_by {
            let name = format!("{}::{}", detection.suite(), mutant.name);
            trials.push(trial(&detector, &name, move |detector| {
                detector.finds(&mutant, *detection)
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Returns the number of mutants of which one is made: 1 unless the environment has another one.
#[expect(
    clippy::disallowed_methods,
    reason = "a test has no command line of its own"
)]
fn every() -> usize {
    match std::env::var(EVERY) {
        Err(_) => 1,
        Ok(text) => match text.parse() {
            Ok(every) if every > 0 => every,
            _ => panic!("`{EVERY}` is `{text}`, not a number from 1"),
        },
    }
}

fn all_mutants() -> Vec<Mutant> {
    [
        rules::MUTANTS,
        survey::MUTANTS,
        plans::MUTANTS,
        rates::MUTANTS,
        cash::MUTANTS,
        execution::MUTANTS,
        imports::MUTANTS,
        store::MUTANTS,
        copies::MUTANTS,
        server::MUTANTS,
        closed::MUTANTS,
        own_calendars::MUTANTS,
        unpriced::MUTANTS,
        stale::MUTANTS,
        books::MUTANTS,
        amounts::MUTANTS,
        histories::MUTANTS,
        holdings::MUTANTS,
        receivers::MUTANTS,
    ]
    .concat()
}

fn trial(
    detector: &Arc<Detector>,
    name: &str,
    test: impl FnOnce(&Detector) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let detector = Arc::clone(detector);
    Trial::test(name, move || test(&detector))
}

/// Fails if the program has the name of a mutant in it. The program that detects has all of them,
/// so they would be seen.
fn released_program_has_none(detector: &Detector) -> Result<(), Failed> {
    let program = option_env!("CARGO_BIN_EXE_plimsoll").ok_or("cargo built no program")?;
    let sources = all_mutants().into_iter();
    let sources = sources.filter(|mutant| matches!(mutant.change, Change::Source(_)));
    let names: Vec<&str> = sources.map(|mutant| mutant.name).collect();
    let found = |program: &Path| -> std::io::Result<Vec<&str>> {
        let bytes = std::fs::read(program)?;
        let is_in = |name: &&&str| {
            bytes
                .windows(name.len())
                .any(|part| part == name.as_bytes())
        };
        Ok(names.iter().filter(is_in).copied().collect())
    };
    let released = found(Path::new(program))?;
    if !released.is_empty() {
        return Err(format!("the program contains {released:?}").into());
    }
    if found(detector.program())? != names {
        return Err("the program that detects lacks mutants".into());
    }
    Ok(())
}

impl Detector {
    /// Fails unless the suite finds the mutant.
    fn finds(&self, mutant: &Mutant, detection: Detection) -> Result<(), Failed> {
        let output = self
            .command(&[detection.suite(), mutant.name, detection.first()])
            .env(copy::ACTIVE_MUTANT, mutant.name)
            .output()?;
        let found = String::from_utf8_lossy(&output.stdout);
        match output.status.code() {
            Some(0) if found.trim() == detection.first() => Ok(()),
            Some(0) => Err(format!(
                "found by `{}`, not by `{}`: correct `found_by`",
                found.trim(),
                detection.first()
            )
            .into()),
            Some(1) => Err(format!("nothing finds it: {}", mutant.fault).into()),
            _ => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
        }
    }

    /// Fails if a suite finds something without a mutant, since it would then find any.
    fn finds_nothing(&self, words: &[&str]) -> Result<(), Failed> {
        let output = self.command(words).output()?;
        match output.status.code() {
            Some(1) => Ok(()),
            _ => Err(String::from_utf8_lossy(&output.stdout).into_owned().into()),
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.program());
        command.arg(DETECT).args(words);
        command
    }
}
