//! `plimsoll transaction void|history`.

use clap::{Args, Subcommand};

use super::author::AuthorArgs;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::import::apply::void_transactions;
use crate::query;
use crate::report::{self, Palette};

/// Voids transactions, or shows what one was before it changed. To replace a transaction, import
/// its row with `--correct`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll transaction void t3 --reason \"booked twice\"
  plimsoll transaction history t3")]
pub(crate) struct TransactionArgs {
    #[command(subcommand)]
    command: TransactionCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TransactionCommand {
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

pub(super) fn execute(context: &Context, args: &TransactionArgs) -> Result<Exit, CliError> {
    match &args.command {
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
