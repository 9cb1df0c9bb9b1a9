//! `plimsoll show PORTFOLIO`.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};

use crate::app::AppContext;
use crate::cli::output::print;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::Day;
use crate::report::{self, Palette};

/// Shows a portfolio's books: NAV, profit, return and drawdown over time, and the latest positions,
/// weights and risk, with the quality of each.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll show \"Tech Growth\"
  plimsoll show \"Tech Growth\" --as-of 2026-01-05
  plimsoll show \"Tech Growth\" --csv books > books.csv
  plimsoll show \"Tech Growth\" --csv positions > positions.csv
  plimsoll show \"Tech Growth\" --csv cash > cash.csv
  plimsoll show \"Tech Growth\" --realized --csv > gains.csv")]
pub(crate) struct ShowArgs {
    /// Portfolio, by id or exact name
    #[arg(value_name = "PORTFOLIO")]
    portfolio: String,

    /// Day of the books; the newest by default
    #[arg(long, value_name = "DAY")]
    as_of: Option<Day>,

    /// Number of last sessions to show; all by default
    #[arg(long, value_name = "N")]
    sessions: Option<NonZeroUsize>,

    /// Show the lots that were closed up to the day, with dates, proceeds, cost and gain
    #[arg(long, conflicts_with = "sessions")]
    realized: bool,

    /// Print CSV: the books or the foreign cash of each session, the positions of the day, or with
    /// --realized the closed lots
    #[arg(long, value_enum, value_name = "WHAT", num_args = 0..=1, conflicts_with = "json")]
    csv: Option<Option<Rows>>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Rows {
    /// One row per session (the default)
    Books,
    /// One row per holding of the day
    Positions,
    /// One row per session and foreign currency of cash
    Cash,
}

pub(super) fn execute(context: &Context, args: &ShowArgs) -> Result<Exit, CliError> {
    let app = context.app()?;
    if args.realized {
        return show_realized(context, args, &app);
    }
    let (portfolio, as_of, sessions) = (
        &args.portfolio,
        args.as_of,
        args.sessions.map(NonZeroUsize::get),
    );
    let Some(rows) = args.csv else {
        let shown = app.books_with_cell(portfolio, as_of, sessions)?;
        context.show(&shown, || {
            report::books_text(&shown.books, shown.cell.as_ref(), Palette::Colour)
        })?;
        return Ok(Exit::Complete);
    };
    let books = app.books(portfolio, as_of, sessions)?;
    print(&match rows {
        None | Some(Rows::Books) => report::series_csv(&books),
        Some(Rows::Positions) => report::positions_csv(&books),
        Some(Rows::Cash) => report::cash_csv(&books),
    })?;
    Ok(Exit::Complete)
}

fn show_realized(context: &Context, args: &ShowArgs, app: &AppContext) -> Result<Exit, CliError> {
    if let Some(Some(rows)) = args.csv {
        let name = match rows {
            Rows::Books => "books",
            Rows::Positions => "positions",
            Rows::Cash => "cash",
        };
        let text = format!("--csv {name} cannot be used with --realized; use --csv alone");
        return Err(CliError::Usage(text));
    }
    let realized = app.realized_gains(&args.portfolio, args.as_of)?;
    match args.csv {
        Some(_) => print(&report::realized_csv(&realized))?,
        None => context.show(&realized, || {
            report::realized_text(&realized, Palette::Colour)
        })?,
    }
    Ok(Exit::Complete)
}
