//! `plimsoll sim explore`.

use clap::Args;
use serde::Serialize;

use super::choice::Choice;
use super::looks::{commit, findings, identity, paragraph, rate};
use crate::cli::output::{Format, print, print_json, say};
use crate::cli::{CliError, Context, Exit};
use crate::environment::Clock;
use crate::report::counted;
use crate::sim::{Crashes, ExploreTerms, Explored, Extent, explore};

/// Records what a run does to its disk, and lets it crash after every single operation. For each
/// such point it makes the disks that could be found: the process killed, the power cut, names
/// without content, every part of what was not yet synced, writes torn at 512 bytes. Each is
/// opened, recovered, proven, made complete by the next run, and compared row by row with the run
/// that nothing disturbed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim explore mine.toml
  plimsoll sim explore scenarios --seed 7 --samples 64
  plimsoll sim explore mine.toml --step 2 --twice --json")]
pub(super) struct ExploreArgs {
    #[command(flatten)]
    choice: Choice,

    /// Up to how many unsynced operations every subset of them is looked at
    #[arg(long, value_name = "N", default_value_t = 6,
          value_parser = clap::value_parser!(u16).range(0..=14))]
    subsets: u16,

    /// How many subsets are drawn where there are more
    #[arg(long, value_name = "N", default_value_t = 8)]
    samples: u16,

    /// Let each recovery of a killed process and of a power cut crash too, at every point
    #[arg(long)]
    twice: bool,
}

/// What came of the runs of a scenario.
#[derive(Debug, Serialize)]
struct OfScenario {
    name: String,
    path: std::path::PathBuf,
    runs: Vec<Explored>,
}

pub(super) fn execute(context: &Context, args: &ExploreArgs) -> Result<Exit, CliError> {
    let terms = ExploreTerms {
        seed: args.choice.seed,
        extent: Extent {
            exhaustive: args.subsets,
            samples: args.samples,
        },
        crashes: if args.twice {
            Crashes::Twice
        } else {
            Crashes::Once
        },
        jobs: args.choice.jobs(),
    };
    let clock = Clock::system();
    let text = context.format() == Format::Text;
    if text {
        print(&identity(terms.seed))?;
    }
    let mut scenarios = Vec::new();
    for found in args.choice.scenarios()? {
        let runs = args.choice.runs_of(&found)?;
        let runs = runs.iter().map(|run| explore(run, &terms));
        let one = OfScenario {
            name: found.name,
            path: found.path,
            runs: runs.collect::<Result<_, _>>()?,
        };
        if text {
            print(&of_scenario(&one))?;
        }
        scenarios.push(one);
    }
    let all = || scenarios.iter().flat_map(|one| &one.runs);
    let bad = all().any(|run| !run.findings.is_empty());
    if text {
        print(&summary(all(), terms.seed))?;
        let images = all().map(|run| run.images).sum();
        say(&rate(images, "images", clock.running()));
    } else {
        print_json(&serde_json::json!({
            "seed": terms.seed, "commit": commit(), "scenarios": scenarios,
        }))?;
    }
    Ok(if bad {
        Exit::Incomplete
    } else {
        Exit::Complete
    })
}

fn of_scenario(one: &OfScenario) -> String {
    let mut text = format!("\n{}\n", one.name);
    if one.runs.is_empty() {
        text += "  has no run by our own rules\n";
    }
    for run in &one.runs {
        text += &format!("  step {}: {}\n", run.step, run.what);
        text += &paragraph(&format!(
            "{} (log {}), {} of {}, {} on {}: {}",
            counted(run.operations as u64, "operation"),
            run.log,
            counted(run.different as u64, "different disk"),
            counted(run.images as u64, "image"),
            counted(run.states as u64, "state"),
            counted(run.recovered as u64, "recovered disk"),
            match run.findings.len() {
                0 => "holds".to_owned(),
                some => counted(some as u64, "finding"),
            },
        ));
        text += &findings(&run.findings);
    }
    text
}

fn summary<'r>(runs: impl Iterator<Item = &'r Explored>, seed: u64) -> String {
    let (mut count, mut images, mut bad) = (0, 0, 0);
    for run in runs {
        count += 1;
        images += run.images as u64;
        bad += run.findings.len() as u64;
    }
    format!(
        "\n{}, {}, {}\n{}\n",
        counted(count, "run"),
        counted(images, "image"),
        match bad {
            0 => "everything held".to_owned(),
            some => counted(some, "finding"),
        },
        identity(seed),
    )
}
