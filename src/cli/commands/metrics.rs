//! `plimsoll metrics`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::query;
use crate::report;

/// What a monitoring system draws and watches, in the text format of Prometheus: how far each
/// portfolio is behind, cells by state, the last runs. `plimsoll serve` gives the same at /metrics.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll metrics
  plimsoll metrics --file /var/lib/node_exporter/plimsoll.prom")]
pub struct MetricsArgs {
    /// Write them into this file, whole or not at all, for node_exporter's textfile collector
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    file: Option<PathBuf>,
}

pub(super) fn execute(context: &Context, args: &MetricsArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    let environment = context.environment(&store)?;
    let metrics = query::metrics(&store, &context.configuration.engine, &environment)?;
    match (&args.file, context.format()) {
        (Some(path), _) => write(path, &report::metrics_text(&metrics, None))?,
        (None, Format::Text) => print(&report::metrics_text(&metrics, None))?,
        (None, Format::Json) => print_json(&report::metrics_json(&metrics, None))?,
    }
    Ok(Exit::Complete)
}

/// Whoever reads meanwhile finds the file of before or this one.
fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let failed = |source| CliError::File {
        path: path.to_owned(),
        source,
    };
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut beside = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Whoever collects it is somebody else.
        beside.permissions(std::fs::Permissions::from_mode(0o644));
    }
    let mut file = beside.tempfile_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
