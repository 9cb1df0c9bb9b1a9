//! `plimsoll metrics`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::query;
use crate::report;

/// Prints metrics in the text format of Prometheus: sessions that each portfolio is behind, cells by
/// state, the last runs. `plimsoll serve` has the same at /metrics.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll metrics
  plimsoll metrics --file /var/lib/node_exporter/plimsoll.prom")]
pub(crate) struct MetricsArgs {
    /// Replace this file atomically, for the textfile collector of node_exporter
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    file: Option<PathBuf>,
}

pub(super) fn execute(context: &Context, args: &MetricsArgs) -> Result<Exit, CliError> {
    let app = context.app()?;
    let inputs = app.concern_inputs();
    let metrics = query::metrics(&app.store, &app.settings, &app.environment, &inputs)?;
    match (&args.file, context.format()) {
        (Some(path), _) => write(path, &report::metrics_text(&metrics, None))?,
        (None, Format::Text) => print(&report::metrics_text(&metrics, None))?,
        (None, Format::Json) => print_json(&report::metrics_json(&metrics, None))?,
    }
    Ok(Exit::Complete)
}

/// Replaces a file by a rename: a reader sees either the old or the new one.
fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let failed = |source| CliError::File {
        path: path.to_owned(),
        source,
    };
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Temporary files are private by default, but the collector is another user.
        builder.permissions(std::fs::Permissions::from_mode(0o644));
    }
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
