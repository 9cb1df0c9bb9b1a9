//! `plimsoll check`.

use clap::Args;

use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::query;
use crate::report::{self, Palette};

/// A watchdog for cron and similar: ends with 1 if a portfolio is further behind the last final
/// session than allowed. It only reads, and detects runs that never started, because the calendar
/// and the clock decide which sessions are due.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll check --max-lag 1
  plimsoll check --max-lag 0 -p \"Tech Growth\" --json
  plimsoll check --max-lag 1 || mail -s \"books are behind\" me@example.com")]
pub(crate) struct CheckArgs {
    /// Number of sessions that a portfolio may be behind
    #[arg(long, value_name = "SESSIONS", default_value_t = 1)]
    max_lag: usize,

    /// Only this portfolio, by id or exact name; repeatable
    #[arg(short, long = "portfolio", value_name = "ID")]
    portfolios: Vec<String>,
}

pub(super) fn execute(context: &Context, args: &CheckArgs) -> Result<Exit, CliError> {
    let app = context.app()?;
    let scope = app.scope(&args.portfolios)?;
    let (settings, environment) = (&app.settings, &app.environment);
    let lag = query::lag(&app.store, settings, environment, &scope, args.max_lag)?;
    context.show(&lag, || report::sessions_behind_text(&lag, Palette::Colour))?;
    Ok(Exit::complete_if(lag.is_within()))
}
