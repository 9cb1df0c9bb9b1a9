//! `plimsoll replay FIXTURE`.

use std::path::PathBuf;

use clap::Args;

use crate::capture::replay;
use crate::cli::progress::Meter;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::report::{self, Palette};
use crate::scenario::world::World;

/// The number of sessions in the grids.
const SESSIONS: usize = 6;

/// Replays every policy on a state: the cells that it leaves behind, its redundant work, the rule
/// that causes them, and the result of further nights. The nights are real runs, one per session,
/// in a scratch database; the configured database is not touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll replay fixtures/jan_8_production.toml
  plimsoll replay jan_8.toml --nights 10
  plimsoll replay jan_8.toml --json")]
pub(crate) struct ReplayArgs {
    /// World file, as `plimsoll capture` or a person writes it
    #[arg(value_name = "FIXTURE")]
    fixture: PathBuf,

    /// Number of nights that each policy runs
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
    let on_progress = |progress: &_| meter.show(progress);
    let replayed = replay(
        &world,
        nights,
        SESSIONS,
        settings,
        scratch.path(),
        &on_progress,
    );
    meter.finish();
    let replayed = replayed.map_err(CliError::Replay)?;
    context.show(&report::replay_json(&replayed), || {
        report::replay_text(&replayed, Palette::Colour)
    })?;
    Ok(Exit::Complete)
}
