//! `plimsoll sim histories`: checks generated histories until a time budget is used up.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

use super::text::{commit, finding_count, findings_text, rate, seed_and_version};
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::environment::{Clock, IdSource};
use crate::parallel::available_threads;
use crate::report::count_with_noun;
use crate::sim::{HistoryOptions, HistoryReport, histories};

/// The number of histories per thread in a batch. The budget is checked between batches.
const HISTORIES_PER_BATCH: usize = 4;

/// Generates histories of a database from seeds: files and corrections of each kind, withdrawals,
/// calendars, risk models, waiting rules, lifecycles, clocks and runs in any order. After each step
/// all cells are computed again; at the end the books are compared with those of a new database
/// that has the final sources.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim histories --budget 60s
  plimsoll sim histories --budget 10m --seed 1000000
  plimsoll sim replay history:1000017
  plimsoll sim shrink history:1000017")]
pub(super) struct HistoriesArgs {
    /// Time after which no new histories are started
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    budget: Duration,

    /// First seed; a random one by default
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Number of threads; all processors by default
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

pub(super) fn execute(context: &Context, args: &HistoriesArgs) -> Result<Exit, CliError> {
    let random_seed = || IdSource::Random.next().as_u128() as u64 % 1_000_000_000;
    let seed = args.seed.unwrap_or_else(random_seed);
    let jobs = args.jobs.unwrap_or_else(available_threads);
    let clock = Clock::system();
    let text = context.format() == Format::Text;
    if text {
        print(&seed_and_version(seed))?;
    }
    let mut report = HistoryReport::default();
    // At least one batch, even if the budget is zero.
    while report.histories == 0 || clock.elapsed() < args.budget {
        let batch = histories(&HistoryOptions {
            seed: seed.wrapping_add(report.histories as u64),
            seeds: (jobs.get() * HISTORIES_PER_BATCH) as u64,
            jobs,
        })?;
        report.merge(batch);
    }
    if text {
        print(&as_text(&report, seed))?;
        print_stderr(&rate(report.steps as usize, "step", clock.elapsed()));
    } else {
        print_json(&serde_json::json!({
            "seed": seed, "commit": commit(), "histories": report,
        }))?;
    }
    Ok(Exit::complete_if(report.findings.is_empty()))
}

fn as_text(report: &HistoryReport, seed: u64) -> String {
    let mut text = format!(
        "\n{} from seed {seed} on, {}: {}\n",
        count_with_noun(report.histories as u64, "history"),
        count_with_noun(report.steps, "step"),
        finding_count(report.findings.len()),
    );
    text += &findings_text(&report.findings);
    text + &seed_and_version(seed) + "\n"
}
