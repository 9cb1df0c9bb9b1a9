//! `plimsoll sim fuzz`.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

use super::text::{commit, findings_text, rate, seed_and_version};
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{CliError, Context, Exit};
use crate::environment::{Clock, IdSource};
use crate::parallel::available_threads;
use crate::report::{count_with_noun, number, with_old_keys};
use crate::sim::{FuzzOptions, FuzzReport, fuzz};

/// How many tales a thread tells between two looks at the clock.
const SCENARIOS_PER_BATCH: usize = 4;

/// Draws tales from seeds: small worlds, runs, crashes, clocks that jump, portfolios that are
/// deleted and come back, late and corrected prices, phases that fail. Each is played with every
/// invariant and held against a twin that counts day by day; then one of its runs crashes, fails
/// and meets another as drawn.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim fuzz --budget 60s
  plimsoll sim fuzz --budget 10m --seed 1000000
  plimsoll sim replay fuzz:1000017")]
pub(super) struct FuzzArgs {
    /// For how long
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    budget: Duration,

    /// The first seed; a new one each time where not given
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// How many threads; all processors where not given
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

pub(super) fn execute(context: &Context, args: &FuzzArgs) -> Result<Exit, CliError> {
    let drawn = || IdSource::Random.next().as_u128() as u64 % 1_000_000_000;
    let seed = args.seed.unwrap_or_else(drawn);
    let jobs = args.jobs.unwrap_or_else(available_threads);
    let clock = Clock::system();
    let text = context.format() == Format::Text;
    if text {
        print(&seed_and_version(seed))?;
    }
    let mut all = FuzzReport::default();
    while all.scenarios == 0 || clock.elapsed() < args.budget {
        let more = fuzz(&FuzzOptions {
            seed: seed.wrapping_add(all.scenarios as u64),
            seeds: (jobs.get() * SCENARIOS_PER_BATCH) as u64,
            jobs,
        })?;
        all.merge(more);
    }
    if text {
        print(&as_text(&all, seed))?;
        print_stderr(&rate(all.scenarios, "tale", clock.elapsed()));
    } else {
        let json = serde_json::json!({ "seed": seed, "commit": commit(), "fuzzed": all });
        print_json(&with_old_keys(json, &[("scenarios", "tales")]))?;
    }
    Ok(if all.findings.is_empty() {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

fn as_text(all: &FuzzReport, seed: u64) -> String {
    let mut text = format!(
        "\n{} from seed {seed} on, {}, {} of portfolios kept: {}\n",
        count_with_noun(all.scenarios as u64, "tale"),
        count_with_noun(all.runs, "run"),
        format_args!("{} days", number::count(all.portfolio_days)),
        match all.findings.len() {
            0 => "everything held".to_owned(),
            some => count_with_noun(some as u64, "finding"),
        },
    );
    text += &findings_text(&all.findings);
    text + &seed_and_version(seed) + "\n"
}
