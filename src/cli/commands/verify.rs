//! `plimsoll verify`.

use clap::Args;

use crate::app::record_verification;
use crate::cli::output::print_stderr;
use crate::cli::progress::Meter;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::query::{self, Sample};
use crate::report::{self, Palette};
use crate::store::StoreError;

/// Verifies the database from its rows: ledger and outputs agree, identities hold, and a sample of
/// the cells (or all), recomputed from the sources, has the same bytes. Records the result: damage
/// is shown by `status` and `check` until a verification finds none.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll verify
  plimsoll verify --all")]
pub(crate) struct VerifyArgs {
    /// Recompute all cells instead of a sample
    #[arg(long, conflicts_with = "sample")]
    all: bool,

    /// Number of cells to recompute; the choice is the same each time
    #[arg(long, value_name = "CELLS", default_value_t = 200)]
    sample: usize,
}

pub(super) fn execute(context: &Context, args: &VerifyArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    let environment = context.environment(&store)?;
    let sample = if args.all {
        Sample::All
    } else {
        Sample::Count {
            cells: args.sample,
            seed: 0,
        }
    };
    let meter = Meter::new(context);
    let settings = context.settings_beside_damage(&store)?;
    let verification = query::verify(&store, &settings, &environment, sample, &|progress| {
        meter.show_verification(progress)
    });
    meter.finish();
    let verification = verification?;
    if let Err(error) = record_verification(&store, &environment, &verification, sample) {
        // Of a database that may only be read, such as a backup, the result is only printed.
        let is_read_only = matches!(error, StoreError::ReadOnly { .. });
        if !(is_read_only && verification.is_undamaged()) {
            print_stderr(&format!("warning: the result is not recorded: {error}"));
        }
    }
    context.show(&verification, || {
        report::verification_text(&verification, &context.program(), Palette::Colour)
    })?;
    Ok(Exit::complete_if(verification.holds()))
}
