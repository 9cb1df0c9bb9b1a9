//! Sends run-started pings and writes the messages of a run's end to the outbox.

use std::error::Error;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};

use super::alert_state::{ActiveAlerts, AlertDiff, AlertExtent, RunCompletion, active_alerts};
use super::channels::{Channel, Channels};
use super::http_client::Client;
use super::message::{AlertContext, OutboxMessage, Ping, alert_change, test_message};
use crate::domain::RunId;
use crate::engine::{EngineError, Outcome, RunEvent, RunRequest, Settings};
use crate::environment::Environment;
use crate::query::{self, ConcernInputs, ConcernKind, QueryError};
use crate::report::error_with_causes;
use crate::store::{ActiveAlertRow, Store, StoreError, WriteTransaction};

/// Notifies the configured channels of runs.
#[derive(Debug)]
pub struct Notifier {
    channels: Channels,
    client: Client,
    /// The thread that sends the start ping of the current run, until it is joined.
    start_ping: Mutex<Option<JoinHandle<()>>>,
}

/// The kind of run, which decides whether pings are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunKind {
    /// A run of all active portfolios up to the last final session. It pings the dead man's switch.
    Nightly,
    /// Any other run, such as one with a scope, a range or force. It changes alerts, but does not
    /// show that the nightly run works, so it sends no ping.
    Other,
}

/// The end of a run, with the error and its causes if it failed.
#[derive(Debug)]
enum RunEnd<'o> {
    Ended(&'o Outcome),
    Failed(String),
    /// The inbox could not be imported, and there was no run.
    NotStarted(String),
}

impl RunEnd<'_> {
    fn error(&self) -> Option<&str> {
        match self {
            Self::Ended(_) => None,
            Self::Failed(error) | Self::NotStarted(error) => Some(error),
        }
    }
}

/// The notifications of one run.
#[derive(Debug)]
pub struct RunNotifications<'b> {
    notifier: &'b Notifier,
    kind: RunKind,
    run: OnceLock<RunId>,
    planned: OnceLock<()>,
}

/// The database, settings and clocks that the notifications of a run need.
#[derive(Debug, Clone, Copy)]
pub struct NotifyContext<'b> {
    /// The database with the outbox and the active alerts.
    pub store: &'b Store,
    /// The settings of the run, which alert conditions depend on.
    pub settings: &'b Settings,
    /// The clocks: the wall clock for timestamps, the run's clock for alert conditions.
    pub environment: &'b Environment,
    /// Limits and outside facts, which alert conditions depend on.
    pub concern_inputs: &'b ConcernInputs,
}

impl Notifier {
    /// Creates a notifier for these channels.
    pub fn new(channels: Channels) -> Self {
        Self {
            channels,
            client: Client::new(),
            start_ping: Mutex::new(None),
        }
    }

    /// The channels that it notifies.
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// Prepares the notifications of one run. Pass its events to [`RunNotifications::on_event`].
    pub fn for_run(&self, run_request: &RunRequest) -> RunNotifications<'_> {
        RunNotifications {
            notifier: self,
            kind: match run_request.is_nightly() {
                true => RunKind::Nightly,
                false => RunKind::Other,
            },
            run: OnceLock::new(),
            planned: OnceLock::new(),
        }
    }

    /// Sends the start ping on a thread of its own, so that a slow switch does not delay the run.
    fn send_start_ping(&self, run: RunId) {
        let Some(endpoint) = self.channels.ping.clone() else {
            return;
        };
        let client = self.client.clone();
        let message = OutboxMessage::Ping(Ping::start(run));
        let thread = std::thread::Builder::new().name("ping".to_owned());
        let spawned = thread.spawn(move || {
            if let Err(reason) = client.send(Channel::Ping, &endpoint, &message) {
                tracing::warn!("start ping of run {run} failed: {reason}");
            }
        });
        match spawned {
            Ok(thread) => *self.lock_start_ping() = Some(thread),
            Err(error) => tracing::warn!("start ping of run {run} failed: {error}"),
        }
    }

    /// Sends a test message to every configured channel and returns the result of each.
    pub fn send_test(&self, at: DateTime<Utc>) -> Vec<(Channel, Result<(), String>)> {
        let results = self.channels.configured().map(|(channel, endpoint)| {
            let message = match channel {
                Channel::Ping => OutboxMessage::Ping(Ping::test()),
                Channel::Ntfy | Channel::Webhook => OutboxMessage::AlertChange(test_message(at)),
            };
            (channel, self.client.send(channel, endpoint, &message))
        });
        results.collect()
    }

    /// Sends a message, or returns `None` if its channel is not configured. A ping first waits
    /// for the start ping to be sent: a start ping that arrives last would mark the run as still
    /// running.
    pub(super) fn send(
        &self,
        channel: Channel,
        message: &OutboxMessage,
    ) -> Option<Result<(), String>> {
        let endpoint = self.channels.endpoint(channel)?;
        if channel == Channel::Ping {
            let start_ping = self.lock_start_ping().take();
            // The wait is bounded: that thread only sends, with the time limit of the client.
            let _ = start_ping.map(JoinHandle::join);
        }
        Some(self.client.send(channel, endpoint, message))
    }

    fn send_now(&self, message: &OutboxMessage) {
        if let Some(Err(reason)) = self.send(Channel::Ping, message) {
            tracing::error!("failed to send the ping: {reason}");
        }
    }

    fn lock_start_ping(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.start_ping
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn alert_channels(&self) -> impl Iterator<Item = Channel> {
        let channels = self.channels.configured().map(|(channel, _)| channel);
        channels.filter(|channel| *channel != Channel::Ping)
    }
}

impl RunNotifications<'_> {
    /// Handles an event of the run. The start ping is sent once the run has its plan: a run that is
    /// refused before then sends no ping at its end, so it must not send one at its start.
    pub fn on_event(&self, event: &RunEvent<'_>) {
        match event {
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

    /// Writes the messages of the run's end to the outbox; [`super::deliver`] sends them. An error
    /// is only logged: it must not change the result of the run.
    pub fn on_end(&self, context: NotifyContext<'_>, result: Result<&Outcome, &EngineError>) {
        let has_channels = self.notifier.channels.configured().next().is_some();
        // A run that had a plan has sent its start ping, and may have committed cells. If it is
        // refused when it plans again, it ends like any other run.
        let has_started = self.planned.get().is_some();
        if !has_channels || (!has_started && result.is_err_and(is_refused)) {
            return;
        }
        match result {
            Ok(outcome) => self.record_or_ping(context, &RunEnd::Ended(outcome)),
            Err(error) => self.record_or_ping(context, &RunEnd::Failed(error_with_causes(error))),
        }
    }

    /// Writes the messages about a run that was not started, for this reason.
    pub fn on_not_started(&self, context: NotifyContext<'_>, error: &dyn Error) {
        if self.notifier.channels.configured().next().is_some() {
            self.record_or_ping(context, &RunEnd::NotStarted(error_with_causes(error)));
        }
    }

    fn record_or_ping(&self, context: NotifyContext<'_>, end: &RunEnd<'_>) {
        if let Err(problem) = self.record(context, end) {
            tracing::error!("failed to write notifications of a run to the outbox: {problem}");
            // A store that can't be written can't hold a ping for later: send it right away.
            if self.kind == RunKind::Nightly {
                let problem = problem.to_string();
                let reason = end.error().unwrap_or(&problem);
                let message = OutboxMessage::Ping(Ping::fail(self.run.get().copied(), reason));
                self.notifier.send_now(&message);
            }
        }
    }

    /// Writes the active alerts and the messages about their change, in one transaction.
    fn record(&self, context: NotifyContext<'_>, end: &RunEnd<'_>) -> Result<(), QueryError> {
        let now = context.environment.wall_clock.now();
        let conditions = match end {
            RunEnd::Ended(_) | RunEnd::NotStarted(_) => Some(query::alert_conditions(
                context.store,
                context.settings,
                context.environment,
                context.concern_inputs,
            )?),
            RunEnd::Failed(_) => None,
        };
        let alert_context = AlertContext {
            at: now,
            run: self.run.get().copied(),
            conditions: conditions.as_ref(),
            error: end.error().map(str::to_owned),
        };
        context.store.writer()?.write(|writing| {
            if self.kind == RunKind::Nightly {
                self.enqueue_ping(writing, &alert_context, end)?;
            }
            self.enqueue_alert_change(writing, &alert_context, end)
        })?;
        Ok(())
    }

    fn enqueue_ping(
        &self,
        writing: &WriteTransaction<'_>,
        alert_context: &AlertContext<'_>,
        end: &RunEnd<'_>,
    ) -> Result<(), StoreError> {
        if self.notifier.channels.ping.is_none() {
            return Ok(());
        }
        let ping = match end {
            RunEnd::Ended(outcome) => {
                let conditions = alert_context.conditions;
                Ping::end(outcome, conditions.map_or(&[], |found| &found.concerns))
            }
            RunEnd::Failed(error) | RunEnd::NotStarted(error) => {
                Ping::fail(alert_context.run, error)
            }
        };
        let channel = Channel::Ping.name();
        // The switch only needs the newest state; an older ping that still waits would undo it.
        writing.outbox().delete_to(channel)?;
        writing.outbox().add(
            channel,
            &to_json(&OutboxMessage::Ping(ping)),
            alert_context.at,
        )
    }

    fn enqueue_alert_change(
        &self,
        writing: &WriteTransaction<'_>,
        alert_context: &AlertContext<'_>,
        end: &RunEnd<'_>,
    ) -> Result<(), StoreError> {
        if self.notifier.alert_channels().next().is_none() {
            return Ok(());
        }
        let completion = match end {
            RunEnd::Ended(_) => RunCompletion::Finished,
            RunEnd::Failed(_) => RunCompletion::Failed,
            RunEnd::NotStarted(_) => RunCompletion::NotStarted,
        };
        let previous = writing.alerts().active()?;
        let before = active_alerts_from(&previous);
        let after = active_alerts(alert_context.conditions, &before, completion);
        writing
            .alerts()
            .set_active(&alert_rows(&after, &previous, alert_context.at))?;
        let changes = AlertDiff::between(&before, &after);
        if changes.is_empty() {
            return Ok(());
        }
        let message = to_json(&OutboxMessage::AlertChange(alert_change(
            &changes,
            alert_context,
        )));
        for channel in self.notifier.alert_channels() {
            writing
                .outbox()
                .add(channel.name(), &message, alert_context.at)?;
        }
        Ok(())
    }
}

fn to_json(message: &OutboxMessage) -> String {
    serde_json::to_string(message).expect("a message is plain data")
}

/// The stored alerts as a map; kinds of newer versions are left out.
fn active_alerts_from(previous: &[ActiveAlertRow]) -> ActiveAlerts {
    let known = previous.iter().filter_map(|row| {
        let extent = AlertExtent {
            portfolios: row.portfolios.clone(),
            items: row.items.clone(),
        };
        Some((ConcernKind::from_name(&row.kind)?, extent))
    });
    known.collect()
}

/// The rows to store for the active alerts; alerts that were active keep their start.
fn alert_rows(
    after: &ActiveAlerts,
    previous: &[ActiveAlertRow],
    now: DateTime<Utc>,
) -> Vec<ActiveAlertRow> {
    let since = |kind: ConcernKind| {
        let before = previous.iter().find(|row| row.kind == kind.name());
        before.map_or(now, |row| row.since)
    };
    let rows = after.iter().map(|(kind, extent)| ActiveAlertRow {
        kind: kind.name().to_owned(),
        since: since(*kind),
        portfolios: extent.portfolios.clone(),
        items: extent.items.clone(),
    });
    rows.collect()
}

/// Returns whether the run was refused: its request cannot be planned, its plan is too large or not
/// the expected one, or another run holds the lease. The caller gets that error, so no alert is
/// raised.
fn is_refused(error: &EngineError) -> bool {
    matches!(
        error,
        EngineError::Plan(_)
            | EngineError::PlanChanged { .. }
            | EngineError::TooManyCells { .. }
            | EngineError::Store(StoreError::LeaseHeld { .. })
    )
}
