//! `plimsoll status`.

use clap::Args;

use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::query::StatusOptions;
use crate::report::{self, Palette};

/// Shows how far each portfolio is complete: its watermark, the sessions it is behind, its open
/// cells with reasons, the grid of the last sessions, and the last run.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll status
  plimsoll status -p \"Tech Growth\" --json")]
pub(crate) struct StatusArgs {
    /// Only this portfolio, by id or exact name; repeatable
    #[arg(short, long = "portfolio", value_name = "ID")]
    portfolios: Vec<String>,
}

pub(super) fn execute(context: &Context, args: &StatusArgs) -> Result<Exit, CliError> {
    let app = context.app()?;
    let status = app.status(&app.scope(&args.portfolios)?, StatusOptions::default())?;
    context.show(&status, || report::status_text(&status, Palette::Colour))?;
    Ok(Exit::Complete)
}
