//! The bell of a command that runs: whom it tells, and seeing what is to be told off.

use std::time::Duration;

use super::output::print_stderr;
use super::{CliError, Context};
use crate::environment::{Clock, Environment};
use crate::notify::{Channels, DeliveryMode, DeliveryOutcome, DeliveryReport, Notifier, deliver};
use crate::store::Store;

/// How long to wait before each try; what is not taken then is sent with the next run.
const RETRY_DELAYS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(2),
    Duration::from_secs(5),
];

/// The bell that is configured. Time that stands is somebody's reproduction, of which nobody
/// outside is to hear. Secrets that can't be read are told, and keep no run from being made.
pub(super) fn notifier(context: &Context, environment: &Environment) -> Notifier {
    if matches!(environment.clock, Clock::Fixed(_)) {
        return Notifier::new(Channels::default());
    }
    let channels = context.configuration.alerts.channels();
    Notifier::new(channels.unwrap_or_else(|error| {
        let error = CliError::Configuration {
            path: context.configuration.path.clone().unwrap_or_default(),
            source: error,
        };
        print_stderr(&format!("nobody is told of this run\n{}", error.render()));
        Channels::default()
    }))
}

/// Sends what is to be told, a few times where it is not taken.
pub(super) fn deliver_pending(bell: &Notifier, store: &Store, environment: &Environment) {
    let mut failed = Vec::new();
    for pause in RETRY_DELAYS {
        std::thread::sleep(pause);
        match deliver(bell, store, environment, DeliveryMode::All) {
            Ok(delivered) => failed = failure_lines(delivered),
            Err(error) => return tracing::error!("what is to be told waits: {error}"),
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
        .filter_map(|letter| match letter.outcome {
            DeliveryOutcome::Accepted => None,
            DeliveryOutcome::Retry(why) => Some(format!(
                "warning: {} was not told: {why}; the next run tries again",
                letter.channel
            )),
            DeliveryOutcome::GivenUp(why) => Some(format!(
                "warning: {} was not told: {why}; given up after a day",
                letter.channel
            )),
        });
    failures.collect()
}
