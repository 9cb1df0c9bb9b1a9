//! `plimsoll runs` and `plimsoll runs show ID`.

use clap::{Args, Subcommand};

use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::query;
use crate::report::{self, Palette};

/// Lists past runs, newest first, or shows one with its counts, times, failures, warnings and
/// certificate.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  plimsoll runs                 the last twenty
  plimsoll runs show last       the newest run
  plimsoll runs show 3f9a       the run whose id starts with 3f9a"
)]
pub(crate) struct RunsArgs {
    #[command(subcommand)]
    command: Option<RunsCommand>,

    /// Number of runs to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// Show one run in detail
    Show {
        /// Id of the run, the start of an id, or `last`
        id: String,
    },
}

pub(super) fn execute(context: &Context, args: &RunsArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    match &args.command {
        None => {
            let runs = query::runs(&store, args.limit)?;
            context.show(&runs, || report::runs_text(&runs, Palette::Colour))?;
        }
        Some(RunsCommand::Show { id }) => {
            let run = query::run(&store, id)?;
            context.show(&run, || report::run_text(&run, Palette::Colour))?;
        }
    }
    Ok(Exit::Complete)
}
