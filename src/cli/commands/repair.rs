//! `plimsoll repair`.

use clap::Args;

use crate::app::{record_repair, record_verification};
use crate::cli::output::print_stderr;
use crate::cli::progress::Meter;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::{InvalidationCause, NewInvalidation, Phase, count_ids};
use crate::invalidation::remove_cells;
use crate::query::{self, Claim, NextCommand, Sample, Verdict};
use crate::report;
use crate::store::StoreError;

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
    let app = context.app()?;
    let (store, environment) = (&app.store, &app.environment);
    store.read(|reading| reading.lease().ensure_none_live(environment))?;
    let meter = Meter::new(context);
    let verified = query::verify(
        store,
        &app.settings,
        environment,
        Sample::All,
        &|progress| {
            meter.show_verification(progress);
        },
    );
    meter.finish();
    let verified = verified?;
    let is_broken = |claim| matches!(verified.verdict(claim), Some(Verdict::Broken { .. }));
    if verified.next.contains(&NextCommand::Restore)
        && !(args.accept_changes && verified.next.contains(&NextCommand::AcceptChanges))
    {
        let sources = match verified.changed_sources.as_slice() {
            [] => "a part of the file that cannot be read".to_owned(),
            tables => format!("changed rows of {}", tables.join(", ")),
        };
        // Nothing is repaired, so the damage has to stay in sight.
        if let Err(error) = record_verification(store, environment, &verified, Sample::All) {
            print_stderr(&format!("warning: the result is not recorded: {error}"));
        }
        return Err(StoreError::ChangedSources(sources).into());
    }
    let mut damaged = NewInvalidation {
        cause: InvalidationCause::Request,
        reason: "verify found damage".to_owned(),
        cells: verified.damaged.clone(),
    };
    let now = environment.clock.now();
    let mut writer = store.writer()?;
    // First, because a commit adds its changes to digests that it can read.
    if is_broken(Claim::Rows) {
        writer.accept_rows()?;
    }
    let removed = writer.write(|writing| {
        if is_broken(Claim::LifecycleIndex) {
            writing.portfolios().rebuild_lifecycle_index()?;
        }
        // Runs compute the statistics of securities with the risk of their holders.
        let days = verified.damaged.keys();
        for (day, _) in days.filter(|(_, phase)| *phase == Phase::Securities) {
            let holders = writing.ledger().done(*day, Phase::Risk)?;
            *damaged.cells.entry((*day, Phase::Risk)).or_default() |= holders;
        }
        remove_cells(writing, [Ok(damaged)], now)
    })?;
    drop(writer);
    record_repair(store, environment)?;
    let count = count_ids(&removed);
    let json = serde_json::json!({
        "invalidated": count,
        "rebuilt-lifecycle-index": is_broken(Claim::LifecycleIndex),
        "accepted-rows": is_broken(Claim::Rows),
        "accepted-sources": verified.changed_sources,
    });
    context.show(&json, || match verified.is_undamaged() {
        true => "nothing is damaged".to_owned(),
        false => format!(
            "{} invalidated; `plimsoll run` computes them again",
            report::count_with_noun(count, "damaged output")
        ),
    })?;
    Ok(Exit::Complete)
}
