//! `plimsoll restore FILE`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::progress::Meter;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::query::{self, Sample};
use crate::report::{self, Palette};
use crate::store::{Store, StoreError};

/// Puts a backup in the place of the database. The backup is verified first. The database that it
/// replaces is kept beside it under a new name.
#[derive(Debug, Args)]
#[command(after_help = "Example: plimsoll restore /backups/plimsoll-2026-01-08.db")]
pub(crate) struct RestoreArgs {
    /// Backup to restore; it stays as it is
    file: PathBuf,
}

pub(super) fn execute(context: &Context, args: &RestoreArgs) -> Result<Exit, CliError> {
    let database = &context.configuration.database;
    let backup = Store::open(&args.file)?;
    backup.ensure_is_not(database)?;
    let environment = context.environment(&backup)?;
    // A database that cannot be opened is what a restoration is for.
    if let Ok(replaced) = Store::open(database) {
        replaced.read(|reading| reading.lease().ensure_none_live(&environment))?;
    }
    let settings = context.settings(&backup)?;
    let sample = Sample::Count {
        cells: 200,
        seed: 0,
    };
    let meter = Meter::new(context);
    let verified = query::verify(&backup, &settings, &environment, sample, &|progress| {
        meter.show_verification(progress);
    });
    meter.finish();
    let verified = verified?;
    if !verified.is_undamaged() {
        context.show(&verified, || {
            report::verification_text(&verified, &context.program(), Palette::Colour)
        })?;
        return Err(StoreError::DamagedCopy(args.file.clone()).into());
    }
    let now = environment.wall_clock.now();
    let restored = backup.read(|reading| reading.restore_to(database, now))?;
    let json = serde_json::json!({
        "database": database,
        "restored-from": args.file,
        "bytes": restored.bytes,
        "kept": restored.kept,
    });
    context.show(&json, || {
        let (file, database) = (args.file.display(), database.display());
        let kept = restored.kept.as_ref();
        let kept = kept.map(|kept| format!("; the old one is kept as {}", kept.display()));
        let (kept, size) = (kept.unwrap_or_default(), restored.bytes as f64 / 1e6);
        format!("{file} restored to {database} ({size:.1} MB){kept}")
    })?;
    Ok(Exit::Complete)
}
