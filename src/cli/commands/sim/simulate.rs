//! Simulates the selected runs and prints the results: common to explore, faults and pair.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::run_selection::RunSelection;
use super::text::{
    commit, finding_count, findings_text, paragraph, rate, seed_and_version, version,
};
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::progress::Meter;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::environment::Clock;
use crate::report::count_with_noun;
use crate::sim::{Finding, ProgressListener, RunUnderTest, SimError};

/// The result of simulating one run.
pub(super) trait SimReport: Serialize {
    /// Returns the step of the run in its scenario, and its request in words.
    fn step_and_request(&self) -> (&str, &str);
    fn findings(&self) -> &[Finding];
    /// Returns the number of simulated items: images, faulty runs or pairs.
    fn count(&self) -> usize;
    /// Returns the counts in words, without the findings.
    fn summary(&self) -> String;
}

/// The results of all selected runs of a scenario.
#[derive(Debug, Serialize)]
struct ScenarioReport<T> {
    name: String,
    path: PathBuf,
    runs: Vec<T>,
}

/// Simulates the selected runs and prints the results, scenario by scenario. `noun` names the items
/// that [`SimReport::count`] counts; `seed` is printed if there is one.
pub(super) fn simulate<T: SimReport>(
    context: &Context,
    selection: &RunSelection,
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
    for file in selection.scenarios()? {
        let meter = Arc::new(Meter::new(context));
        let listener = Arc::clone(&meter);
        let listener: Arc<ProgressListener> =
            Arc::new(move |done, of| listener.show_count(done, of));
        let runs = selection.runs_in(&file)?.into_iter();
        let runs = runs.map(|run| simulate(&run.with_listener(Arc::clone(&listener))));
        let runs = runs.collect::<Result<_, _>>();
        meter.finish();
        let report = ScenarioReport {
            name: file.name,
            path: file.path,
            runs: runs?,
        };
        if text {
            print(&scenario_text(&report))?;
        }
        scenarios.push(report);
    }
    let runs = || scenarios.iter().flat_map(|report| &report.runs);
    let items: usize = runs().map(T::count).sum();
    let findings: usize = runs().map(|run| run.findings().len()).sum();
    if text {
        let counts = [
            count_with_noun(runs().count() as u64, "run"),
            count_with_noun(items as u64, noun),
            finding_count(findings),
        ];
        print(&format!("\n{}\n{heading}\n", counts.join(", ")))?;
        print_stderr(&rate(items, noun, clock.elapsed()));
    } else {
        print_json(&serde_json::json!({
            "seed": seed, "commit": commit(), "scenarios": scenarios,
        }))?;
    }
    Ok(match findings {
        0 => Exit::Complete,
        _ => Exit::Incomplete,
    })
}

fn scenario_text<T: SimReport>(report: &ScenarioReport<T>) -> String {
    let mut text = format!("\n{}\n", report.name);
    if report.runs.is_empty() {
        text += "  has no run with the per-cell policy\n";
    }
    for run in &report.runs {
        let (step, request) = run.step_and_request();
        text += &format!("  step {step}: {request}\n");
        let verdict = finding_count(run.findings().len());
        text += &paragraph(&format!("{}: {verdict}", run.summary()));
        text += &findings_text(run.findings());
    }
    text
}
