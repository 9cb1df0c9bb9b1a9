//! Creates the notifier for commands that execute runs, and delivers pending notifications.

use std::time::Duration;

use super::output::print_stderr;
use super::{CliError, Context};
use crate::environment::{Clock, Environment};
use crate::notify::{Channels, DeliveryMode, DeliveryOutcome, DeliveryReport, Notifier, deliver};
use crate::store::Store;

/// The pause before each attempt. Notifications that fail in the last one stay pending for the next
/// run.
const RETRY_DELAYS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(5),
];

/// Returns the configured notifier. If a secret cannot be read, the error is printed and the
/// notifier has no channels: the run continues without notifications.
pub(super) fn notifier(context: &Context, environment: &Environment) -> Notifier {
    // Under a fixed clock a run reproduces a past day, so its alerts would be false.
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

/// Delivers pending notifications, with up to three attempts. Failures are printed and do not
/// change the exit code.
pub(super) fn deliver_pending(notifier: &Notifier, store: &Store, environment: &Environment) {
    let mut failed = Vec::new();
    for pause in RETRY_DELAYS {
        std::thread::sleep(pause);
        match deliver(notifier, store, environment, DeliveryMode::All) {
            // Replaces the failures of the previous attempt.
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

/// Returns a warning for each delivery that failed.
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
