//! `plimsoll import KIND FILE…`: imports source files and prints the result of each.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::Day;
use crate::import::apply::{
    self, ApplyError, FileKind, ImportContext, ImportResult, ImportStatus, Mode, SourceFile,
};
use crate::import::{Basis, DateOrder, ImportOptions, Jumps};
use crate::report::{self, Palette};
use crate::store::Writer;

/// Imports sources: each file completely or not at all, with a result per row. Importing a file
/// twice changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll import portfolios portfolios.csv
  plimsoll import securities securities.csv
  plimsoll import transactions trades.csv --dry-run
  plimsoll import actions splits.csv
  plimsoll import prices closes.csv
  plimsoll import prices AAPL.csv --symbol AAPL       a file without symbols

Import portfolios and securities before the files that name them.
docs/importing.md describes the columns of each kind and the shapes
of price files.")]
pub(crate) struct ImportArgs {
    /// Kind of the files
    #[arg(value_enum)]
    kind: KindArg,

    /// Files to import, all of this kind
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Show the result without changing anything
    #[arg(long)]
    dry_run: bool,

    /// Symbol of a price file that does not name it
    #[arg(long, value_name = "SYMBOL")]
    symbol: Option<String>,

    /// Basis of closes: raw (as traded) or split-adjusted; by default, the usual one of the
    /// file's shape
    #[arg(long, value_name = "BASIS")]
    basis: Option<Basis>,

    /// Last day whose splits are in split-adjusted closes; today by default
    #[arg(long, value_name = "DAY")]
    adjusted_as_of: Option<Day>,

    /// Order of day and month if the dates are ambiguous: dmy or mdy
    #[arg(long, value_name = "ORDER")]
    date_order: Option<DateOrder>,

    /// Accept closes that jump more than twentyfold
    #[arg(long)]
    allow_jumps: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum KindArg {
    /// Portfolios with currency, inception and closing day
    Portfolios,
    /// Securities that portfolios can hold
    Securities,
    /// Deposits, trades, dividends and other transactions
    Transactions,
    /// Splits, as numbers of new and old shares
    Actions,
    /// Closing prices of securities
    Prices,
}

impl From<KindArg> for FileKind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Portfolios => Self::Portfolios,
            KindArg::Securities => Self::Securities,
            KindArg::Transactions => Self::Transactions,
            KindArg::Actions => Self::Actions,
            KindArg::Prices => Self::Prices,
        }
    }
}

impl ImportArgs {
    fn options(&self) -> ImportOptions {
        ImportOptions {
            date_order: self.date_order,
            symbol: self.symbol.clone(),
            basis: self.basis,
            jumps: if self.allow_jumps {
                Jumps::Allowed
            } else {
                Jumps::Refused
            },
            adjusted_as_of: self.adjusted_as_of,
        }
    }

    fn mode(&self) -> Mode {
        if self.dry_run {
            Mode::DryRun
        } else {
            Mode::Apply
        }
    }
}

/// Imports each file in a transaction of its own. A refused file does not stop the others; an
/// unreadable file or an error of the store does.
pub(super) fn execute(context: &Context, args: &ImportArgs) -> Result<Exit, CliError> {
    let app = context.app()?;
    let import_context = app.import_context();
    let mut writer = app.store.writer()?;
    let mut reports = Vec::new();
    let mut refused = 0;
    for path in &args.files {
        match import_file(&mut writer, path, args, &import_context) {
            Ok(result) => {
                refused += usize::from(result.status == ImportStatus::Refused);
                match context.format() {
                    Format::Text => print(&report::import_text(&result, Palette::Colour))?,
                    Format::Json => reports.push(report::import_json(&result)),
                }
            }
            Err(error @ CliError::Import(ApplyError::Import(_))) if args.files.len() > 1 => {
                refused += 1;
                print_stderr(&error.render());
            }
            Err(error) => return Err(error),
        }
    }
    if context.format() == Format::Json {
        print_json(&reports)?;
    }
    if refused > 0 {
        return Err(CliError::FilesRefused {
            refused,
            files: args.files.len(),
        });
    }
    Ok(Exit::Complete)
}

fn import_file(
    writer: &mut Writer,
    path: &Path,
    args: &ImportArgs,
    import_context: &ImportContext<'_>,
) -> Result<ImportResult, CliError> {
    let bytes = std::fs::read(path).map_err(|source| CliError::File {
        path: path.to_owned(),
        source,
    })?;
    let file = SourceFile {
        kind: args.kind.into(),
        name: &path.file_name().unwrap_or_default().to_string_lossy(),
        bytes: &bytes,
        options: &args.options(),
    };
    Ok(apply::import_file(
        writer,
        &file,
        import_context,
        args.mode(),
    )?)
}
