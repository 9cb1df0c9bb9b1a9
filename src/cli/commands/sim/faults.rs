//! `plimsoll sim faults`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::choice::Choice;
use super::looks::{commit, findings, paragraph, rate, version};
use crate::cli::output::{Format, print, print_json, say};
use crate::cli::{CliError, Context, Exit};
use crate::environment::Clock;
use crate::report::counted;
use crate::sim::{FaultTerms, Faulted, SimError, faults, memory};
use crate::store::disk::Allocations;

/// Lets one call that a run makes of its disk go wrong, or every such call from then on: I/O
/// errors, a full disk, a quota, a failed sync whose pages are then lost, locks that others hold,
/// a disk that becomes read-only. Each call of the run, each fault that can happen to it. The run
/// may end as it likes if it says so; afterwards, with and without the power, the books must come
/// to those of the run that nothing disturbed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim faults mine.toml
  plimsoll sim faults scenarios --every 50
  plimsoll sim faults mine.toml --memory")]
pub(super) struct FaultsArgs {
    #[command(flatten)]
    choice: Choice,

    /// Try only every N-th call
    #[arg(long, value_name = "N", default_value = "1")]
    every: NonZeroUsize,

    /// Let SQLite's memory run out instead, at each allocation; one run after the other
    #[arg(long)]
    memory: bool,
}

/// What came of the runs of a scenario.
#[derive(Debug, Serialize)]
struct OfScenario {
    name: String,
    path: PathBuf,
    runs: Vec<Faulted>,
}

pub(super) fn execute(context: &Context, args: &FaultsArgs) -> Result<Exit, CliError> {
    let terms = FaultTerms {
        every: args.every,
        jobs: args.choice.jobs(),
    };
    // Before SQLite is used for the first time.
    let watched = if args.memory {
        Some(Allocations::watched().ok_or(SimError::MemoryAtWork)?)
    } else {
        None
    };
    let clock = Clock::system();
    let text = context.format() == Format::Text;
    if text {
        print(&version())?;
    }
    let mut scenarios = Vec::new();
    for found in args.choice.scenarios()? {
        let runs = args.choice.runs_of(&found)?;
        let runs = runs.iter().map(|run| match watched {
            None => faults(run, &terms),
            Some(allocations) => memory(run, allocations, terms.every),
        });
        let one = OfScenario {
            name: found.name,
            path: found.path,
            runs: runs.collect::<Result<_, _>>()?,
        };
        if text {
            let of = if args.memory { "allocation" } else { "call" };
            print(&of_scenario(&one, of))?;
        }
        scenarios.push(one);
    }
    let all = || scenarios.iter().flat_map(|one| &one.runs);
    let bad: usize = all().map(|run| run.findings.len()).sum();
    let made: usize = all().map(|run| run.runs).sum();
    if text {
        print(&format!(
            "\n{}, {}\n{}\n",
            counted(made as u64, "run"),
            match bad {
                0 => "everything held".to_owned(),
                some => counted(some as u64, "finding"),
            },
            version(),
        ))?;
        say(&rate(made, "runs", clock.running()));
    } else {
        print_json(&serde_json::json!({ "commit": commit(), "scenarios": scenarios }))?;
    }
    Ok(if bad == 0 {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

fn of_scenario(one: &OfScenario, of: &str) -> String {
    let mut text = format!("\n{}\n", one.name);
    if one.runs.is_empty() {
        text += "  has no run by our own rules\n";
    }
    for run in &one.runs {
        let ends = run.ends.iter().map(|(end, count)| format!("{count} {end}"));
        text += &format!("  step {}: {}\n", run.step, run.what);
        text += &paragraph(&format!(
            "{}, {}: {}; {}",
            counted(run.calls as u64, of),
            counted(run.runs as u64, "run"),
            ends.collect::<Vec<_>>().join(", "),
            match run.findings.len() {
                0 => "holds".to_owned(),
                some => counted(some as u64, "finding"),
            },
        ));
        text += &findings(&run.findings);
    }
    text
}
