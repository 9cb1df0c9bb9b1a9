//! `plimsoll scenario compare`.

use std::io;
use std::path::PathBuf;

use clap::Args;

use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::report::{Palette, with_old_keys};
use crate::scenario::compare::{compare, comparison_text};
use crate::scenario::suite::Case;

/// Plays a scenario under every policy and compares the processed cells, the cells left behind, and
/// the redundant work.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: plimsoll scenario compare scenarios/incident/the_bug.toml")]
pub(super) struct CompareArgs {
    /// Scenario, or fixture, which gets one ordinary run
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

pub(super) fn execute(context: &Context, args: &CompareArgs) -> Result<Exit, CliError> {
    let case = Case::read(&args.path)?;
    let compared = compare(&case.scenario)?;
    match context.format() {
        Format::Json => {
            let json = serde_json::to_value(&compared).map_err(io::Error::from)?;
            print_json(&with_old_keys(json, &[("redundant", "in-vain")]))?;
        }
        Format::Text => print(&comparison_text(&compared, Palette::Colour))?,
    }
    Ok(Exit::Complete)
}
