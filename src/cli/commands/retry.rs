//! `plimsoll retry`.

use clap::Args;

use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::{Day, DayRange};
use crate::query;
use crate::report;
use crate::store::StoreError;

/// Releases cells that failed too often: the next run tries them again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll retry                              all failed cells
  plimsoll retry \"Tech Growth\" --from 2026-01-05 --to 2026-01-08")]
pub(crate) struct RetryArgs {
    /// Portfolio, by id or exact name; all by default
    #[arg(value_name = "ID")]
    portfolio: Option<String>,

    /// First day of the range; no limit by default
    #[arg(long, value_name = "DAY")]
    from: Option<Day>,

    /// Last day of the range; no limit by default
    #[arg(long, value_name = "DAY")]
    to: Option<Day>,
}

pub(super) fn execute(context: &Context, args: &RetryArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    let range = DayRange::new(args.from.unwrap_or(Day::MIN), args.to.unwrap_or(Day::MAX))?;
    let portfolio = match &args.portfolio {
        None => None,
        Some(name) => Some(query::resolve_portfolio(&store, name)?.id),
    };
    let released = store.writer()?.write(|writing| {
        let released = writing.failures().forget_range(portfolio, range)?;
        if released > 0 {
            writing.increment_revision()?;
        }
        Ok::<_, StoreError>(released)
    })?;
    match context.format() {
        Format::Json => print_json(&serde_json::json!({ "retried": released }))?,
        Format::Text if released == 0 => {
            print("No cell of this range has failed: nothing to retry.")?
        }
        Format::Text => print(&format!(
            "released {}; the next `plimsoll run` tries again.",
            report::count_with_noun(released as u64, "failed phase")
        ))?,
    }
    Ok(Exit::Complete)
}
