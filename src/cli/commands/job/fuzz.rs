//! `plimsoll job fuzz`: draws worlds until a promise breaks or a time budget is used up.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::broken::{broken_json, broken_text};
use super::interrupt::cancel_on_interrupt;
use super::read::read_job_file;
use crate::cli::commands::seeded::SeededArgs;
use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::durable::{self, Access};
use crate::environment::Clock;
use crate::job::{JobFuzzOptions, JobFuzzReport, fuzz_job};
use crate::report::count_with_noun;

/// Draws small worlds from seeds and runs the job on each: holes, newcomers, deleted portfolios,
/// half-done cells, clocks around a close. Ends with the smallest world on which a promise breaks.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll job fuzz job.toml --budget 60s
  plimsoll job fuzz job.toml -o scenarios/found.toml
  plimsoll scenario run scenarios/found.toml --job job.toml   replays what was found

The exit code is 0 if all promises were kept, else 1.")]
pub(super) struct FuzzArgs {
    /// Job file of the program under test
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    seeded: SeededArgs,

    /// File of the scenario that shows what was found; standard output by default
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn execute(context: &Context, args: &FuzzArgs) -> Result<Exit, CliError> {
    let seed = args.seeded.first_seed();
    let job = Arc::new(read_job_file(&args.file)?);
    let clock = Clock::system();
    let options = JobFuzzOptions {
        seed,
        jobs: args.seeded.threads(),
    };
    if let Some(folder) = args.output.as_ref().and_then(|path| path.parent()) {
        // Known before the search, not after it.
        durable::create_folders(folder).map_err(|source| CliError::File {
            path: folder.to_owned(),
            source,
        })?;
    }
    let goes_on = || clock.elapsed() < args.seeded.budget;
    let report = fuzz_job(&job, options, cancel_on_interrupt(), &goes_on, &|_, _| {})?;
    if let (Some(path), Some(found)) = (&args.output, &report.found) {
        let file = |source| CliError::File {
            path: path.clone(),
            source,
        };
        durable::replace(path, found.scenario.as_bytes(), Access::Unchanged).map_err(file)?;
    }
    match context.format() {
        Format::Json => print_json(&as_json(&report, seed))?,
        Format::Text => print(&as_text(&report, args, seed, clock.elapsed()))?,
    }
    let is_kept = report.found.is_none() && report.worlds > 0;
    Ok(Exit::complete_if(is_kept))
}

fn as_json(report: &JobFuzzReport, seed: u64) -> serde_json::Value {
    json!({
        "seed": seed,
        "worlds": report.worlds,
        "not-applicable": report.not_applicable,
        "reason": report.reason,
        "found": report.found.as_ref().map(|found| json!({
            "seed": found.seed,
            "broken": broken_json(&found.broken),
            "scenario": found.scenario,
            "tried": found.tried,
        })),
    })
}

fn as_text(report: &JobFuzzReport, args: &FuzzArgs, seed: u64, elapsed: Duration) -> String {
    let mut text = format!(
        "{} from seed {seed} on, in {:.1} s",
        count_with_noun(report.worlds, "world"),
        elapsed.as_secs_f64()
    );
    if report.not_applicable > 0 {
        text += &format!(", {} not applicable", report.not_applicable);
    }
    let Some(found) = &report.found else {
        return match &report.reason {
            Some(reason) if report.worlds == 0 => {
                text + &format!(": nothing was checked, since of the first {reason}\n")
            }
            _ => text + ": all promises kept\n",
        };
    };
    text += &format!(": seed {} breaks a promise\n\n", found.seed);
    text += &broken_text(&found.broken);
    if found.tried.is_none() {
        text += "\nIt did not break a second time, so the world is as it was drawn.\n";
    }
    let file = args.file.display();
    match &args.output {
        None => text += &format!("\n{}", found.scenario),
        Some(path) => {
            let path = path.display();
            text += &format!(
                "\n{path} is written: {}. Replay it:\n\n  \
                   plimsoll scenario run {path} --job {file}\n",
                count_with_noun(found.scenario.lines().count() as u64, "line"),
            );
        }
    }
    text
}
