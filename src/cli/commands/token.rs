//! `plimsoll token new|list|revoke`.

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};

use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{CliError, Context, Exit};
use crate::domain::TokenScope;
use crate::environment::Environment;
use crate::report::{self, Palette};
use crate::serve::access::{new_token, revoke_token};
use crate::store::Store;

/// Who may use the server. A token is shown once, when it is made; only a digest of it is kept.
/// With scope read it looks at everything and changes nothing, with scope admin it starts and
/// cancels runs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll token new grafana
  plimsoll token new \"night job\" --scope admin --days 365
  plimsoll token list
  plimsoll token revoke grafana")]
pub struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and print it this one time
    New {
        /// What it is called
        name: String,
        /// What its bearer may do: read or admin
        #[arg(long, default_value = "read")]
        scope: TokenScope,
        /// For how many days it is good; for ever where not given
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        days: Option<u32>,
    },
    /// All tokens, revoked ones too
    List,
    /// Make a token useless, at once
    Revoke {
        /// Its name or handle
        name: String,
    },
}

pub(super) fn execute(context: &Context, args: &TokenArgs) -> Result<Exit, CliError> {
    let store = context.store()?;
    let environment = Environment::system(None);
    let now = environment.wall_clock.now();
    match &args.command {
        TokenCommand::New { name, scope, days } => {
            let expires = days.map(|days| now + TimeDelta::days(i64::from(days)));
            create_token(context, &store, &environment, name, *scope, expires)?;
        }
        TokenCommand::List => {
            let tokens = store.read(|reading| reading.tokens())?;
            match context.format() {
                Format::Json => {
                    let list = tokens.iter().map(|token| report::token_json(token, now));
                    print_json(&list.collect::<Vec<_>>())?;
                }
                Format::Text => print(&report::tokens_text(&tokens, now, Palette::Colour))?,
            }
        }
        TokenCommand::Revoke { name } => {
            let revoked = revoke_token(&store, &environment, name)?;
            match context.format() {
                Format::Json => print_json(&report::token_json(&revoked, now))?,
                Format::Text => print(&format!(
                    "token {} ({}) is revoked: it is refused from now on",
                    revoked.name, revoked.handle
                ))?,
            }
        }
    }
    Ok(Exit::Complete)
}

/// The token alone goes to standard output, so that it can be sent into a file.
fn create_token(
    context: &Context,
    store: &Store,
    environment: &Environment,
    name: &str,
    scope: TokenScope,
    expires: Option<DateTime<Utc>>,
) -> Result<(), CliError> {
    let made = new_token(store, environment, name, scope, expires)?;
    match context.format() {
        Format::Json => {
            let mut json = report::token_json(&made.row, made.row.created);
            json["token"] = made.text.into();
            print_json(&json)
        }
        Format::Text => {
            if !context.global.quiet {
                print_stderr(&format!(
                    "token {name} of scope {scope}, shown this one time; keep it where secrets are kept"
                ));
            }
            print(&made.text)
        }
    }
}
