//! `plimsoll sim histories`: checks generated histories until a time budget is used up.

use clap::Args;

use super::text::{commit, finding_count, findings_text, rate, seed_and_version};
use crate::cli::commands::seeded::SeededArgs;
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::environment::Clock;
use crate::report::{count_with_noun, number};
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
    #[command(flatten)]
    seeded: SeededArgs,
}

pub(super) fn execute(context: &Context, args: &HistoriesArgs) -> Result<Exit, CliError> {
    let seed = args.seeded.first_seed();
    let jobs = args.seeded.threads();
    let clock = Clock::system();
    let text = context.format() == Format::Text;
    if text {
        print(&seed_and_version(seed))?;
    }
    let mut report = HistoryReport::default();
    // At least one batch, even if the budget is zero.
    while report.histories == 0 || clock.elapsed() < args.seeded.budget {
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
        "\n{} from seed {seed} on, {}, {} compared with a rebuilt database: {}\n",
        count_with_noun(report.histories as u64, "history"),
        count_with_noun(report.steps, "step"),
        number::count(report.compared as u64),
        finding_count(report.findings.len()),
    );
    text += &findings_text(&report.findings);
    text + &seed_and_version(seed) + "\n"
}
