//! `plimsoll alerts`.

use clap::{Args, Subcommand};

use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::environment::Environment;
use crate::notify::{Channels, Notifier};
use crate::report::{self, Palette};

/// Who is told when a night is done, when something is wrong, and when it is well again; what is
/// wrong as far as it was told; and what waits to be told. docs/alerts.md has the channels.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll alerts
  plimsoll alerts test      a word to every channel, to see that it arrives")]
pub struct AlertsArgs {
    #[command(subcommand)]
    command: Option<AlertsCommand>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Send a trial to every channel, and say how it was answered
    Test,
}

pub(super) fn execute(context: &Context, args: &AlertsArgs) -> Result<Exit, CliError> {
    let channels = context.configuration.alerts.channels();
    let channels = channels.map_err(|source| CliError::Configuration {
        path: context.configuration.path.clone().unwrap_or_default(),
        source,
    })?;
    match args.command {
        None => show(context, &channels),
        Some(AlertsCommand::Test) => test(context, channels),
    }
}

fn show(context: &Context, channels: &Channels) -> Result<Exit, CliError> {
    let store = context.store()?;
    let (troubles, letters) = store.read(|reading| {
        Ok::<_, CliError>((reading.active_alerts()?, reading.outbox_messages()?))
    })?;
    let seen = channels.configured();
    let seen: Vec<_> = seen
        .map(|(channel, post)| (channel.name(), post.url.host().to_owned()))
        .collect();
    match context.format() {
        Format::Json => print_json(&report::alerts_json(&seen, &troubles, &letters))?,
        Format::Text => print(&report::alerts_text(
            &seen,
            &troubles,
            &letters,
            Palette::Colour,
        ))?,
    }
    Ok(Exit::Complete)
}

/// Ends with 1 where a channel did not take it.
fn test(context: &Context, channels: Channels) -> Result<Exit, CliError> {
    let bell = Notifier::new(channels);
    let tried = bell.send_test(Environment::system(None).wall_clock.now());
    if tried.is_empty() {
        return Err(CliError::Usage(
            "[alerts] in the configuration names no channel that could be tried".to_owned(),
        ));
    }
    let went_wrong = tried.iter().any(|(_, how)| how.is_err());
    match context.format() {
        Format::Json => {
            let tried = tried.iter().map(|(channel, how)| {
                serde_json::json!({ "channel": channel.name(), "error": how.as_ref().err() })
            });
            print_json(&tried.collect::<Vec<_>>())?;
        }
        Format::Text => {
            for (channel, how) in &tried {
                match how {
                    Ok(()) => print(&format!("{channel:<8} took it"))?,
                    Err(why) => print(&format!("{channel:<8} did not take it: {why}"))?,
                }
            }
        }
    }
    Ok(match went_wrong {
        true => Exit::Incomplete,
        false => Exit::Complete,
    })
}
