//! `plimsoll import KIND FILE…`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{CliError, Context, Exit};
use crate::domain::Day;
use crate::environment::Environment;
use crate::import::apply::{
    self, ApplyError, FileKind, ImportContext, ImportOptions, ImportResult, ImportStatus, Mode,
    SourceFile,
};
use crate::import::{Basis, DateOrder, Jumps};
use crate::phases::LONGEST_WINDOW;
use crate::report::{self, Palette};
use crate::store::Writer;

/// Takes sources in: all of a file or nothing of it, with a verdict per row. Importing a file
/// twice changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll import portfolios portfolios.csv
  plimsoll import securities securities.csv
  plimsoll import transactions trades.csv --dry-run
  plimsoll import actions splits.csv
  plimsoll import prices closes.csv
  plimsoll import prices AAPL.csv --symbol AAPL       a vendor's file of one symbol

Order matters the first time: portfolios and securities before what speaks of them. The columns
of each kind and the shapes of price files are in docs/importing.md.")]
pub struct ImportArgs {
    /// What the files hold
    #[arg(value_enum)]
    kind: KindArg,

    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Say what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// The symbol of a price file that does not name it
    #[arg(long, value_name = "SYMBOL")]
    symbol: Option<String>,

    /// Whether closes are as traded (raw) or had later splits taken out (split-adjusted); where
    /// not given, what the shape of the file is known for
    #[arg(long, value_name = "BASIS")]
    basis: Option<Basis>,

    /// Up to which day split-adjusted closes know splits; today where not given
    #[arg(long, value_name = "DAY")]
    adjusted_as_of: Option<Day>,

    /// The order of day and month, where the file does not prove it: dmy or mdy
    #[arg(long, value_name = "ORDER")]
    date_order: Option<DateOrder>,

    /// Take in closes that jump more than twentyfold
    #[arg(long)]
    allow_jumps: bool,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum KindArg {
    /// Who there is
    Portfolios,
    /// What can be held
    Securities,
    /// Deposits, trades, dividends and so on
    Transactions,
    /// Splits
    Actions,
    /// Closes
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

/// Under what files are taken in.
pub(super) fn terms<'c>(context: &'c Context, environment: &Environment) -> ImportContext<'c> {
    ImportContext {
        calendar: &context.configuration.engine.calendar,
        window: LONGEST_WINDOW,
        now: environment.clock.now(),
    }
}

/// Each file is taken in by itself: one that is refused does not keep the others out.
pub(super) fn execute(context: &Context, args: &ImportArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    let environment = context.environment(&store)?;
    let terms = terms(context, &environment);
    let mut writer = store.writer()?;
    let mut reports = Vec::new();
    let mut refused = 0;
    for path in &args.files {
        match import_file(&mut writer, path, args, &terms) {
            Ok(taken) => {
                refused += usize::from(taken.status == ImportStatus::Refused);
                match context.format() {
                    Format::Text => print(&report::import_text(&taken, Palette::Colour))?,
                    Format::Json => reports.push(report::import_json(&taken)),
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
    terms: &ImportContext<'_>,
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
    Ok(apply::import_file(writer, &file, terms, args.mode())?)
}
