//! `plimsoll security list`.

use clap::{Args, Subcommand};

use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::query;
use crate::report::{self, Palette};

/// Lists securities with class, sector and multiplier, also those before they changed on a day. To
/// change them, import securities.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll security list
  plimsoll security list GOOGL")]
pub(crate) struct SecurityArgs {
    #[command(subcommand)]
    command: SecurityCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecurityCommand {
    /// List securities by symbol, with the days on which attributes changed
    List {
        /// Symbol that the security has or had; all securities if left out
        symbol: Option<String>,
    },
}

pub(super) fn execute(context: &Context, args: &SecurityArgs) -> Result<Exit, CliError> {
    match &args.command {
        SecurityCommand::List { symbol } => {
            let securities = query::securities(&context.store()?, symbol.as_deref())?;
            context.show(&securities, || {
                report::securities_text(&securities, Palette::Colour)
            })?;
        }
    }
    Ok(Exit::Complete)
}
