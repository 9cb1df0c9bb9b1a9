//! `plimsoll repair`.

use clap::Args;

use crate::app::repair;
use crate::cli::progress::Meter;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::count_ids;
use crate::report::{self, Palette};

/// Verifies the database, and fixes what follows from the sources: it removes damaged outputs from
/// the ledger, so that the next run computes them again, and rebuilds the lifecycle index.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll repair && plimsoll run
  plimsoll repair --accept-changes     after rows were changed with SQL")]
pub(crate) struct RepairArgs {
    /// Keep changed rows of portfolios, prices and other sources as they are
    #[arg(long)]
    accept_changes: bool,
}

pub(super) fn execute(context: &Context, args: &RepairArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    let environment = context.environment(&store)?;
    let settings = context.settings_beside_damage(&store)?;
    let meter = Meter::new(context);
    let repaired = repair(
        &store,
        &settings,
        &environment,
        args.accept_changes,
        &|progress| meter.show_verification(progress),
    );
    meter.finish();
    let repaired = repaired?;
    let invalidated = count_ids(&repaired.invalidated);
    let is_undamaged = repaired.verification.is_undamaged();
    let json = serde_json::json!({
        "invalidated": invalidated,
        "deleted-rows": repaired.deleted_rows,
        "rebuilt-lifecycle-index": repaired.has_rebuilt_index,
        "accepted-rows": repaired.has_accepted_rows,
        "accepted-sources": repaired.accepted_sources,
        "is-undamaged": is_undamaged,
    });
    context.show(&json, || {
        if !repaired.found_damage() {
            return "nothing is damaged".to_owned();
        }
        if !is_undamaged {
            let program = context.program();
            return report::verification_text(&repaired.verification, &program, Palette::Colour);
        }
        let outputs = report::count_with_noun(invalidated, "damaged output");
        let rows = report::count_with_noun(repaired.deleted_rows as u64, "unusable row");
        format!("{outputs} invalidated, {rows} deleted; `plimsoll run` computes the outputs again")
    })?;
    Ok(Exit::complete_if(is_undamaged))
}
