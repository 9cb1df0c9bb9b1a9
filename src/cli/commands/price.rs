//! `plimsoll price delete|history|missing|fetch`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::author::AuthorArgs;
use super::run::Terminal;
use crate::app::{FetchOutcome, RequestedCloses, RunSurface};
use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::{Day, DayRange};
use crate::import::apply::delete_closes;
use crate::query;
use crate::report::{self, Palette};

/// Deletes closes, shows which were corrected, deleted or are missing, or fetches these. To replace a
/// close, import it again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll price delete AAPL --from 2026-01-09 --to 2026-01-09 \\
      --reason \"close of another share\"
  plimsoll price history AAPL
  plimsoll price missing                     what the next request asks for
  plimsoll price missing --lines | python3 prices/vendor.py
                                             try a command by hand
  plimsoll price fetch                       ask the configured command now")]
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
    /// List the closes that are missing and that the next run requests
    Missing {
        /// Print the request as the configured command reads it, a JSON object a line
        #[arg(long, conflicts_with = "json")]
        lines: bool,
    },
    /// Ask the configured command for the missing closes, and import its answer
    Fetch {
        /// Request also the closes that had no answer in the last week
        #[arg(long)]
        all: bool,
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
        PriceCommand::Missing { lines } => {
            let missing = context.app()?.missing_prices()?;
            if *lines {
                // Without a missing close there is no line, not an empty one.
                if !missing.requested.is_empty() {
                    print(report::price_request_lines(&missing.requested).trim_end())?;
                }
            } else {
                context.show(&missing, || {
                    report::missing_prices_text(&missing, Palette::Colour)
                })?;
            }
        }
        PriceCommand::Fetch { all } => return fetch(context, *all),
    }
    Ok(Exit::Complete)
}

/// Asks the configured command. Ctrl-C ends the command and the processes that it started.
fn fetch(context: &Context, all: bool) -> Result<Exit, CliError> {
    let app = context.app()?;
    let which = match all {
        true => RequestedCloses::All,
        false => RequestedCloses::Open,
    };
    let terminal = Terminal::new(context, &app);
    let Some(fetched) = app.fetch_prices(which, terminal.cancel())? else {
        return Err(CliError::NoPriceCommand);
    };
    match context.format() {
        Format::Json => {
            let failure = match &fetched.outcome {
                FetchOutcome::Failed(failed) => Some(failed.to_string()),
                FetchOutcome::Answered(file) => file.first_error(),
                _ => None,
            };
            print_json(&json!({
                "outcome": fetched.name(),
                "symbols": fetched.symbols,
                "requested": fetched.requested,
                "received": fetched.received,
                "left-out": fetched.refused_symbols,
                "error": failure,
            }))?;
        }
        Format::Text => print(&fetched.to_string())?,
    }
    Ok(match fetched.has_failed() {
        true => Exit::Incomplete,
        false => Exit::Complete,
    })
}
