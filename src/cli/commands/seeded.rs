//! Arguments of commands that generate from seeds until a time budget is used up.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

use crate::environment::IdSource;
use crate::parallel::available_threads;

#[derive(Debug, Args)]
pub(super) struct SeededArgs {
    /// Time after which nothing new is generated
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    pub(super) budget: Duration,

    /// First seed; a random one by default
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Number of threads; all processors by default
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

impl SeededArgs {
    /// Returns the first seed: the given one, or a new random one at each call.
    pub(super) fn first_seed(&self) -> u64 {
        let random_seed = || IdSource::Random.next().as_u128() as u64 % 1_000_000_000;
        self.seed.unwrap_or_else(random_seed)
    }

    pub(super) fn threads(&self) -> NonZeroUsize {
        self.jobs.unwrap_or_else(available_threads)
    }
}
