//! Every chosen run of every scenario, simulated and told: the same for every kind of simulation.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::run_selection::RunSelection;
use super::text::{commit, findings_text, paragraph, rate, seed_and_version, version};
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::progress::Meter;
use crate::cli::{CliError, Context, Exit};
use crate::environment::Clock;
use crate::report::count_with_noun;
use crate::sim::{Finding, ProgressListener, RunUnderTest, SimError};

/// What came of simulating one run.
pub(super) trait SimReport: Serialize {
    /// Which step it is, and what it asks for.
    fn step_and_request(&self) -> (&str, &str);
    /// What does not hold of it.
    fn findings(&self) -> &[Finding];
    /// How many of whatever is counted were made of it.
    fn count(&self) -> usize;
    /// It in words, but for whether it holds.
    fn summary(&self) -> String;
}

/// What came of the runs of a scenario.
#[derive(Debug, Serialize)]
struct ScenarioReport<T> {
    name: String,
    path: PathBuf,
    runs: Vec<T>,
}

/// Simulates what was chosen, and tells it scenario by scenario. `noun` is what is counted; the
/// seed is told where there is one.
pub(super) fn simulate<T: SimReport>(
    context: &Context,
    choice: &RunSelection,
    seed: Option<u64>,
    noun: &str,
    simulate: impl Fn(&RunUnderTest) -> Result<T, SimError>,
) -> Result<Exit, CliError> {
    let clock = Clock::system();
    let text = context.format() == Format::Text;
    let heading = seed.map_or_else(version, seed_and_version);
    if text {
        print(&heading)?;
    }
    let mut scenarios = Vec::new();
    for found in choice.scenarios()? {
        let meter = Arc::new(Meter::new(context));
        let listener = Arc::clone(&meter);
        let listener: Arc<ProgressListener> =
            Arc::new(move |done, of| listener.show_count(done, of));
        let runs = choice.runs_in(&found)?.into_iter();
        let runs = runs.map(|run| simulate(&run.with_listener(Arc::clone(&listener))));
        let runs = runs.collect::<Result<_, _>>();
        meter.finish();
        let one = ScenarioReport {
            name: found.name,
            path: found.path,
            runs: runs?,
        };
        if text {
            print(&scenario_text(&one))?;
        }
        scenarios.push(one);
    }
    let all = || scenarios.iter().flat_map(|one| &one.runs);
    let made: usize = all().map(T::count).sum();
    let bad: usize = all().map(|run| run.findings().len()).sum();
    if text {
        let (runs, made_of) = (
            count_with_noun(all().count() as u64, "run"),
            count_with_noun(made as u64, noun),
        );
        let held = verdict_text("everything held", bad);
        print(&format!("\n{runs}, {made_of}, {held}\n{heading}\n"))?;
        print_stderr(&rate(made, noun, clock.elapsed()));
    } else {
        print_json(&serde_json::json!({
            "seed": seed, "commit": commit(), "scenarios": scenarios,
        }))?;
    }
    Ok(match bad {
        0 => Exit::Complete,
        _ => Exit::Incomplete,
    })
}

/// Whether something holds, or how much does not.
fn verdict_text(holds: &str, findings: usize) -> String {
    match findings {
        0 => holds.to_owned(),
        some => count_with_noun(some as u64, "finding"),
    }
}

fn scenario_text<T: SimReport>(one: &ScenarioReport<T>) -> String {
    let mut text = format!("\n{}\n", one.name);
    if one.runs.is_empty() {
        text += "  has no run by our own rules\n";
    }
    for run in &one.runs {
        let (step, what) = run.step_and_request();
        text += &format!("  step {step}: {what}\n");
        let holds = verdict_text("holds", run.findings().len());
        text += &paragraph(&format!("{}: {holds}", run.summary()));
        text += &findings_text(run.findings());
    }
    text
}
