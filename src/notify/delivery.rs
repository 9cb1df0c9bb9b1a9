//! Delivers outbox messages, with retries.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::channels::Channel;
use super::message::OutboxMessage;
use super::notifier::Notifier;
use crate::environment::Environment;
use crate::store::{OutboxMessageRow, Store, StoreError, WriteTransaction};

/// The wait after the first failed attempt; each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// The upper bound of the wait between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// The time for which a process that sends a message keeps others from sending it. A longer time
/// than any attempt takes; a message whose process died is sent by another one afterwards.
const CLAIM: TimeDelta = TimeDelta::minutes(2);
/// The age from which a message that fails again is dropped.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::hours(24);

/// Selects the messages to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryMode {
    /// Messages whose next attempt is due.
    DueOnly,
    /// All messages, whatever their next attempt.
    All,
}

/// The result of one delivery attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport {
    /// The name of the channel that the message is for.
    pub channel: String,
    /// Accepted, or the reason of the failure.
    pub outcome: DeliveryOutcome,
}

/// The outcome of one delivery attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The endpoint accepted it; the message leaves the outbox.
    Accepted,
    /// It failed for this reason and stays in the outbox for another attempt.
    Retry(String),
    /// It failed for this reason and is dropped: it is older than a day.
    GivenUp(String),
    /// This version cannot read it for this reason. It stays in the outbox.
    Unreadable(String),
}

/// Sends pending messages and records each outcome in the outbox.
///
/// Each message is claimed first, so that a run and a server do not both send it. Messages of
/// channels that are no longer configured are deleted without an attempt. Messages of an unknown
/// channel or shape, which another version may have written, stay and are reported.
///
/// # Errors
///
/// The outbox can't be read or written. A failed delivery is an outcome, not an error.
pub fn deliver(
    notifier: &Notifier,
    store: &Store,
    environment: &Environment,
    mode: DeliveryMode,
) -> Result<Vec<DeliveryReport>, StoreError> {
    let now = environment.wall_clock.now();
    let messages = store.read(|reading| reading.outbox().messages())?;
    let due = |message: &OutboxMessageRow| mode == DeliveryMode::All || message.next_attempt <= now;
    let due: Vec<_> = messages.into_iter().filter(due).collect();
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let mut writer = store.writer()?;
    let mut delivered = Vec::new();
    for row in due {
        let claim = |writing: &WriteTransaction<'_>| {
            let outbox = writing.outbox();
            outbox.claim(row.id, environment.wall_clock.now(), CLAIM)
        };
        if !writer.write(claim)? {
            continue;
        }
        // No transaction is open while the network is waited for: a slow endpoint must not block
        // the writers of the database.
        let outcome = send(notifier, &row, now);
        writer.write(|writing| match &outcome {
            Some(DeliveryOutcome::Retry(_) | DeliveryOutcome::Unreadable(_)) => writing
                .outbox()
                .postpone(row.id, now + retry_delay(row.attempts)),
            Some(DeliveryOutcome::Accepted | DeliveryOutcome::GivenUp(_)) | None => {
                writing.outbox().delete(row.id)
            }
        })?;
        delivered.extend(outcome.map(|outcome| DeliveryReport {
            channel: row.channel,
            outcome,
        }));
    }
    Ok(delivered)
}

/// Sends one message. Returns `None` if its channel is not configured; such rows are deleted.
fn send(
    notifier: &Notifier,
    row: &OutboxMessageRow,
    now: DateTime<Utc>,
) -> Option<DeliveryOutcome> {
    let Some(channel) = Channel::from_name(&row.channel) else {
        let reason = format!("unknown channel `{}`", row.channel);
        return Some(DeliveryOutcome::Unreadable(reason));
    };
    let message: OutboxMessage = match serde_json::from_str(&row.content) {
        Ok(message) => message,
        Err(error) => return Some(DeliveryOutcome::Unreadable(error.to_string())),
    };
    Some(match notifier.send(channel, &message)? {
        Ok(()) => DeliveryOutcome::Accepted,
        Err(reason) if now - row.created > GIVE_UP_AFTER => DeliveryOutcome::GivenUp(reason),
        Err(reason) => DeliveryOutcome::Retry(reason),
    })
}

fn retry_delay(attempts: u32) -> Duration {
    LONGEST_PAUSE.min(FIRST_PAUSE * 2_u32.pow(attempts.min(10)))
}
