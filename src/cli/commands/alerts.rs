//! `plimsoll alerts`.

use clap::{Args, Subcommand};

use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::Scope;
use crate::environment::Environment;
use crate::notify::{Channels, Notifier};
use crate::query;
use crate::report::{self, Palette};

/// Lists the configured channels, the states that need attention now, the alerts that were notified,
/// and the notifications that are not delivered yet. docs/alerts.md describes the channels.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll alerts
  plimsoll alerts test      send a test message to every channel")]
pub(crate) struct AlertsArgs {
    #[command(subcommand)]
    command: Option<AlertsCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Send a test message to every channel, and show the results
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
    let app = context.app()?;
    let inputs = app.concern_inputs();
    let concerns = query::concerns(
        &app.store,
        &app.settings,
        &app.environment,
        &Scope::AllActive,
        &inputs,
    )?
    .concerns;
    let (alerts, messages) = app.store.read(|reading| {
        Ok::<_, CliError>((reading.alerts().active()?, reading.outbox().messages()?))
    })?;
    let hosts = channels.configured();
    // The host alone: the rest of a URL may be a secret.
    let hosts: Vec<_> = hosts
        .map(|(channel, endpoint)| (channel.name(), endpoint.url.host().to_owned()))
        .collect();
    let json = report::alerts_json(&hosts, &concerns, &alerts, &messages);
    context.show(&json, || {
        report::alerts_text(&hosts, &concerns, &alerts, &messages, Palette::Colour)
    })?;
    Ok(Exit::Complete)
}

/// Sends the test messages. The exit code is 1 if a channel failed.
fn test(context: &Context, channels: Channels) -> Result<Exit, CliError> {
    let notifier = Notifier::new(channels);
    let results = notifier.send_test(Environment::system(None).wall_clock.now());
    if results.is_empty() {
        return Err(CliError::Usage(
            "no channel to test: [alerts] of the configuration has none".to_owned(),
        ));
    }
    let any_failed = results.iter().any(|(_, result)| result.is_err());
    match context.format() {
        Format::Json => {
            let results = results.iter().map(|(channel, result)| {
                serde_json::json!({ "channel": channel.name(), "error": result.as_ref().err() })
            });
            print_json(&results.collect::<Vec<_>>())?;
        }
        Format::Text => {
            for (channel, result) in &results {
                match result {
                    Ok(()) => print(&format!("{channel:<8} ok"))?,
                    Err(error) => print(&format!("{channel:<8} failed: {error}"))?,
                }
            }
        }
    }
    Ok(Exit::complete_if(!any_failed))
}
