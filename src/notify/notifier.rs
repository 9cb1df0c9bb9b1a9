//! What a run rings as it begins and ends.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};

use super::alert_state::{ActiveAlerts, AlertDiff, AlertKind, RunCompletion, active_alerts};
use super::channels::{Channel, Channels};
use super::http_client::Client;
use super::message::{AlertContext, OutboxMessage, Ping, alert_change, test_message};
use crate::domain::RunId;
use crate::engine::{EngineError, Outcome, RunEvent, RunRequest, Settings};
use crate::environment::Environment;
use crate::query::{self, QueryError};
use crate::store::{ActiveAlertRow, Store, StoreError, WriteTransaction};

/// Tells the outside of runs.
#[derive(Debug)]
pub struct Notifier {
    channels: Channels,
    client: Client,
    /// Says that a run has begun.
    start_ping: Mutex<Option<JoinHandle<()>>>,
}

/// Of which run is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunKind {
    /// The nightly run, of which a dead man's switch hears.
    Nightly,
    /// A run of some, or of some days: books change by it, and the night is not done by it.
    Other,
}

/// What one run rings.
#[derive(Debug)]
pub struct RunNotifications<'b> {
    notifier: &'b Notifier,
    kind: RunKind,
    run: OnceLock<RunId>,
    planned: OnceLock<()>,
}

/// The books that a bell is rung for.
#[derive(Debug, Clone, Copy)]
pub struct NotifyContext<'b> {
    /// The database.
    pub store: &'b Store,
    /// What runs are told.
    pub settings: &'b Settings,
    /// Time.
    pub environment: &'b Environment,
}

impl Notifier {
    /// A bell that is heard in these channels.
    pub fn new(channels: Channels) -> Self {
        Self {
            channels,
            client: Client::new(),
            start_ping: Mutex::new(None),
        }
    }

    /// Where it is heard.
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// What a run of this kind rings.
    pub fn for_run(&self, asked: &RunRequest) -> RunNotifications<'_> {
        RunNotifications {
            notifier: self,
            kind: match asked.is_nightly() {
                true => RunKind::Nightly,
                false => RunKind::Other,
            },
            run: OnceLock::new(),
            planned: OnceLock::new(),
        }
    }

    /// Tells the dead man's switch that a run has begun, beside the run.
    fn send_start_ping(&self, run: RunId) {
        let Some(post) = self.channels.ping.clone() else {
            return;
        };
        let client = self.client.clone();
        let letter = OutboxMessage::Ping(Ping::start(run));
        let thread = std::thread::Builder::new().name("ping".to_owned());
        let spawned = thread.spawn(move || {
            if let Err(why) = client.send(Channel::Ping, &post, &letter) {
                tracing::warn!("the start of run {run} was not told: {why}");
            }
        });
        match spawned {
            Ok(thread) => *self.lock_start_ping() = Some(thread),
            Err(error) => tracing::warn!("the start of run {run} was not told: {error}"),
        }
    }

    /// Sends a trial to every channel.
    pub fn send_test(&self, at: DateTime<Utc>) -> Vec<(Channel, Result<(), String>)> {
        let tried = self.channels.configured().map(|(channel, post)| {
            let letter = match channel {
                Channel::Ping => OutboxMessage::Ping(Ping::test()),
                Channel::Ntfy | Channel::Webhook => OutboxMessage::AlertChange(test_message(at)),
            };
            (channel, self.client.send(channel, post, &letter))
        });
        tried.collect()
    }

    /// Sends a letter where its channel is configured. One to the dead man's switch never
    /// overtakes the word that its run has begun.
    pub(super) fn send(
        &self,
        channel: Channel,
        letter: &OutboxMessage,
    ) -> Option<Result<(), String>> {
        let post = self.channels.endpoint(channel)?;
        if channel == Channel::Ping {
            let starting = self.lock_start_ping().take();
            // That thread only sends, with a limit of its own.
            let _ = starting.map(JoinHandle::join);
        }
        Some(self.client.send(channel, post, letter))
    }

    fn send_now(&self, letter: &OutboxMessage) {
        if let Some(Err(why)) = self.send(Channel::Ping, letter) {
            tracing::error!("nor could it be told: {why}");
        }
    }

    fn lock_start_ping(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.start_ping
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn alert_channels(&self) -> impl Iterator<Item = Channel> {
        let all = self.channels.configured().map(|(channel, _)| channel);
        all.filter(|channel| *channel != Channel::Ping)
    }
}

impl RunNotifications<'_> {
    /// The run has reached a moment. That it has begun is told once it has its plan: one that is
    /// refused before has never been.
    pub fn on_event(&self, moment: &RunEvent<'_>) {
        match moment {
            RunEvent::Started { run } => {
                let _ = self.run.set(*run);
            }
            RunEvent::Planned if self.planned.set(()).is_ok() && self.kind == RunKind::Nightly => {
                if let Some(run) = self.run.get() {
                    self.notifier.send_start_ping(*run);
                }
            }
            _ => {}
        }
    }

    /// The run has ended. Writes what is to be told of it; [`super::deliver`] sends that. An error
    /// here is told by the log alone: the run is what it is.
    pub fn on_end(&self, books: NotifyContext<'_>, how: Result<&Outcome, &EngineError>) {
        let listens = self.notifier.channels.configured().next().is_some();
        if !listens || how.is_err_and(is_refused) {
            return;
        }
        let error = how.err().map(with_causes);
        if let Err(problem) = self.record(books, how, error.as_deref()) {
            tracing::error!("what a run came to could not be written down to be told: {problem}");
            // Where nothing can be written the dead man's switch can still be told.
            if self.kind == RunKind::Nightly {
                let why = error.unwrap_or_else(|| problem.to_string());
                let letter = OutboxMessage::Ping(Ping::fail(self.run.get().copied(), &why));
                self.notifier.send_now(&letter);
            }
        }
    }

    /// One transaction: what stands from here on, and the letters that say what changed.
    fn record(
        &self,
        books: NotifyContext<'_>,
        how: Result<&Outcome, &EngineError>,
        error: Option<&str>,
    ) -> Result<(), QueryError> {
        let now = books.environment.wall_clock.now();
        let troubles = match how {
            Ok(_) if self.notifier.alert_channels().next().is_some() => {
                let (settings, max_lag) = (books.settings, self.notifier.channels.max_lag);
                let seen =
                    query::alert_conditions(books.store, settings, books.environment, max_lag);
                Some(seen?)
            }
            _ => None,
        };
        let found = AlertContext {
            at: now,
            run: self.run.get().copied(),
            conditions: troubles.as_ref(),
            error: error.map(str::to_owned),
        };
        books.store.writer()?.write(|writing| {
            if self.kind == RunKind::Nightly {
                self.enqueue_ping(writing, &found, how)?;
            }
            self.enqueue_alert_change(writing, &found)
        })?;
        Ok(())
    }

    fn enqueue_ping(
        &self,
        writing: &WriteTransaction<'_>,
        found: &AlertContext<'_>,
        how: Result<&Outcome, &EngineError>,
    ) -> Result<(), StoreError> {
        if self.notifier.channels.ping.is_none() {
            return Ok(());
        }
        let ping = match how {
            Ok(outcome) => Ping::end(outcome),
            Err(_) => Ping::fail(found.run, found.error.as_deref().unwrap_or_default()),
        };
        let channel = Channel::Ping.name();
        writing.delete_outbox_messages_to(channel)?;
        writing.add_outbox_message(channel, &to_json(&OutboxMessage::Ping(ping)), found.at)
    }

    fn enqueue_alert_change(
        &self,
        writing: &WriteTransaction<'_>,
        found: &AlertContext<'_>,
    ) -> Result<(), StoreError> {
        if self.notifier.alert_channels().next().is_none() {
            return Ok(());
        }
        let went = match found.error {
            None => RunCompletion::Finished,
            Some(_) => RunCompletion::Failed,
        };
        let told = writing.active_alerts()?;
        let before = active_alerts_from(&told);
        let after = active_alerts(found.conditions, &before, went);
        writing.set_active_alerts(&alert_rows(&after, &told, found.at))?;
        let changes = AlertDiff::between(&before, &after);
        if changes.is_empty() {
            return Ok(());
        }
        let letter = to_json(&OutboxMessage::AlertChange(alert_change(&changes, found)));
        for channel in self.notifier.alert_channels() {
            writing.add_outbox_message(channel.name(), &letter, found.at)?;
        }
        Ok(())
    }
}

fn to_json(letter: &OutboxMessage) -> String {
    serde_json::to_string(letter).expect("a letter is plain data")
}

/// What was told, of the kinds that are known.
fn active_alerts_from(told: &[ActiveAlertRow]) -> ActiveAlerts {
    let known = told
        .iter()
        .filter_map(|row| Some((AlertKind::from_name(&row.kind)?, row.portfolios.clone())));
    known.collect()
}

/// The rows of what stands; what stood before keeps its beginning.
fn alert_rows(
    after: &ActiveAlerts,
    told: &[ActiveAlertRow],
    now: DateTime<Utc>,
) -> Vec<ActiveAlertRow> {
    let since = |kind: AlertKind| {
        let before = told.iter().find(|row| row.kind == kind.name());
        before.map_or(now, |row| row.since)
    };
    let rows = after.iter().map(|(kind, subjects)| ActiveAlertRow {
        kind: kind.name().to_owned(),
        since: since(*kind),
        portfolios: subjects.clone(),
    });
    rows.collect()
}

/// Whether nothing is wrong: what was asked for is refused to who asked, or another run is at
/// work.
fn is_refused(error: &EngineError) -> bool {
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
