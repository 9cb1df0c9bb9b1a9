//! `plimsoll token new|list|revoke`.

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};

use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::TokenScope;
use crate::environment::Environment;
use crate::report::{self, Palette};
use crate::serve::access::{new_token, revoke_token};
use crate::store::Store;

/// Manages access tokens of the server. A token is shown once, when it is created; only a digest of
/// it is stored. Scope read allows to read everything, scope admin also to start and cancel runs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll token new grafana
  plimsoll token new \"night job\" --scope admin --days 365
  plimsoll token list
  plimsoll token revoke grafana")]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token, and print it once
    New {
        /// Name of the token, such as the program that uses it
        name: String,
        /// Permission: read, or admin to start and cancel runs too
        #[arg(long, default_value = "read")]
        scope: TokenScope,
        /// Number of days until it expires; never by default
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        days: Option<u32>,
    },
    /// List all tokens, including revoked ones
    List,
    /// Revoke a token, at once and permanently
    Revoke {
        /// Name or handle of the token
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
            let tokens = store.read(|reading| reading.tokens().all())?;
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
            context.show(&report::token_json(&revoked, now), || {
                format!("token {} ({}) is revoked", revoked.name, revoked.handle)
            })?;
        }
    }
    Ok(Exit::Complete)
}

/// Creates a token. Only the token goes to standard output, so that it can be redirected to a file.
fn create_token(
    context: &Context,
    store: &Store,
    environment: &Environment,
    name: &str,
    scope: TokenScope,
    expires: Option<DateTime<Utc>>,
) -> Result<(), CliError> {
    let token = new_token(store, environment, name, scope, expires)?;
    match context.format() {
        Format::Json => {
            let mut json = report::token_json(&token.row, token.row.created);
            json["token"] = token.text.into();
            print_json(&json)
        }
        Format::Text => {
            if !context.global.quiet {
                print_stderr(&format!(
                    "token {name} of scope {scope}, shown only once; keep it secret"
                ));
            }
            print(&token.text)
        }
    }
}
