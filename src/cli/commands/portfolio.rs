//! `plimsoll portfolio list|delete|restore|close|reopen`.

use clap::{Args, Subcommand};

use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::{Day, Portfolio, PortfolioKey};
use crate::invalidation::lifecycle::{LifecycleChangeError, close, delete, restore};
use crate::query;
use crate::report::{self, Palette};
use crate::store::{Store, Writer};

/// Lists portfolios and changes their lifetimes. Nothing is erased: a deleted portfolio keeps its
/// books, and the next run fills the gap of a restored one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll portfolio list
  plimsoll portfolio delete \"Small Test\"
  plimsoll portfolio restore \"Small Test\"
  plimsoll portfolio close \"Futura Test\" --on 2026-01-07")]
pub(crate) struct PortfolioArgs {
    #[command(subcommand)]
    command: PortfolioCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PortfolioCommand {
    /// List all portfolios, including deleted ones
    List,
    /// Delete a portfolio: runs skip it, and its books stay
    Delete {
        /// Portfolio, by id or exact name
        portfolio: String,
    },
    /// Restore a deleted portfolio; the next run fills its gap
    Restore {
        /// Portfolio, by id or exact name
        portfolio: String,
    },
    /// Set the last day of a portfolio
    Close {
        /// Portfolio, by id or exact name
        portfolio: String,
        /// Last day of the portfolio
        #[arg(long, value_name = "DAY")]
        on: Day,
    },
    /// Remove the last day of a portfolio
    Reopen {
        /// Portfolio, by id or exact name
        portfolio: String,
    },
}

pub(super) fn execute(context: &Context, args: &PortfolioArgs) -> Result<Exit, CliError> {
    match &args.command {
        PortfolioCommand::List => {
            let store = context.store()?;
            let portfolios = store.read(|reading| reading.portfolios().all())?;
            show(context, &store, &portfolios)?;
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
    name: &str,
    change: impl FnOnce(&mut Writer, PortfolioKey) -> Result<Portfolio, LifecycleChangeError>,
) -> Result<(), CliError> {
    let store = context.store()?;
    let portfolio = query::resolve_portfolio(&store, name)?;
    let changed = change(&mut store.writer()?, portfolio.key)?;
    show(context, &store, &[changed])
}

fn show(context: &Context, store: &Store, portfolios: &[Portfolio]) -> Result<(), CliError> {
    let now = context.environment(store)?.clock.now();
    let calendar = context.settings(store)?.calendar;
    let today = calendar.today(now);
    context.show(
        &report::portfolios_json(portfolios, &calendar, today),
        || report::portfolios_text(portfolios, &calendar, today, Palette::Colour),
    )
}
