//! `plimsoll metrics`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::durable::{self, Access};
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
        (Some(path), _) => {
            // The collector is another user.
            let text = report::metrics_text(&metrics, None);
            durable::replace(path, text.as_bytes(), Access::All).map_err(|source| {
                CliError::File {
                    path: path.clone(),
                    source,
                }
            })?;
        }
        (None, Format::Text) => print(&report::metrics_text(&metrics, None))?,
        (None, Format::Json) => print_json(&report::metrics_json(&metrics, None))?,
    }
    Ok(Exit::Complete)
}
