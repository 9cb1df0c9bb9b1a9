//! `plimsoll sim pair`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::choice::Choice;
use super::looks::{commit, findings, identity, paragraph, rate};
use crate::cli::output::{Format, print, print_json, say};
use crate::cli::{CliError, Context, Exit};
use crate::environment::Clock;
use crate::report::counted;
use crate::sim::{PairTerms, Paired, pair};

/// Two runs at once on one disk, switched at every so many calls, as a seed says. In every other
/// pair one stands still in the middle, its lease ends, the other takes over, and the first wakes
/// up again. Together they must do what one alone does, each cell once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim pair mine.toml
  plimsoll sim pair mine.toml --seed 100 --seeds 5000")]
pub(super) struct PairArgs {
    #[command(flatten)]
    choice: Choice,

    /// How many pairs, each with a seed of its own, from --seed on
    #[arg(long, value_name = "N", default_value_t = 200)]
    seeds: u32,
}

/// What came of the runs of a scenario.
#[derive(Debug, Serialize)]
struct OfScenario {
    name: String,
    path: PathBuf,
    runs: Vec<Paired>,
}

pub(super) fn execute(context: &Context, args: &PairArgs) -> Result<Exit, CliError> {
    let terms = PairTerms {
        seed: args.choice.seed,
        seeds: args.seeds,
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
        let runs = runs.iter().map(|run| pair(run, &terms));
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
    let bad: usize = all().map(|run| run.findings.len()).sum();
    let made: usize = all().map(|run| run.pairs).sum();
    if text {
        print(&format!(
            "\n{}, {}\n{}\n",
            counted(made as u64, "pair"),
            match bad {
                0 => "everything held".to_owned(),
                some => counted(some as u64, "finding"),
            },
            identity(terms.seed),
        ))?;
        say(&rate(made, "pairs", clock.running()));
    } else {
        print_json(&serde_json::json!({
            "seed": terms.seed, "commit": commit(), "scenarios": scenarios,
        }))?;
    }
    Ok(if bad == 0 {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

fn of_scenario(one: &OfScenario) -> String {
    let mut text = format!("\n{}\n", one.name);
    if one.runs.is_empty() {
        text += "  has no run by our own rules\n";
    }
    for run in &one.runs {
        let ends = run.ends.iter().map(|(end, count)| format!("{count} {end}"));
        text += &format!("  step {}: {}\n", run.step, run.what);
        text += &paragraph(&format!(
            "{}, {}: {}; {}",
            counted(run.pairs as u64, "pair"),
            counted(run.orders as u64, "order"),
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
