//! `plimsoll retry`.

use clap::Args;

use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::domain::{Day, DayRange};
use crate::query;
use crate::report;
use crate::store::StoreError;

/// Gives cells that failed too often another chance: the next run tries them again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll retry                              everything that failed
  plimsoll retry \"Tech Growth\" --from 2026-01-05 --to 2026-01-08")]
pub struct RetryArgs {
    /// The portfolio, by id or exact name; all where not given
    #[arg(value_name = "ID")]
    portfolio: Option<String>,

    /// The first day
    #[arg(long, value_name = "DAY")]
    from: Option<Day>,

    /// The last day
    #[arg(long, value_name = "DAY")]
    to: Option<Day>,
}

pub(super) fn execute(context: &Context, args: &RetryArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    let range = DayRange::new(args.from.unwrap_or(Day::MIN), args.to.unwrap_or(Day::MAX))?;
    let portfolio = match &args.portfolio {
        None => None,
        Some(typed) => Some(query::resolve_portfolio(&store, typed)?.id),
    };
    let forgotten = store.writer()?.write(|writing| {
        let forgotten = writing.forget_failures(portfolio, range)?;
        if forgotten > 0 {
            writing.increment_revision()?;
        }
        Ok::<_, StoreError>(forgotten)
    })?;
    match context.format() {
        Format::Json => print_json(&serde_json::json!({ "retried": forgotten }))?,
        Format::Text if forgotten == 0 => print("Nothing of that has failed: nothing to retry.")?,
        Format::Text => print(&format!(
            "another chance for {}; the next `plimsoll run` tries.",
            report::count_with_noun(forgotten as u64, "failed phase")
        ))?,
    }
    Ok(Exit::Complete)
}
