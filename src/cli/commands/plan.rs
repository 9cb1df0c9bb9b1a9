//! `plimsoll plan`: shows what a run would do. Read-only.

use clap::Args;

use super::selection::Selection;
use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::engine::{RunRequest, preview_plan, survey};
use crate::plan::watermarks;
use crate::query::{DisplayNames, Grid, StatusOptions};
use crate::report::{self, Names, Palette, PlanReport};

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
    let store = context.store()?;
    let environment = context.environment(&store)?;
    let selected = args.selection.resolve(context, &store)?;
    let settings = &context.configuration.engine;
    let now = environment.clock.now();
    let surveyed = store.read(|reading| survey(reading, &selected.request, settings, now))?;
    let run_request = RunRequest {
        force: selected.force,
        ..RunRequest::new(selected.request, selected.scope.label)
    };
    let plan = preview_plan(&surveyed, &run_request)?;
    let marks = watermarks(&surveyed.survey, &plan.scope, plan.target.day);
    let names = Names::from(DisplayNames::for_plan(
        &store,
        &plan,
        &marks.scope_watermark(),
    )?);
    let command = args.selection.command(&context.program());
    let report = PlanReport {
        plan: &plan,
        watermark: &marks.scope_watermark(),
        invalidations: &surveyed.survey.invalidations,
        names: &names,
        command: &command,
    };
    match context.format() {
        Format::Json => print_json(&report.to_json())?,
        Format::Text => {
            print(&report.to_text(Palette::Colour))?;
            if !plan.is_empty() {
                let grid = Grid::from_plan(
                    &plan,
                    names.portfolio_names(),
                    StatusOptions::default().sessions,
                );
                print(&format!("\n{}", report::grid_text(&grid, Palette::Colour)))?;
            }
        }
    }
    Ok(Exit::Complete)
}
