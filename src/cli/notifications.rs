//! Creates the notifier of a command that runs, and delivers its pending notifications.

use std::time::Duration;

use super::output::print_stderr;
use super::{CliError, Context};
use crate::environment::{Clock, Environment};
use crate::notify::{Channels, DeliveryMode, DeliveryOutcome, DeliveryReport, Notifier, deliver};
use crate::store::Store;

/// The pause before each attempt. Notifications that fail at the last one wait for the next run.
const RETRY_DELAYS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(5),
];

/// Returns the configured notifier. With unreadable secrets it has no channels: the error is
/// printed, and the run goes on without notifications.
pub(super) fn notifier(context: &Context, environment: &Environment) -> Notifier {
    // A fixed time reproduces the past: a notification about it would be a false alarm.
    if matches!(environment.clock, Clock::Fixed(_)) {
        return Notifier::new(Channels::default());
    }
    let channels = context.configuration.alerts.channels();
    Notifier::new(channels.unwrap_or_else(|error| {
        let error = CliError::Configuration {
            path: context.configuration.path.clone().unwrap_or_default(),
            source: error,
        };
        print_stderr(&format!(
            "no notifications for this run\n{}",
            error.render()
        ));
        Channels::default()
    }))
}

/// Delivers pending notifications, with up to three attempts. A failure is printed and fails no
/// command.
pub(super) fn deliver_pending(notifier: &Notifier, store: &Store, environment: &Environment) {
    let mut failed = Vec::new();
    for pause in RETRY_DELAYS {
        std::thread::sleep(pause);
        match deliver(notifier, store, environment, DeliveryMode::All) {
            // Only the failures of the last attempt are final.
            Ok(delivered) => failed = failure_lines(delivered),
            Err(error) => return tracing::error!("notifications stay pending: {error}"),
        }
        if failed.is_empty() {
            return;
        }
    }
    for line in failed {
        print_stderr(&line);
    }
}

fn failure_lines(delivered: Vec<DeliveryReport>) -> Vec<String> {
    let failures = delivered
        .into_iter()
        .filter_map(|report| match report.outcome {
            DeliveryOutcome::Accepted => None,
            DeliveryOutcome::Retry(reason) => Some(format!(
                "warning: {}: notification failed: {reason}; the next run tries again",
                report.channel
            )),
            DeliveryOutcome::GivenUp(reason) => Some(format!(
                "warning: {}: notification failed: {reason}; given up after a day",
                report.channel
            )),
        });
    failures.collect()
}
