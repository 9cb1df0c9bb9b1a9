//! `plimsoll transaction add|void|history`.

use clap::{Args, Subcommand};

use super::author::AuthorArgs;
use super::record::{Record, import_record};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::import::apply::{FileKind, void_transactions};
use crate::import::{KnownRows, Restatements, manual_id};
use crate::query;
use crate::report::{self, Palette};

/// Adds a transaction, voids some, or shows what one was before it changed. To replace a transaction,
/// import its row with `--correct`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll transaction add deposit --portfolio Alpha --date 2026-01-05 --amount 5000
  plimsoll transaction add buy --portfolio Alpha --date 2026-01-06 \
      --symbol AAPL --quantity 10 --price 200.5 --fee 1
  plimsoll transaction void t3 --reason \"booked twice\"
  plimsoll transaction history t3")]
pub(crate) struct TransactionArgs {
    #[command(subcommand)]
    command: TransactionCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TransactionCommand {
    /// Add a transaction; docs/importing.md describes the values of each kind
    Add(Box<AddArgs>),
    /// Void transactions, as if they had never been imported
    Void {
        /// Ids of the transactions, as in the imported files
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        author: AuthorArgs,
    },
    /// Show a transaction, and what it was before each change
    History {
        /// Id of the transaction, as in the imported files
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Kind, such as buy, sell, deposit, withdrawal or dividend
    kind: String,
    /// Portfolio, by id or exact name
    #[arg(long)]
    portfolio: String,
    /// Day on which it counts
    #[arg(long, value_name = "DAY")]
    date: String,
    /// Time of day, such as 14:30:05
    #[arg(long)]
    time: Option<String>,
    /// Symbol of the security
    #[arg(long)]
    symbol: Option<String>,
    /// Units that are moved
    #[arg(long, value_name = "NUMBER")]
    quantity: Option<String>,
    /// Price of one unit
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    price: Option<String>,
    /// Amount of cash, before the fee
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    amount: Option<String>,
    /// Fee, beside the amount
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    fee: Option<String>,
    /// Currency of price and amount
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Currency of the fee
    #[arg(long, value_name = "CODE")]
    fee_currency: Option<String>,
    /// Amount that an exchange pays
    #[arg(long, value_name = "NUMBER")]
    from_amount: Option<String>,
    /// Currency that an exchange pays
    #[arg(long, value_name = "CODE")]
    from_currency: Option<String>,
    /// Portfolio at the other end of a transfer
    #[arg(long, value_name = "PORTFOLIO")]
    counterpart: Option<String>,
    /// Lots that a sale or transfer out closes, such as `5@t2; 1@t3`
    #[arg(long)]
    lots: Option<String>,
    /// Id; by default, one made of the values, so that the same command books nothing twice
    #[arg(long)]
    id: Option<String>,
    /// Show the result without changing anything
    #[arg(long)]
    dry_run: bool,
}

impl AddArgs {
    fn import(&self, context: &Context) -> Result<Exit, CliError> {
        let mut fields = vec![
            ("portfolio", Some(self.portfolio.as_str())),
            ("date", Some(self.date.as_str())),
            ("time", self.time.as_deref()),
            ("kind", Some(self.kind.as_str())),
            ("symbol", self.symbol.as_deref()),
            ("quantity", self.quantity.as_deref()),
            ("price", self.price.as_deref()),
            ("amount", self.amount.as_deref()),
            ("fee", self.fee.as_deref()),
            ("currency", self.currency.as_deref()),
            ("fee_currency", self.fee_currency.as_deref()),
            ("from_amount", self.from_amount.as_deref()),
            ("from_currency", self.from_currency.as_deref()),
            ("counterpart", self.counterpart.as_deref()),
            ("lots", self.lots.as_deref()),
        ];
        let id = self.id.clone().unwrap_or_else(|| manual_id(&fields));
        fields.push(("id", Some(id.as_str())));
        let record = Record {
            command: "transaction add",
            kind: FileKind::Transactions,
            fields: &fields,
            known_rows: KnownRows::Refused,
            restatements: Restatements::Refused,
            dry_run: self.dry_run,
        };
        import_record(context, &record)
    }
}

pub(super) fn execute(context: &Context, args: &TransactionArgs) -> Result<Exit, CliError> {
    match &args.command {
        TransactionCommand::Add(args) => return args.import(context),
        TransactionCommand::Void { ids, author } => {
            let app = context.app()?;
            let mut writer = app.store.writer()?;
            let author = author.attribution();
            let voided = void_transactions(&mut writer, ids, &author, &app.import_context())?;
            context.show(&report::voided_json(&voided), || {
                report::voided_text(&voided, Palette::Colour)
            })?;
        }
        TransactionCommand::History { id } => {
            let history = query::transaction_history(&context.store()?, id)?;
            context.show(&history, || {
                report::transaction_history_text(&history, Palette::Colour)
            })?;
        }
    }
    Ok(Exit::Complete)
}
