//! `plimsoll security list|add|edit`.

use clap::{Args, Subcommand};

use super::record::{Record, import_record};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::import::apply::FileKind;
use crate::import::{KnownRows, Restatements};
use crate::query;
use crate::report::{self, Palette};

/// Lists securities with class, sector and multiplier, also those before they changed on a day, and
/// adds or edits one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll security list
  plimsoll security list GOOGL
  plimsoll security add SAP.DE --name SAP --currency EUR
  plimsoll security edit SAP.DE --sector Software --valid-from 2026-01-05")]
pub(crate) struct SecurityArgs {
    #[command(subcommand)]
    command: SecurityCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecurityCommand {
    /// Add a security; docs/importing.md describes the values
    Add(RecordArgs),
    /// Change attributes of a security; an empty value removes a sector, calendar or inactive day
    #[command(group = clap::ArgGroup::new("changes").required(true).multiple(true).args([
        "name", "class", "sector", "currency", "multiplier", "inactive_from", "calendar",
    ]))]
    Edit {
        #[command(flatten)]
        record: RecordArgs,
        /// Give the prices that it has another currency or multiplier
        #[arg(long)]
        allow_restatement: bool,
    },
    /// List securities by symbol, with the days on which attributes changed
    List {
        /// Symbol that the security has or had; all securities if left out
        symbol: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// Symbol of the security
    symbol: String,
    #[command(flatten)]
    attributes: Attributes,
    /// Show the result without changing anything
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
struct Attributes {
    /// Name of the security
    #[arg(long)]
    name: Option<String>,
    /// Class, such as equity, fund, bond or fx
    #[arg(long)]
    class: Option<String>,
    /// Sector for the exposures
    #[arg(long)]
    sector: Option<String>,
    /// Currency of its price
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Underlying units for one unit
    #[arg(long, value_name = "NUMBER")]
    multiplier: Option<String>,
    /// First day on which no price is expected
    #[arg(long, value_name = "DAY")]
    inactive_from: Option<String>,
    /// Calendar of its exchange
    #[arg(long, value_name = "NAME")]
    calendar: Option<String>,
    /// First day of the symbol, if another security had it before
    #[arg(long, value_name = "DAY")]
    symbol_from: Option<String>,
    /// First day of the attributes that change on a day
    #[arg(long, value_name = "DAY")]
    valid_from: Option<String>,
}

impl RecordArgs {
    fn import(
        &self,
        context: &Context,
        command: &'static str,
        known_rows: KnownRows,
        restatements: Restatements,
    ) -> Result<Exit, CliError> {
        let given = &self.attributes;
        let fields = [
            ("symbol", Some(self.symbol.as_str())),
            ("name", given.name.as_deref()),
            ("class", given.class.as_deref()),
            ("sector", given.sector.as_deref()),
            ("currency", given.currency.as_deref()),
            ("multiplier", given.multiplier.as_deref()),
            ("inactive_from", given.inactive_from.as_deref()),
            ("calendar", given.calendar.as_deref()),
            ("symbol_from", given.symbol_from.as_deref()),
            ("valid_from", given.valid_from.as_deref()),
        ];
        let record = Record {
            command,
            kind: FileKind::Securities,
            fields: &fields,
            known_rows,
            restatements,
            dry_run: self.dry_run,
        };
        import_record(context, &record)
    }
}

pub(super) fn execute(context: &Context, args: &SecurityArgs) -> Result<Exit, CliError> {
    match &args.command {
        SecurityCommand::Add(args) => {
            let (known_rows, restatements) = (KnownRows::Refused, Restatements::Refused);
            return args.import(context, "security add", known_rows, restatements);
        }
        SecurityCommand::Edit {
            record,
            allow_restatement,
        } => {
            let restatements = Restatements::allowed_if(*allow_restatement);
            let known_rows = KnownRows::Required;
            return record.import(context, "security edit", known_rows, restatements);
        }
        SecurityCommand::List { symbol } => {
            let securities = query::securities(&context.store()?, symbol.as_deref())?;
            context.show(&securities, || {
                report::securities_text(&securities, Palette::Colour)
            })?;
        }
    }
    Ok(Exit::Complete)
}
