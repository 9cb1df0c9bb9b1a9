//! `plimsoll sim fuzz`: simulates generated scenarios until a time budget is used up.

use clap::Args;

use super::text::{commit, finding_count, findings_text, rate, seed_and_version};
use crate::cli::commands::seeded::SeededArgs;
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::environment::Clock;
use crate::report::{count_with_noun, number, with_old_keys};
use crate::sim::{FuzzOptions, FuzzReport, fuzz};

/// The number of scenarios per thread in a batch. The budget is checked between batches.
const SCENARIOS_PER_BATCH: usize = 4;

/// Generates scenarios from seeds: small worlds, runs, crashes, clock jumps, deleted and restored
/// portfolios, late and corrected prices, failing phases. Each is played with all invariants and
/// compared with a reference model; then one of its runs crashes, gets a fault, and meets another
/// run, as the seed decides.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim fuzz --budget 60s
  plimsoll sim fuzz --budget 10m --seed 1000000
  plimsoll sim replay fuzz:1000017")]
pub(super) struct FuzzArgs {
    #[command(flatten)]
    seeded: SeededArgs,
}

pub(super) fn execute(context: &Context, args: &FuzzArgs) -> Result<Exit, CliError> {
    let seed = args.seeded.first_seed();
    let jobs = args.seeded.threads();
    let clock = Clock::system();
    let text = context.format() == Format::Text;
    if text {
        print(&seed_and_version(seed))?;
    }
    let mut report = FuzzReport::default();
    // At least one batch, even if the budget is zero.
    while report.scenarios == 0 || clock.elapsed() < args.seeded.budget {
        let batch = fuzz(&FuzzOptions {
            seed: seed.wrapping_add(report.scenarios as u64),
            seeds: (jobs.get() * SCENARIOS_PER_BATCH) as u64,
            jobs,
        })?;
        report.merge(batch);
    }
    if text {
        print(&as_text(&report, seed))?;
        print_stderr(&rate(report.scenarios, "scenario", clock.elapsed()));
    } else {
        let json = serde_json::json!({ "seed": seed, "commit": commit(), "fuzzed": report });
        print_json(&with_old_keys(json, &[("scenarios", "tales")]))?;
    }
    Ok(Exit::complete_if(report.findings.is_empty()))
}

fn as_text(report: &FuzzReport, seed: u64) -> String {
    let mut text = format!(
        "\n{} from seed {seed} on, {}, {} portfolio days: {}\n",
        count_with_noun(report.scenarios as u64, "scenario"),
        count_with_noun(report.runs, "run"),
        number::count(report.portfolio_days),
        finding_count(report.findings.len()),
    );
    text += &findings_text(&report.findings);
    text + &seed_and_version(seed) + "\n"
}
