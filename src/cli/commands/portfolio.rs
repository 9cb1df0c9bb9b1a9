//! `plimsoll portfolio list|delete|restore|close|reopen`.

use clap::{Args, Subcommand};

use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::domain::{Day, Portfolio, PortfolioKey};
use crate::import::apply::{LifecycleChangeError, close, delete, restore};
use crate::query;
use crate::report::{self, Palette};
use crate::store::Writer;

/// Who there is, and who is not to be kept any more. Nothing is ever erased: a deleted portfolio
/// is left alone and keeps its books, and a restored one is filled where it was left.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll portfolio list
  plimsoll portfolio delete \"Small Test\"
  plimsoll portfolio restore \"Small Test\"
  plimsoll portfolio close \"Futura Test\" --on 2026-01-07")]
pub struct PortfolioArgs {
    #[command(subcommand)]
    command: PortfolioCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum PortfolioCommand {
    /// Everybody, deleted ones too
    List,
    /// Leave a portfolio alone from now on; its books stay
    Delete {
        /// The portfolio, by id or exact name
        portfolio: String,
    },
    /// Bring a deleted portfolio back; the next run fills its gap
    Restore {
        /// The portfolio, by id or exact name
        portfolio: String,
    },
    /// Say which day is a portfolio's last
    Close {
        /// The portfolio, by id or exact name
        portfolio: String,
        /// Its last day
        #[arg(long, value_name = "DAY")]
        on: Day,
    },
    /// Take the last day back
    Reopen {
        /// The portfolio, by id or exact name
        portfolio: String,
    },
}

pub(super) fn execute(context: &Context, args: &PortfolioArgs) -> Result<Exit, CliError> {
    match &args.command {
        PortfolioCommand::List => {
            let portfolios = context.store()?.read(|reading| reading.portfolios())?;
            show(context, &portfolios)?;
        }
        PortfolioCommand::Delete { portfolio } => {
            let store = context.store()?;
            let now = context.environment(&store)?.clock.now();
            change(context, portfolio, |writer, key| delete(writer, key, now))?;
        }
        PortfolioCommand::Restore { portfolio } => change(context, portfolio, restore)?,
        PortfolioCommand::Close { portfolio, on } => {
            change(context, portfolio, |writer, key| {
                close(writer, key, Some(*on))
            })?;
        }
        PortfolioCommand::Reopen { portfolio } => {
            change(context, portfolio, |writer, key| close(writer, key, None))?;
        }
    }
    Ok(Exit::Complete)
}

fn change(
    context: &Context,
    typed: &str,
    change: impl FnOnce(&mut Writer, PortfolioKey) -> Result<Portfolio, LifecycleChangeError>,
) -> Result<(), CliError> {
    let store = context.store()?;
    let portfolio = query::resolve_portfolio(&store, typed)?;
    let changed = change(&mut store.writer()?, portfolio.key)?;
    show(context, &[changed])
}

fn show(context: &Context, portfolios: &[Portfolio]) -> Result<(), CliError> {
    match context.format() {
        Format::Json => print_json(&report::portfolios_json(portfolios)),
        Format::Text => print(&report::portfolios_text(portfolios, Palette::Colour)),
    }
}
