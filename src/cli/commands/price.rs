//! `plimsoll price delete|history`.

use clap::{Args, Subcommand};

use super::author::AuthorArgs;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::{Day, DayRange};
use crate::import::apply::delete_closes;
use crate::query;
use crate::report::{self, Palette};

/// Deletes closes, or shows which were corrected or deleted. To replace a close, import it again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll price delete AAPL --from 2026-01-09 --to 2026-01-09 \\
      --reason \"close of another share\"
  plimsoll price history AAPL")]
pub(crate) struct PriceArgs {
    #[command(subcommand)]
    command: PriceCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PriceCommand {
    /// Delete the closes of a security in a range of days
    Delete {
        /// Symbol of the security
        symbol: String,
        /// First day of the range
        #[arg(long, value_name = "DAY")]
        from: Day,
        /// Last day of the range
        #[arg(long, value_name = "DAY")]
        to: Day,
        #[command(flatten)]
        author: AuthorArgs,
    },
    /// Show the closes of a security that were corrected or deleted
    History {
        /// Symbol of the security
        symbol: String,
    },
}

pub(super) fn execute(context: &Context, args: &PriceArgs) -> Result<Exit, CliError> {
    match &args.command {
        PriceCommand::Delete {
            symbol,
            from,
            to,
            author,
        } => {
            let days = DayRange::new(*from, *to)?;
            let app = context.app()?;
            let mut writer = app.store.writer()?;
            let author = author.attribution();
            let import_context = app.import_context();
            let deleted = delete_closes(&mut writer, symbol, days, &author, &import_context)?;
            context.show(&report::deleted_closes_json(symbol, &deleted), || {
                report::deleted_closes_text(symbol, &deleted, Palette::Colour)
            })?;
        }
        PriceCommand::History { symbol } => {
            let changes = query::close_history(&context.store()?, symbol)?;
            context.show(&changes, || {
                report::close_history_text(symbol, &changes, Palette::Colour)
            })?;
        }
    }
    Ok(Exit::Complete)
}
