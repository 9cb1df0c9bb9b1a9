//! `plimsoll invalidate`.

use clap::Args;

use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::{CellSelection, Day, DayRange, Phase, PhaseSet, count_ids};
use crate::invalidation::invalidate;
use crate::report;

/// Invalidates cells, durably and with a reason. Their outputs stay readable until the next run
/// has done them again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll invalidate --from 2026-01-05 --to 2026-01-08 --reason \"wrong closes\"
  plimsoll invalidate -p \"Tech Growth\" --phase risk \\
      --from 2026-01-05 --to 2026-01-05 --reason \"new betas\"")]
pub(crate) struct InvalidateArgs {
    /// Only this portfolio, by id or exact name; repeatable; all active ones by default
    #[arg(short, long = "portfolio", value_name = "ID")]
    portfolios: Vec<String>,

    /// First day of the range
    #[arg(long, value_name = "DAY")]
    from: Day,

    /// Last day of the range
    #[arg(long, value_name = "DAY")]
    to: Day,

    /// Only this phase: snapshot, positions, exposures or risk; repeatable
    #[arg(long = "phase", value_name = "PHASE")]
    phases: Vec<Phase>,

    /// Reason for the invalidation, as `explain` shows it
    // Required, but a conflicting argument lifts the requirement: that is how `--why` replaces it.
    #[arg(long, required = true, value_name = "TEXT")]
    reason: Option<String>,

    /// The old name of `--reason`. It works for one version.
    #[arg(long, hide = true, conflicts_with = "reason", value_name = "TEXT")]
    why: Option<String>,
}

pub(super) fn execute(context: &Context, args: &InvalidateArgs) -> Result<Exit, CliError> {
    let app = context.app()?;
    let (store, environment) = (&app.store, &app.environment);
    let range = DayRange::new(args.from, args.to)?;
    let scope = app.active_scope(&args.portfolios)?;
    let phases = phases(&args.phases)?;
    let reason = reason(args);
    let selection = CellSelection {
        scope: &scope,
        phases,
        range,
    };
    let remarks = app.remarks_on(&scope, range)?;
    let remarks: Vec<_> = remarks.iter().map(ToString::to_string).collect();
    let calendar = &app.settings.calendar;
    let now = environment.clock.now();
    let invalidated = (store.writer()?)
        .write(|writing| invalidate(writing, calendar, &selection, reason, now))?;
    let count = count_ids(&invalidated);
    let mut days: Vec<Day> = invalidated.keys().map(|(day, _)| *day).collect();
    days.dedup();
    if context.format() == Format::Text {
        for remark in &remarks {
            print(&format!("note: {remark}"))?;
        }
    }
    match context.format() {
        Format::Json => print_json(&serde_json::json!({
            "taken-out": count,
            "days": days,
            "why": reason,
            "remarks": remarks,
        }))?,
        Format::Text if count == 0 => {
            print("No cell of this range is done: nothing to invalidate.")?
        }
        Format::Text => print(&format!(
            "{} invalidated on {}; `plimsoll run` does them again.",
            report::count_with_noun(count, "cell phase"),
            report::count_with_noun(days.len() as u64, "session"),
        ))?,
    }
    Ok(Exit::Complete)
}

fn reason(args: &InvalidateArgs) -> &str {
    if args.why.is_some() {
        print_stderr("warning: `--why` is now `--reason`");
    }
    let reason = args.reason.as_ref().or(args.why.as_ref());
    reason.expect("clap requires one of them")
}

/// Returns the phases that were typed, all of a cell if none.
fn phases(typed: &[Phase]) -> Result<PhaseSet, CliError> {
    if typed.is_empty() {
        return Ok(PhaseSet::CELL_PHASES);
    }
    match typed
        .iter()
        .find(|phase| !PhaseSet::CELL_PHASES.contains(**phase))
    {
        Some(phase) => Err(CliError::Usage(format!(
            "phase `{phase}` is not computed per portfolio: use snapshot, positions, exposures or risk"
        ))),
        None => Ok(typed.iter().copied().collect()),
    }
}
