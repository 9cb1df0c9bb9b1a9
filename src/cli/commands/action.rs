//! `plimsoll action list|delete|history`.

use clap::{Args, Subcommand};

use super::author::AuthorArgs;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::{ActionName, Day};
use crate::import::apply::{ActionToDelete, delete_action};
use crate::query;
use crate::report::{self, Palette};

/// Lists or deletes splits and other corporate actions, or shows which were corrected or deleted. To
/// replace an action, import it again.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll action list AAPL
  plimsoll action delete AAPL --day 2026-01-06 --kind split \\
      --reason \"announced and cancelled\"
  plimsoll action history AAPL")]
pub(crate) struct ActionArgs {
    #[command(subcommand)]
    command: ActionCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ActionCommand {
    /// List corporate actions by day
    List {
        /// Symbol of the security; all securities if left out
        symbol: Option<String>,
    },
    /// Delete a corporate action, as if it had never been imported
    Delete {
        /// Symbol of the security that is held
        symbol: String,
        /// First day on which the action counts
        #[arg(long, value_name = "DAY")]
        day: Day,
        /// Kind, as `action list` shows it
        #[arg(long, value_name = "KIND")]
        kind: ActionName,
        /// Symbol of the security received, to name one of several actions
        #[arg(long, value_name = "SYMBOL")]
        received: Option<String>,
        #[command(flatten)]
        author: AuthorArgs,
    },
    /// Show the actions of a security that were corrected or deleted
    History {
        /// Symbol of the security
        symbol: String,
    },
}

pub(super) fn execute(context: &Context, args: &ActionArgs) -> Result<Exit, CliError> {
    match &args.command {
        ActionCommand::List { symbol } => {
            let actions = query::actions(&context.store()?, symbol.as_deref())?;
            context.show(&actions, || report::actions_text(&actions, Palette::Colour))?;
        }
        ActionCommand::Delete {
            symbol,
            day,
            kind,
            received,
            author,
        } => {
            let app = context.app()?;
            let mut writer = app.store.writer()?;
            let action = ActionToDelete {
                symbol: symbol.clone(),
                day: *day,
                kind: *kind,
                received: received.clone(),
            };
            let author = author.attribution();
            let deleted = delete_action(&mut writer, &action, &author, &app.import_context())?;
            context.show(&report::deleted_action_json(&deleted), || {
                report::deleted_action_text(&deleted, Palette::Colour)
            })?;
        }
        ActionCommand::History { symbol } => {
            let changes = query::action_history(&context.store()?, symbol)?;
            context.show(&changes, || {
                report::action_history_text(symbol, &changes, Palette::Colour)
            })?;
        }
    }
    Ok(Exit::Complete)
}
