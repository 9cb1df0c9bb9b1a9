//! `plimsoll plan`: shows what a run would do. Read-only.

use clap::Args;

use super::selection::{Selection, warn_unknown_portfolio};
use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::query::{Grid, StatusOptions};
use crate::report::{self, Palette};

/// Shows what a run would do, cell by cell and in numbers, with the plan's id. It writes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll plan                             the next nightly run
  plimsoll plan --policy global-max         the job of the incident
  plimsoll plan -p \"Tech Growth\" --json     JSON for programs")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    selection: Selection,
}

pub(super) fn execute(context: &Context, args: &PlanArgs) -> Result<Exit, CliError> {
    let app = context.app()?;
    let preview = app.preview(&args.selection.spec())?;
    for name in &preview.unknown {
        warn_unknown_portfolio(name);
    }
    let names = preview.names(&app)?;
    let command = args.selection.command(&context.program());
    let (plan, report) = (&preview.plan, preview.report(&names, &command));
    match context.format() {
        Format::Json => print_json(&report.to_json())?,
        Format::Text => {
            print(&report.to_text(Palette::Colour))?;
            if !plan.is_empty() {
                let sessions = StatusOptions::default().sessions;
                let grid = Grid::from_plan(plan, names.portfolio_names(), sessions);
                print(&format!("\n{}", report::grid_text(&grid, Palette::Colour)))?;
            }
        }
    }
    Ok(Exit::Complete)
}
