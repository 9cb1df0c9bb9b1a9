//! `plimsoll job fuzz`: draws worlds until a promise breaks or a time budget is used up.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::broken::{broken_json, broken_text, kept_text, unchecked_text};
use super::interrupt::cancel_on_interrupt;
use super::read::read_job_file;
use crate::cli::commands::seeded::SeededArgs;
use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::durable::{self, Access};
use crate::environment::Clock;
use crate::job::{JobFuzzOptions, JobFuzzReport, JobFuzzTimes, fuzz_job};
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
    let clock = Arc::new(Clock::system());
    let options = JobFuzzOptions {
        seed,
        jobs: args.seeded.threads(),
    };
    if let Some(path) = &args.output {
        check_output(path, &args.file)?;
    }
    let budget = args.seeded.budget;
    let until_end = Arc::clone(&clock);
    let times = JobFuzzTimes {
        // The rest is for making the found world smaller.
        draws_on: &|| clock.elapsed() < budget * 3 / 4,
        shrinks_on: Arc::new(move || until_end.elapsed() < budget),
    };
    let report = fuzz_job(&job, options, cancel_on_interrupt(), &times, &|_, _| {})?;
    if let (Some(path), Some(found)) = (&args.output, &report.found) {
        let written = durable::replace(path, found.scenario.as_bytes(), Access::Unchanged);
        if let Err(source) = written {
            // The finding is shown all the same.
            print(&format!(
                "seed {}\n{}",
                found.seed,
                broken_text(&found.broken)
            ))?;
            print(&found.scenario)?;
            let path = path.clone();
            return Err(CliError::File { path, source });
        }
    }
    match context.format() {
        Format::Json => print_json(&as_json(&report, seed))?,
        Format::Text => print(&as_text(&report, args, seed, clock.elapsed()))?,
    }
    let is_kept = report.found.is_none() && report.worlds > 0;
    Ok(Exit::complete_if(is_kept))
}

/// Checks before a search, not after it, that its result can be written; makes the folder. The job file is
/// not to be replaced.
pub(in crate::cli) fn check_output(path: &Path, job: &Path) -> Result<(), CliError> {
    let file = |source| CliError::File {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        durable::create_folders(folder).map_err(file)?;
    }
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    if whole(path).is_some() && whole(path) == whole(job) {
        let text = format!(
            "`{}` is the job file, which would be replaced",
            path.display()
        );
        return Err(CliError::Usage(text));
    }
    // A file that is replaced is written beside it first.
    tempfile::NamedTempFile::new_in(durable::folder_of(path)).map_err(file)?;
    Ok(())
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
            "smallest": found.is_smallest,
        })),
        "unchecked": report.unchecked,
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
            _ => text + &format!(": {}\n", kept_text(&report.unchecked)),
        };
    };
    text += &format!(": seed {} breaks a promise\n\n", found.seed);
    text += &broken_text(&found.broken);
    text += match (found.tried, found.is_smallest) {
        (None, _) => "\nIt did not break a second time, so the world is as it was drawn.\n",
        (Some(_), false) => "\nThe budget ended before the world was as small as can be.\n",
        (Some(_), true) => "",
    };
    text += &unchecked_text(&report.unchecked);
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
