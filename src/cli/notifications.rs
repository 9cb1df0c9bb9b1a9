//! Creates the notifier for commands that execute runs, and delivers pending notifications.

use std::time::Duration;

use super::output::print_stderr;
use super::{context::Context, error::CliError};
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
    // A message that is given up leaves the outbox, so that later attempts do not report it again.
    let mut given_up = Vec::new();
    let mut pending = Vec::new();
    // Another version may be able to send it, so it stays, and a further attempt is of no use.
    let mut unreadable = Vec::new();
    for pause in RETRY_DELAYS {
        std::thread::sleep(pause);
        let delivered = match deliver(notifier, store, environment, DeliveryMode::All) {
            Ok(delivered) => delivered,
            Err(error) => {
                tracing::error!("notifications stay pending: {error}");
                break;
            }
        };
        pending.clear();
        unreadable.clear();
        for DeliveryReport { channel, outcome } in delivered {
            match outcome {
                DeliveryOutcome::Accepted => {}
                DeliveryOutcome::Retry(reason) => pending.push(format!(
                    "warning: {channel}: notification failed: {reason}; the next run tries again"
                )),
                DeliveryOutcome::GivenUp(reason) => given_up.push(format!(
                    "warning: {channel}: notification failed: {reason}; given up after a day"
                )),
                DeliveryOutcome::Unreadable(reason) => unreadable.push(format!(
                    "warning: {channel}: notification of an unknown form is kept: {reason}"
                )),
            }
        }
        if pending.is_empty() {
            break;
        }
    }
    for line in given_up.iter().chain(&pending).chain(&unreadable) {
        print_stderr(line);
    }
}
