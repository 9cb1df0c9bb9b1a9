//! `plimsoll portfolio add|list|delete|restore|close|reopen`.

use clap::{Args, Subcommand};

use super::record::{Record, import_record};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::{Day, Portfolio, PortfolioKey};
use crate::import::apply::FileKind;
use crate::import::{KnownRows, Restatements};
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
  plimsoll portfolio add Alpha --inception 2026-01-05 --currency EUR
  plimsoll portfolio delete \"Small Test\"
  plimsoll portfolio restore \"Small Test\"
  plimsoll portfolio close \"Futura Test\" --on 2026-01-07")]
pub(crate) struct PortfolioArgs {
    #[command(subcommand)]
    command: PortfolioCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PortfolioCommand {
    /// Add a portfolio; docs/importing.md describes the values
    Add(AddArgs),
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

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Name of the portfolio
    name: String,
    /// First day of the portfolio
    #[arg(long, value_name = "DAY")]
    inception: String,
    /// Currency of its books [default: USD]
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Id; the name if left out
    #[arg(long)]
    id: Option<String>,
    /// Last day of the portfolio
    #[arg(long, value_name = "DAY")]
    closed: Option<String>,
    /// Lots that sales close: fifo, lifo or average [default: fifo]
    #[arg(long, value_name = "METHOD")]
    cost_basis: Option<String>,
    /// Fees of trades: expense or capitalize [default: expense]
    #[arg(long, value_name = "TREATMENT")]
    fees: Option<String>,
    /// Calendar that picks its sessions
    #[arg(long, value_name = "NAME")]
    calendar: Option<String>,
    /// Show the result without changing anything
    #[arg(long)]
    dry_run: bool,
}

impl AddArgs {
    fn import(&self, context: &Context) -> Result<Exit, CliError> {
        let fields = [
            ("name", Some(self.name.as_str())),
            ("inception", Some(self.inception.as_str())),
            ("currency", self.currency.as_deref()),
            ("id", self.id.as_deref()),
            ("closed", self.closed.as_deref()),
            ("cost_basis", self.cost_basis.as_deref()),
            ("fees", self.fees.as_deref()),
            ("calendar", self.calendar.as_deref()),
        ];
        let record = Record {
            command: "portfolio add",
            kind: FileKind::Portfolios,
            fields: &fields,
            known_rows: KnownRows::Refused,
            restatements: Restatements::Refused,
            dry_run: self.dry_run,
        };
        import_record(context, &record)
    }
}

pub(super) fn execute(context: &Context, args: &PortfolioArgs) -> Result<Exit, CliError> {
    match &args.command {
        PortfolioCommand::Add(args) => return args.import(context),
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
