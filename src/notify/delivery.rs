//! Sending what was written, again where it is not taken.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::channels::Channel;
use super::message::OutboxMessage;
use super::notifier::Notifier;
use crate::environment::Environment;
use crate::store::{OutboxMessageRow, Store, StoreError};

/// How long to wait after the first time in vain; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// The longest wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// For how long a letter is sent again.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::hours(24);

/// Which letters are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryMode {
    /// Those whose time has come.
    DueOnly,
    /// All.
    All,
}

/// What became of a letter that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReport {
    /// To whom.
    pub channel: Channel,
    /// How it went.
    pub outcome: DeliveryOutcome,
}

/// How sending a letter went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It was taken.
    Accepted,
    /// It was not, for this reason, and is sent again.
    Retry(String),
    /// It was not, for this reason, and was tried long enough.
    GivenUp(String),
}

/// Sends the letters that wait. One whose channel is not configured any more goes.
pub fn deliver(
    bell: &Notifier,
    store: &Store,
    environment: &Environment,
    haste: DeliveryMode,
) -> Result<Vec<DeliveryReport>, StoreError> {
    let now = environment.wall_clock.now();
    let letters = store.read(|reading| reading.outbox_messages())?;
    let due = |letter: &OutboxMessageRow| haste == DeliveryMode::All || letter.next_attempt <= now;
    let mut delivered = Vec::new();
    for row in letters.into_iter().filter(due) {
        let sent = send(bell, &row, now);
        let mut writer = store.writer()?;
        writer.write(|writing| match &sent {
            Some(DeliveryReport {
                outcome: DeliveryOutcome::Retry(_),
                ..
            }) => writing.postpone_outbox_message(row.id, now + retry_delay(row.attempts)),
            _ => writing.delete_outbox_message(row.id),
        })?;
        delivered.extend(sent);
    }
    Ok(delivered)
}

/// Sends a letter; nothing where nobody is to have it.
fn send(bell: &Notifier, row: &OutboxMessageRow, now: DateTime<Utc>) -> Option<DeliveryReport> {
    let channel = Channel::from_name(&row.channel)?;
    let letter: OutboxMessage = serde_json::from_str(&row.content).ok()?;
    let how = match bell.send(channel, &letter)? {
        Ok(()) => DeliveryOutcome::Accepted,
        Err(why) if now - row.created > GIVE_UP_AFTER => DeliveryOutcome::GivenUp(why),
        Err(why) => DeliveryOutcome::Retry(why),
    };
    Some(DeliveryReport {
        channel,
        outcome: how,
    })
}

fn retry_delay(tries: u32) -> Duration {
    LONGEST_PAUSE.min(FIRST_PAUSE * 2_u32.pow(tries.min(10)))
}
