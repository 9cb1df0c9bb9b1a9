//! What a run rings as it begins and ends.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};

use super::change::{Changes, Kind, RunWent, Standing, standing};
use super::channels::{Channel, Channels};
use super::letter::{Found, Letter, Ping, news, trial};
use super::post::Client;
use crate::domain::RunId;
use crate::engine::{EngineError, Outcome, RunEvent, RunRequest, Settings};
use crate::environment::Environment;
use crate::query::{self, QueryError};
use crate::store::{Store, StoreError, TroubleRow, WriteTransaction};

/// Tells the outside of runs.
#[derive(Debug)]
pub struct Bell {
    channels: Channels,
    client: Client,
    /// Says that a run has begun.
    starting: Mutex<Option<JoinHandle<()>>>,
}

/// Of which run is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Night {
    /// The nightly run, of which a dead man's switch hears.
    Nightly,
    /// A run of some, or of some days: books change by it, and the night is not done by it.
    Other,
}

/// What one run rings.
#[derive(Debug)]
pub struct Ring<'b> {
    bell: &'b Bell,
    night: Night,
    run: OnceLock<RunId>,
    planned: OnceLock<()>,
}

/// The books that a bell is rung for.
#[derive(Debug, Clone, Copy)]
pub struct Books<'b> {
    /// The database.
    pub store: &'b Store,
    /// What runs are told.
    pub settings: &'b Settings,
    /// Time.
    pub environment: &'b Environment,
}

impl Bell {
    /// A bell that is heard in these channels.
    pub fn new(channels: Channels) -> Self {
        Self {
            channels,
            client: Client::new(),
            starting: Mutex::new(None),
        }
    }

    /// Where it is heard.
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// What a run of this kind rings.
    pub fn ring(&self, asked: &RunRequest) -> Ring<'_> {
        Ring {
            bell: self,
            night: match asked.is_nightly() {
                true => Night::Nightly,
                false => Night::Other,
            },
            run: OnceLock::new(),
            planned: OnceLock::new(),
        }
    }

    /// Tells the dead man's switch that a run has begun, beside the run.
    fn tell_of_start(&self, run: RunId) {
        let Some(post) = self.channels.ping.clone() else {
            return;
        };
        let client = self.client.clone();
        let letter = Letter::Ping(Ping::start(run));
        let thread = std::thread::Builder::new().name("ping".to_owned());
        let spawned = thread.spawn(move || {
            if let Err(why) = client.send(Channel::Ping, &post, &letter) {
                tracing::warn!("the start of run {run} was not told: {why}");
            }
        });
        match spawned {
            Ok(thread) => *self.starting() = Some(thread),
            Err(error) => tracing::warn!("the start of run {run} was not told: {error}"),
        }
    }

    /// Sends a trial to every channel.
    pub fn try_all(&self, at: DateTime<Utc>) -> Vec<(Channel, Result<(), String>)> {
        let tried = self.channels.configured().map(|(channel, post)| {
            let letter = match channel {
                Channel::Ping => Letter::Ping(Ping::trial()),
                Channel::Ntfy | Channel::Webhook => Letter::News(trial(at)),
            };
            (channel, self.client.send(channel, post, &letter))
        });
        tried.collect()
    }

    /// Sends a letter where its channel is configured. One to the dead man's switch never
    /// overtakes the word that its run has begun.
    pub(super) fn send(&self, channel: Channel, letter: &Letter) -> Option<Result<(), String>> {
        let post = self.channels.post(channel)?;
        if channel == Channel::Ping {
            let starting = self.starting().take();
            // That thread only sends, with a limit of its own.
            let _ = starting.map(JoinHandle::join);
        }
        Some(self.client.send(channel, post, letter))
    }

    fn send_at_once(&self, letter: &Letter) {
        if let Some(Err(why)) = self.send(Channel::Ping, letter) {
            tracing::error!("nor could it be told: {why}");
        }
    }

    fn starting(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.starting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hears_news(&self) -> impl Iterator<Item = Channel> {
        let all = self.channels.configured().map(|(channel, _)| channel);
        all.filter(|channel| *channel != Channel::Ping)
    }
}

impl Ring<'_> {
    /// The run has reached a moment. That it has begun is told once it has its plan: one that is
    /// refused before has never been.
    pub fn reached(&self, moment: &RunEvent<'_>) {
        match moment {
            RunEvent::Started { run } => {
                let _ = self.run.set(*run);
            }
            RunEvent::Planned if self.planned.set(()).is_ok() && self.night == Night::Nightly => {
                if let Some(run) = self.run.get() {
                    self.bell.tell_of_start(*run);
                }
            }
            _ => {}
        }
    }

    /// The run has ended. Writes what is to be told of it; [`super::deliver`] sends that. An error
    /// here is told by the log alone: the run is what it is.
    pub fn ended(&self, books: Books<'_>, how: Result<&Outcome, &EngineError>) {
        let listens = self.bell.channels.configured().next().is_some();
        if !listens || how.is_err_and(is_refusal) {
            return;
        }
        let error = how.err().map(with_causes);
        if let Err(problem) = self.write(books, how, error.as_deref()) {
            tracing::error!("what a run came to could not be written down to be told: {problem}");
            // Where nothing can be written the dead man's switch can still be told.
            if self.night == Night::Nightly {
                let why = error.unwrap_or_else(|| problem.to_string());
                let letter = Letter::Ping(Ping::fail(self.run.get().copied(), &why));
                self.bell.send_at_once(&letter);
            }
        }
    }

    /// One transaction: what stands from here on, and the letters that say what changed.
    fn write(
        &self,
        books: Books<'_>,
        how: Result<&Outcome, &EngineError>,
        error: Option<&str>,
    ) -> Result<(), QueryError> {
        let now = books.environment.wall_clock.now();
        let troubles = match how {
            Ok(_) if self.bell.hears_news().next().is_some() => {
                let (settings, max_lag) = (books.settings, self.bell.channels.max_lag);
                let seen =
                    query::alert_conditions(books.store, settings, books.environment, max_lag);
                Some(seen?)
            }
            _ => None,
        };
        let found = Found {
            at: now,
            run: self.run.get().copied(),
            troubles: troubles.as_ref(),
            error: error.map(str::to_owned),
        };
        books.store.writer()?.write(|writing| {
            if self.night == Night::Nightly {
                self.write_ping(writing, &found, how)?;
            }
            self.write_news(writing, &found)
        })?;
        Ok(())
    }

    fn write_ping(
        &self,
        writing: &WriteTransaction<'_>,
        found: &Found<'_>,
        how: Result<&Outcome, &EngineError>,
    ) -> Result<(), StoreError> {
        if self.bell.channels.ping.is_none() {
            return Ok(());
        }
        let ping = match how {
            Ok(outcome) => Ping::end(outcome),
            Err(_) => Ping::fail(found.run, found.error.as_deref().unwrap_or_default()),
        };
        let channel = Channel::Ping.name();
        writing.drop_letters_to(channel)?;
        writing.add_letter(channel, &written(&Letter::Ping(ping)), found.at)
    }

    fn write_news(
        &self,
        writing: &WriteTransaction<'_>,
        found: &Found<'_>,
    ) -> Result<(), StoreError> {
        if self.bell.hears_news().next().is_none() {
            return Ok(());
        }
        let went = match found.error {
            None => RunWent::Through,
            Some(_) => RunWent::Wrong,
        };
        let told = writing.troubles()?;
        let before = standing_of(&told);
        let after = standing(found.troubles, &before, went);
        writing.set_troubles(&rows(&after, &told, found.at))?;
        let changes = Changes::between(&before, &after);
        if changes.is_empty() {
            return Ok(());
        }
        let letter = written(&Letter::News(news(&changes, found)));
        for channel in self.bell.hears_news() {
            writing.add_letter(channel.name(), &letter, found.at)?;
        }
        Ok(())
    }
}

fn written(letter: &Letter) -> String {
    serde_json::to_string(letter).expect("a letter is plain data")
}

/// What was told, of the kinds that are known.
fn standing_of(told: &[TroubleRow]) -> Standing {
    let known = told
        .iter()
        .filter_map(|row| Some((Kind::named(&row.kind)?, row.subjects.clone())));
    known.collect()
}

/// The rows of what stands; what stood before keeps its beginning.
fn rows(after: &Standing, told: &[TroubleRow], now: DateTime<Utc>) -> Vec<TroubleRow> {
    let since = |kind: Kind| {
        let before = told.iter().find(|row| row.kind == kind.name());
        before.map_or(now, |row| row.since)
    };
    let rows = after.iter().map(|(kind, subjects)| TroubleRow {
        kind: kind.name().to_owned(),
        since: since(*kind),
        subjects: subjects.clone(),
    });
    rows.collect()
}

/// Whether nothing is wrong: what was asked for is refused to who asked, or another run is at
/// work.
fn is_refusal(error: &EngineError) -> bool {
    matches!(
        error,
        EngineError::Plan(_)
            | EngineError::PlanChanged { .. }
            | EngineError::TooManyCells { .. }
            | EngineError::Store(StoreError::LeaseHeld { .. })
    )
}

fn with_causes(error: &EngineError) -> String {
    use std::error::Error;
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push_str(&format!(": {error}"));
        cause = error.source();
    }
    said
}
