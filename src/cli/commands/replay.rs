//! `plimsoll replay FIXTURE`.

use std::path::PathBuf;

use clap::Args;

use crate::capture::replay;
use crate::cli::output::{Format, print, print_json};
use crate::cli::progress::Meter;
use crate::cli::{CliError, Context, Exit};
use crate::report::{self, Palette};
use crate::scenario::world::World;

/// How many sessions the grids show.
const SESSIONS: usize = 6;

/// Replays every policy on a state: whom it would leave behind, what it would do in vain, which
/// of its rules is to blame, and what nights of it lead to. The nights are really run, one
/// session after the other, in a scratch database; the database that is configured is not
/// touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll replay fixtures/jan_8_production.toml
  plimsoll replay jan_8.toml --nights 10
  plimsoll replay jan_8.toml --json")]
pub struct ReplayArgs {
    /// The state: a world, as `plimsoll capture` writes it or by hand
    #[arg(value_name = "FIXTURE")]
    fixture: PathBuf,

    /// How many nights each policy is run
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=250))]
    nights: u16,
}

pub(super) fn execute(context: &Context, args: &ReplayArgs) -> Result<Exit, CliError> {
    let file = |source| CliError::File {
        path: args.fixture.clone(),
        source,
    };
    let mut world = World::read(&std::fs::read_to_string(&args.fixture).map_err(file)?)?;
    if let Some(now) = context.global.now {
        world.now = now;
    }
    let scratch = tempfile::tempdir().map_err(|source| CliError::File {
        path: std::env::temp_dir(),
        source,
    })?;
    let meter = Meter::new(context);
    let settings = &context.configuration.engine;
    let nights = usize::from(args.nights);
    let told = |progress: &_| meter.show(progress);
    let replayed = replay(&world, nights, SESSIONS, settings, scratch.path(), &told);
    meter.finish();
    let replayed = replayed.map_err(CliError::Replay)?;
    match context.format() {
        Format::Json => print_json(&report::replay_json(&replayed))?,
        Format::Text => print(&report::replay_text(&replayed, Palette::Colour))?,
    }
    Ok(Exit::Complete)
}
