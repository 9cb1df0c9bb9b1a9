//! Delivers outbox messages in the background while the server runs.

use std::sync::Arc;
use std::time::Duration;

use super::app_state::AppState;
use crate::notify::{DeliveryMode, DeliveryOutcome, DeliveryReport, deliver};

/// The interval at which the outbox is checked while no run of this server reports an event.
const POLL_INTERVAL: Duration = Duration::from_secs(15);

/// Delivers due messages until shutdown. Messages that are still pending then are sent by the next
/// run or server.
pub(super) async fn run(state: Arc<AppState>) {
    let mut shutdown = state.shutdown_signal();
    let mut updates = state.runner.subscribe();
    loop {
        let sending = {
            let state = Arc::clone(&state);
            tokio::task::spawn_blocking(move || send_due(&state))
        };
        // A panic is printed by its thread; the next round tries again.
        let _ = sending.await;
        tokio::select! {
            _ = shutdown.wait_for(|stop| *stop) => return,
            _ = updates.changed() => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
    }
}

/// Delivers the messages that are due, and logs each result.
pub(super) fn send_due(state: &AppState) {
    let context = &state.context;
    let delivered = deliver(
        &context.notifier,
        &context.app.store,
        &context.app.environment,
        DeliveryMode::DueOnly,
    );
    match delivered {
        Ok(reports) => reports.iter().for_each(log_delivery),
        Err(error) => {
            tracing::error!("failed to read the outbox, notifications are delayed: {error}");
            state.note_damage(&error);
        }
    }
}

fn log_delivery(report: &DeliveryReport) {
    let channel = &report.channel;
    match &report.outcome {
        DeliveryOutcome::Accepted => tracing::info!("{channel}: notification sent"),
        DeliveryOutcome::Retry(reason) => {
            tracing::warn!("{channel}: notification failed: {reason}; it will be retried")
        }
        DeliveryOutcome::GivenUp(reason) => {
            tracing::error!("{channel}: notification failed: {reason}; dropped after a day");
        }
        DeliveryOutcome::Unreadable(reason) => {
            tracing::error!("{channel}: notification of an unknown form is kept: {reason}");
        }
    }
}
