//! `plimsoll export FOLDER`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::export::{Format, SCRIPT, Target, export};
use crate::query::quoted_path;

/// Writes all sources and books as files. Those of the sources can be imported into an empty database,
/// which gives the same books; docs/export.md describes them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll export books-2026-01-08
  sh books-2026-01-08/import.sh            import them into a new database there
  plimsoll export lines --format json-lines")]
pub(crate) struct ExportArgs {
    /// Folder of the files; it is created, or must be empty
    folder: PathBuf,

    /// Format of the tables
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = FormatArg::Csv)]
    format: FormatArg,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    /// Comma-separated values, which imports and spreadsheets read
    Csv,
    /// One JSON object a line, for programs
    JsonLines,
}

pub(super) fn execute(context: &Context, args: &ExportArgs) -> Result<Exit, CliError> {
    let app = context.app()?;
    let target = Target {
        folder: &args.folder,
        format: match args.format {
            FormatArg::Csv => Format::Csv,
            FormatArg::JsonLines => Format::JsonLines,
        },
    };
    let tables = export(&app.store, &app.settings, target)?;
    let json = json!({ "folder": args.folder, "tables": tables });
    context.show(&json, || {
        let lines = tables.iter();
        let lines = lines.map(|table| format!("{:<22} {:>9} rows\n", table.file, table.rows));
        let mut text: String = lines.collect();
        text += &format!("written to {}", args.folder.display());
        if target.format == Format::Csv {
            let script = quoted_path(&args.folder.join(SCRIPT));
            text += &format!("\n\nTo import them into a new database there: sh {script}");
        }
        text
    })?;
    Ok(Exit::Complete)
}
