//! `plimsoll import KIND FILE…`: imports source files and prints the result of each.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use super::author::PersonArg;
use super::import_profile::{self, ProfileArgs};
use crate::cli::input::{STANDARD_INPUT, input_name, read_input};
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::{Currency, Day};
use crate::import::apply::{
    self, ApplyError, FileKind, ImportContext, ImportResult, ImportStatus, Mode, SourceFile,
};
use crate::import::{
    Basis, Corrections, DateOrder, DecimalMark, Encoding, ImportOptions, Jumps, KnownRows,
    Restatements, UnknownRecords, ValidRows, Warnings,
};
use crate::report::{self, Palette};
use crate::store::Writer;

/// Imports sources, with a result per row. Invalid rows are held back; a file of transactions is
/// imported completely or not at all. Importing a file twice changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll import portfolios portfolios.csv
  plimsoll import securities securities.csv
  plimsoll import transactions trades.csv --dry-run
  plimsoll import transactions trades.csv --correct   replace known ones
  plimsoll import actions splits.csv
  plimsoll import prices closes.csv
  plimsoll import prices AAPL.csv --symbol AAPL       a file without symbols
  plimsoll import transactions export.csv --portfolio Alpha
                                     an export of another program

Import portfolios and securities before the files that name them.
docs/importing.md describes the columns of each kind and the shapes
of price files, docs/import-your-data.md the exports of brokers and
other programs.")]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    command: Option<ImportCommand>,

    #[command(flatten)]
    files: FilesArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// List, show, propose and try the profiles that read exports of other programs
    Profile(ProfileArgs),
}

#[derive(Debug, Args)]
struct FilesArgs {
    /// Kind of the files
    #[arg(value_enum, required = true)]
    kind: Option<KindArg>,

    /// Files to import, all of this kind, also compressed by gzip; `-` is standard input
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

    /// Sign before the decimals of numbers: point or comma; by default, the one that the file
    /// proves
    #[arg(long, value_name = "MARK")]
    decimal: Option<DecimalMark>,

    /// Encoding of a file that is not UTF-8: windows-1252
    #[arg(long, value_name = "ENCODING")]
    encoding: Option<Encoding>,

    /// Accept closes that jump more than twentyfold
    #[arg(long)]
    allow_jumps: bool,

    /// Accept a file that gives known data another meaning: closes that differ by one ratio or
    /// jump by a split's factor, a split that known closes do not show, another currency of a
    /// portfolio with transactions, another currency or multiplier of a security with prices
    #[arg(long)]
    allow_restatement: bool,

    /// Portfolio of all rows of an export that does not name it, or that names a single one
    #[arg(long, value_name = "NAME")]
    portfolio: Option<String>,

    /// Profile that reads an export; by default, the one that has its header
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// Create the securities of an export that are unknown, from what it says about them
    #[arg(long)]
    create_securities: bool,

    /// Create the portfolios of an export that are unknown, from the day of their first
    /// transaction
    #[arg(long)]
    create_portfolios: bool,

    /// Currency of the portfolios that are created, if the export does not state it; by default, the
    /// only one of their transactions
    #[arg(long, value_name = "CODE", requires = "create_portfolios")]
    currency: Option<Currency>,

    /// Replace known transactions that have other values in the file, and import voided ones again
    #[arg(long)]
    correct: bool,

    #[command(flatten)]
    person: PersonArg,

    /// Refuse a file with an invalid row, instead of importing the other rows
    #[arg(long)]
    all_or_nothing: bool,

    /// Refuse a file with a warning: a day in the future, a sale that opens a short position, an
    /// amount that is not quantity × price, a voided transaction
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum KindArg {
    /// Portfolios with currency, inception and closing day
    Portfolios,
    /// Securities that portfolios can hold
    Securities,
    /// Deposits, trades, dividends and other transactions
    Transactions,
    /// Splits, dividends in shares, spin-offs, mergers and other corporate actions
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

impl FilesArgs {
    fn kind(&self) -> FileKind {
        // Without a kind, clap has found a subcommand or ended the program.
        self.kind.map_or(FileKind::Transactions, FileKind::from)
    }

    fn options(&self) -> ImportOptions {
        ImportOptions {
            date_order: self.date_order,
            decimal_mark: self.decimal,
            symbol: self.symbol.clone(),
            basis: self.basis,
            jumps: if self.allow_jumps {
                Jumps::Allowed
            } else {
                Jumps::Refused
            },
            adjusted_as_of: self.adjusted_as_of,
            restatements: Restatements::allowed_if(self.allow_restatement),
            warnings: if self.strict {
                Warnings::Refused
            } else {
                Warnings::Reported
            },
            valid_rows: if self.all_or_nothing {
                ValidRows::Refused
            } else {
                ValidRows::Imported
            },
            corrections: if self.correct {
                Corrections::By(self.person.by.clone())
            } else {
                Corrections::Refused
            },
            known_rows: KnownRows::Accepted,
            encoding: self.encoding,
            profile: self.profile.clone(),
            portfolio: self.portfolio.clone(),
            unknown_securities: unknown(self.create_securities),
            unknown_portfolios: unknown(self.create_portfolios),
            new_currency: self.currency,
        }
    }

    /// Refuses options that would not be used for files of this kind.
    fn check_used(&self) -> Result<(), CliError> {
        let inputs = self.files.iter();
        if inputs
            .filter(|path| path.as_os_str() == STANDARD_INPUT)
            .count()
            > 1
        {
            let message = "standard input (`-`) can be read only once".to_owned();
            return Err(CliError::Usage(message));
        }
        let kind = self.kind();
        let prices = [FileKind::Prices].as_slice();
        let transactions = [FileKind::Transactions].as_slice();
        let restated = [
            FileKind::Prices,
            FileKind::Actions,
            FileKind::Portfolios,
            FileKind::Securities,
        ]
        .as_slice();
        let given = [
            ("--symbol", self.symbol.is_some(), prices),
            ("--basis", self.basis.is_some(), prices),
            ("--adjusted-as-of", self.adjusted_as_of.is_some(), prices),
            ("--allow-jumps", self.allow_jumps, prices),
            ("--allow-restatement", self.allow_restatement, restated),
            ("--correct", self.correct, transactions),
            ("--portfolio", self.portfolio.is_some(), transactions),
            ("--profile", self.profile.is_some(), transactions),
            ("--create-securities", self.create_securities, transactions),
            ("--create-portfolios", self.create_portfolios, transactions),
        ];
        for (option, is_given, kinds) in given {
            if is_given && !kinds.contains(&kind) {
                let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
                let kinds = kinds.join(", ");
                return Err(CliError::Usage(format!(
                    "`{option}` would not be used for {kind} (only for {kinds})"
                )));
            }
        }
        Ok(())
    }

    fn mode(&self) -> Mode {
        if self.dry_run {
            Mode::DryRun
        } else {
            Mode::Apply
        }
    }
}

const fn unknown(is_created: bool) -> UnknownRecords {
    if is_created {
        UnknownRecords::Created
    } else {
        UnknownRecords::Refused
    }
}

/// Imports each file in a transaction of its own. A refused or unreadable file does not stop the
/// others; an error of the store does.
pub(super) fn execute(context: &Context, args: &ImportArgs) -> Result<Exit, CliError> {
    match &args.command {
        Some(ImportCommand::Profile(args)) => import_profile::execute(context, args),
        None => import_files(context, &args.files),
    }
}

fn import_files(context: &Context, args: &FilesArgs) -> Result<Exit, CliError> {
    args.check_used()?;
    let app = context.app()?;
    let import_context = app.import_context();
    let mut writer = app.store.writer()?;
    let mut reports = Vec::new();
    let (mut refused, mut held_back) = (0, 0);
    for path in &args.files {
        match import_file(&mut writer, path, args, &import_context) {
            Ok(result) => {
                refused += usize::from(result.status == ImportStatus::Refused);
                held_back += result.held_back();
                match context.format() {
                    Format::Text => print(&report::import_text(&result, Palette::Colour))?,
                    Format::Json => reports.push(report::import_json(&result)),
                }
            }
            Err(error) if args.files.len() > 1 && concerns_one_file(&error) => {
                refused += 1;
                print_stderr(&error.render());
                let reason = std::error::Error::source(&error)
                    .map_or_else(|| error.to_string(), ToString::to_string);
                reports.push(report::unread_import_json(
                    &path.display().to_string(),
                    args.kind(),
                    &reason,
                    error.hint().as_deref(),
                ));
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
    if held_back > 0 {
        return Err(CliError::RowsHeldBack { rows: held_back });
    }
    Ok(Exit::Complete)
}

/// Returns true if the other files can still be imported.
const fn concerns_one_file(error: &CliError) -> bool {
    matches!(
        error,
        CliError::Import(ApplyError::Import(_)) | CliError::File { .. }
    )
}

fn import_file(
    writer: &mut Writer,
    path: &Path,
    args: &FilesArgs,
    import_context: &ImportContext<'_>,
) -> Result<ImportResult, CliError> {
    let bytes = read_input(path)?;
    let file = SourceFile {
        kind: args.kind(),
        name: &input_name(path),
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
