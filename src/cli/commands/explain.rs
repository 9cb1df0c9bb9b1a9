//! `plimsoll explain PORTFOLIO DAY`.

use clap::Args;

use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::Day;
use crate::report::{self, Palette};

/// Explains why a cell is or is not needed, phase by phase, with the evidence.
#[derive(Debug, Args)]
#[command(after_help = "Example: plimsoll explain \"Tech Growth\" 2026-01-07")]
pub(crate) struct ExplainArgs {
    /// Portfolio, by id or exact name
    #[arg(value_name = "PORTFOLIO")]
    portfolio: String,

    /// Day of the cell, YYYY-MM-DD
    day: Day,
}

pub(super) fn execute(context: &Context, args: &ExplainArgs) -> Result<Exit, CliError> {
    let app = context.app()?;
    let explanation = app.explain(&args.portfolio, args.day)?;
    context.show(&explanation, || {
        report::explanation_text(&explanation, &context.program(), Palette::Colour)
    })?;
    Ok(Exit::Complete)
}
