//! `plimsoll runs` and `plimsoll runs show ID`.

use clap::{Args, Subcommand};

use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::query;
use crate::report::{self, Palette};

/// The history of runs, newest first; or one run with its counts, times, failures, warnings and
/// certificate.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  plimsoll runs                 the last twenty
  plimsoll runs show last       the newest
  plimsoll runs show 3f9a       the one whose id starts so"
)]
pub struct RunsArgs {
    #[command(subcommand)]
    command: Option<RunsCommand>,

    /// How many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
}

/// What to see of the history.
#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// One run
    Show {
        /// Its id, the start of it, or `last`
        id: String,
    },
}

pub(super) fn execute(context: &Context, args: &RunsArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    match &args.command {
        None => {
            let runs = query::runs(&store, args.limit)?;
            match context.format() {
                Format::Json => print_json(&runs)?,
                Format::Text => print(&report::runs_text(&runs, Palette::Colour))?,
            }
        }
        Some(RunsCommand::Show { id }) => {
            let run = query::run(&store, id)?;
            match context.format() {
                Format::Json => print_json(&run)?,
                Format::Text => print(&report::run_text(&run, Palette::Colour))?,
            }
        }
    }
    Ok(Exit::Complete)
}
