//! `plimsoll check`.

use clap::Args;

use super::foreign_source::ForeignSourceArgs;
use crate::capture::CaptureTime;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::environment::Environment;
use crate::query::{self, ConcernLimits, Lag};
use crate::report::{self, Palette};

/// A watchdog for cron and similar: ends with 1 if a portfolio is further behind the last final
/// session than allowed, or if another state needs attention, such as a quarantined cell or a refused
/// file. It only reads, and detects runs that never started, because the calendar and the clock
/// decide which sessions are due. With --from-postgres, --from-sqlite or --from-csv it watches the
/// tables of another program, which know nothing of prices and failures.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll check --max-lag 1
  plimsoll check --max-stale 3
  plimsoll check --max-lag 0 -p \"Tech Growth\" --json
  plimsoll check --from-postgres --map map.toml --max-lag 1
  plimsoll check --max-lag 1 || mail -s \"books are behind\" me@example.com")]
pub(crate) struct CheckArgs {
    /// Number of sessions that a portfolio may be behind; by default `max-lag` of `[alerts]`, or 1
    #[arg(long, value_name = "SESSIONS")]
    max_lag: Option<usize>,

    /// Number of sessions that a price or rate may be old; by default `max-stale` of `[alerts]`, or
    /// `dead-after` of `[prices]`
    #[arg(long, value_name = "SESSIONS", conflicts_with = "source")]
    max_stale: Option<usize>,

    /// Number of days that the last `plimsoll verify` may be old; by default `max-verify-age` of
    /// `[alerts]`, or any
    #[arg(long, value_name = "DAYS", conflicts_with = "source")]
    max_verify_age: Option<u32>,

    /// Pass even if no portfolio is active or has begun, instead of ending with 3
    #[arg(long)]
    allow_empty: bool,

    /// Only this portfolio, by id or exact name; repeatable
    #[arg(short, long = "portfolio", value_name = "ID")]
    portfolios: Vec<String>,

    #[command(flatten)]
    foreign: ForeignSourceArgs,
}

impl CheckArgs {
    /// Returns the configured limits, with those of the command line in their places.
    fn limits(&self, configured: ConcernLimits) -> ConcernLimits {
        // The pattern names every field, so that a new limit is a compile error until it has a flag.
        let ConcernLimits {
            max_lag,
            max_stale,
            max_verify_age,
        } = configured;
        ConcernLimits {
            max_lag: self.max_lag.unwrap_or(max_lag),
            max_stale: self.max_stale.unwrap_or(max_stale),
            max_verify_age: self.max_verify_age.or(max_verify_age),
        }
    }
}

pub(super) fn execute(context: &Context, args: &CheckArgs) -> Result<Exit, CliError> {
    let now = Environment::system(context.global.now).clock.now();
    let mut lag = match args.foreign.capture(context, CaptureTime::At(now))? {
        None => own_lag(context, args)?,
        Some(state) => {
            let max_lag = args.limits(context.limits()).max_lag;
            state.to_foreign_books()?.lag(&args.portfolios, max_lag)?
        }
    };
    if args.allow_empty {
        lag = lag.allowing_empty();
    }
    context.show(&lag, || report::sessions_behind_text(&lag, Palette::Colour))?;
    // A check that found nothing to check is refused: it must not pass, and no cell is late.
    Ok(match lag.is_empty() {
        true => Exit::Refused,
        false => Exit::complete_if(lag.is_good()),
    })
}

/// Measures how far the books of the database are behind.
fn own_lag(context: &Context, args: &CheckArgs) -> Result<Lag, CliError> {
    let app = context.app()?;
    let scope = app.scope(&args.portfolios)?;
    let (settings, environment) = (&app.settings, &app.environment);
    let mut inputs = app.concern_inputs();
    inputs.limits = args.limits(inputs.limits);
    Ok(query::lag(
        &app.store,
        settings,
        environment,
        &scope,
        &inputs,
    )?)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: CheckArgs,
    }

    #[test]
    fn each_flag_overrides_only_the_limit_that_it_names() {
        let configured = ConcernLimits {
            max_lag: 1,
            max_stale: 2,
            max_verify_age: Some(3),
        };
        let with = |words: &[&str]| {
            let words = [&["check"], words].concat();
            Command::parse_from(words).args.limits(configured)
        };
        assert_eq!(with(&[]), configured);
        let max_lag = 9;
        let expected = ConcernLimits {
            max_lag,
            ..configured
        };
        assert_eq!(with(&["--max-lag", "9"]), expected);
        let max_stale = 9;
        let expected = ConcernLimits {
            max_stale,
            ..configured
        };
        assert_eq!(with(&["--max-stale", "9"]), expected);
        let max_verify_age = Some(9);
        let expected = ConcernLimits {
            max_verify_age,
            ..configured
        };
        assert_eq!(with(&["--max-verify-age", "9"]), expected);
    }
}
