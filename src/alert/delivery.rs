//! Sending what was written, again where it is not taken.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::bell::Bell;
use super::channels::Channel;
use super::letter::Letter;
use crate::environment::Environment;
use crate::store::{LetterRow, Store, StoreError};

/// How long to wait after the first time in vain; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// The longest wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// For how long a letter is sent again.
const TRIED_FOR: TimeDelta = TimeDelta::hours(24);

/// Which letters are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Haste {
    /// Those whose time has come.
    WhenDue,
    /// All.
    Now,
}

/// What became of a letter that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// To whom.
    pub channel: Channel,
    /// How it went.
    pub how: Delivery,
}

/// How sending a letter went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It was taken.
    Taken,
    /// It was not, for this reason, and is sent again.
    Again(String),
    /// It was not, for this reason, and was tried long enough.
    GivenUp(String),
}

/// Sends the letters that wait. One whose channel is not configured any more goes.
pub fn deliver(
    bell: &Bell,
    store: &Store,
    environment: &Environment,
    haste: Haste,
) -> Result<Vec<Delivered>, StoreError> {
    let now = environment.wall_clock.now();
    let letters = store.read(|reading| reading.letters())?;
    let due = |letter: &LetterRow| haste == Haste::Now || letter.next_try <= now;
    let mut delivered = Vec::new();
    for row in letters.into_iter().filter(due) {
        let sent = send(bell, &row, now);
        let mut writer = store.writer()?;
        writer.write(|writing| match &sent {
            Some(Delivered {
                how: Delivery::Again(_),
                ..
            }) => writing.postpone_letter(row.id, now + pause(row.tries)),
            _ => writing.drop_letter(row.id),
        })?;
        delivered.extend(sent);
    }
    Ok(delivered)
}

/// Sends a letter; nothing where nobody is to have it.
fn send(bell: &Bell, row: &LetterRow, now: DateTime<Utc>) -> Option<Delivered> {
    let channel = Channel::named(&row.channel)?;
    let letter: Letter = serde_json::from_str(&row.content).ok()?;
    let how = match bell.send(channel, &letter)? {
        Ok(()) => Delivery::Taken,
        Err(why) if now - row.written > TRIED_FOR => Delivery::GivenUp(why),
        Err(why) => Delivery::Again(why),
    };
    Some(Delivered { channel, how })
}

fn pause(tries: u32) -> Duration {
    LONGEST_PAUSE.min(FIRST_PAUSE * 2_u32.pow(tries.min(10)))
}
