//! `plimsoll job faults`: fails and kills the job at each of its writes.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::broken::{broken_json, broken_text, unchecked_text};
use super::interrupt::cancel_on_interrupt;
use super::read::read_job_file;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::job::{JobFaultReport, inject_job_faults};
use crate::parallel::available_threads;
use crate::report::count_with_noun;
use crate::scenario::suite::Case;

/// Makes each write of the job fail, and kills the job at each, on a small world; then runs it again
/// and checks that the rest is done.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll job faults job.toml
  plimsoll job faults job.toml scenarios/night.toml   on the world of a scenario

The exit code is 0 if the job heals after every fault, else 1.")]
pub(super) struct FaultsArgs {
    /// Job file of the program under test
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Scenario with the world; a world of three portfolios by default
    #[arg(value_name = "SCENARIO")]
    scenario: Option<PathBuf>,

    /// Number of faults to inject at once; all processors by default
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

pub(super) fn execute(context: &Context, args: &FaultsArgs) -> Result<Exit, CliError> {
    let job = read_job_file(&args.file)?;
    let case = args.scenario.as_deref().map(Case::read).transpose()?;
    let scenario = case.as_ref().map(|case| &case.scenario);
    let jobs = args.jobs.unwrap_or_else(available_threads);
    let report = inject_job_faults(&job, scenario, jobs, cancel_on_interrupt())?;
    context.show(&as_json(&report), || as_text(&report))?;
    // A run without writes was not disturbed, so nothing is known of it.
    let is_kept = report.broken.is_empty() && report.faults > 0;
    Ok(Exit::complete_if(is_kept))
}

fn as_json(report: &JobFaultReport) -> serde_json::Value {
    json!({
        "writes": report.writes,
        "faults": report.faults,
        "broken": broken_json(&report.broken),
        "failure": report.failure.as_ref().map(ToString::to_string),
        "not-applicable": report.not_applicable,
        "unchecked": report.unchecked,
    })
}

fn as_text(report: &JobFaultReport) -> String {
    if let Some(reason) = &report.not_applicable {
        return format!("not applicable: {reason}\n");
    }
    if let Some(failure) = &report.failure {
        return format!("the job fails without a fault: {failure}\n");
    }
    let writes = count_with_noun(report.writes, "write");
    if report.faults == 0 {
        return format!("{writes}, so there is nothing to disturb\n");
    }
    let faults = count_with_noun(report.faults, "fault");
    let broken = report.broken.len() as u64;
    let text = match broken {
        0 => format!("{faults} at {writes}: the next run does the rest after each\n"),
        _ => format!(
            "{}\n{faults} at {writes}: after {broken} of them the next run does not do the rest\n",
            broken_text(&report.broken)
        ),
    };
    text + &unchecked_text(&report.unchecked)
}
