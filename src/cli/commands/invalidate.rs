//! `plimsoll invalidate`.

use clap::Args;

use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::domain::{Day, DayRange, IdSet, Phase, PhaseSet};
use crate::engine::{EngineError, invalidate};
use crate::plan::UnknownIds;
use crate::query;
use crate::report;

/// Takes cells out of the ledger, durably and with a reason. Their old numbers stay readable
/// until the next run has done them again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll invalidate --from 2026-01-05 --to 2026-01-08 --why \"wrong closes\"
  plimsoll invalidate -p \"Tech Growth\" --phase risk \\
      --from 2026-01-05 --to 2026-01-05 --why \"new betas\"")]
pub struct InvalidateArgs {
    /// Only this portfolio, by id or exact name; repeat it for more; all active where not given
    #[arg(short, long = "portfolio", value_name = "ID")]
    portfolios: Vec<String>,

    /// The first day
    #[arg(long, value_name = "DAY")]
    from: Day,

    /// The last day
    #[arg(long, value_name = "DAY")]
    to: Day,

    /// Only this phase (snapshot, positions, exposures, risk); repeat it for more
    #[arg(long = "phase", value_name = "PHASE")]
    phases: Vec<Phase>,

    /// Why, for whoever reads it later
    #[arg(long, alias = "why", value_name = "TEXT")]
    reason: String,
}

pub(super) fn execute(context: &Context, args: &InvalidateArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    let environment = context.environment(&store)?;
    let range = DayRange::new(args.from, args.to)?;
    let scope = query::resolve_names(&store, &args.portfolios, UnknownIds::Refuse)?;
    let phases = phases(&args.phases)?;
    let settings = &context.configuration.engine;
    let now = environment.clock.now();
    let taken = store.writer()?.write(|writing| {
        invalidate(
            writing,
            &scope.scope,
            phases,
            range,
            &args.reason,
            settings,
            now,
        )
        .map_err(|error: EngineError| error)
    })?;
    let count: u64 = taken.values().map(IdSet::len).sum();
    let mut days: Vec<Day> = taken.keys().map(|(day, _)| *day).collect();
    days.dedup();
    match context.format() {
        Format::Json => print_json(&serde_json::json!({
            "taken-out": count,
            "days": days,
            "why": args.reason,
        }))?,
        Format::Text if count == 0 => print("Nothing of that is done: nothing to take out.")?,
        Format::Text => print(&format!(
            "{} taken out on {}; `plimsoll run` does them again.",
            report::count_with_noun(count, "cell phase"),
            report::count_with_noun(days.len() as u64, "session"),
        ))?,
    }
    Ok(Exit::Complete)
}

fn phases(typed: &[Phase]) -> Result<PhaseSet, CliError> {
    if typed.is_empty() {
        return Ok(PhaseSet::CELL_PHASES);
    }
    match typed
        .iter()
        .find(|phase| !PhaseSet::CELL_PHASES.contains(**phase))
    {
        Some(phase) => Err(CliError::Usage(format!(
            "`{phase}` is not done portfolio by portfolio: snapshot, positions, exposures and risk are"
        ))),
        None => Ok(typed.iter().copied().collect()),
    }
}
