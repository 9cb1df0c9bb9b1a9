//! `plimsoll backup FILE`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{context::Context, error::CliError, exit::Exit};

/// Copies the database into a new file. The copy is one consistent state, even during a run.
#[derive(Debug, Args)]
#[command(after_help = "Example: plimsoll backup /backups/plimsoll-2026-01-08.db")]
pub(crate) struct BackupArgs {
    /// File of the copy; it must not exist yet
    file: PathBuf,
}

pub(super) fn execute(context: &Context, args: &BackupArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    let bytes = store.read(|reading| reading.copy_to(&args.file))?;
    let json = serde_json::json!({ "file": args.file, "bytes": bytes });
    let (from, to) = (store.path().display(), args.file.display());
    context.show(&json, || {
        format!("{from} copied to {to} ({:.1} MB)", bytes as f64 / 1e6)
    })?;
    Ok(Exit::Complete)
}
