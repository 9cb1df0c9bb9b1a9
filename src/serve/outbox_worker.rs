//! Sends what is to be told to the outside, beside everything else.

use std::sync::Arc;
use std::time::Duration;

use super::app_state::AppState;
use crate::notify::{DeliveryMode, DeliveryOutcome, DeliveryReport, deliver};

/// How often it is looked whether a letter is due, where no run ends in between.
const POLL_INTERVAL: Duration = Duration::from_secs(15);

/// Sends until the server is to end. What waits then is sent by the next run or server.
pub(super) async fn run(desk: Arc<AppState>) {
    let mut stopping = desk.shutdown_signal();
    let mut pulse = desk.runner.subscribe();
    loop {
        let sending = {
            let desk = Arc::clone(&desk);
            tokio::task::spawn_blocking(move || send_due(&desk))
        };
        // A panic there is told by its own thread, and the next round is another try.
        let _ = sending.await;
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            _ = pulse.changed() => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
    }
}

/// Sends what is due.
pub(super) fn send_due(desk: &AppState) {
    let served = &desk.context;
    let delivered = deliver(
        &served.notifier,
        &served.store,
        &served.environment,
        DeliveryMode::DueOnly,
    );
    match delivered {
        Ok(letters) => letters.iter().for_each(log_delivery),
        Err(error) => tracing::error!("what is to be told waits: {error}"),
    }
}

fn log_delivery(letter: &DeliveryReport) {
    let channel = letter.channel;
    match &letter.outcome {
        DeliveryOutcome::Accepted => tracing::info!("{channel} was told"),
        DeliveryOutcome::Retry(why) => {
            tracing::warn!("{channel} was not told: {why}; it is tried again")
        }
        DeliveryOutcome::GivenUp(why) => {
            tracing::error!("{channel} was not told: {why}; given up after a day");
        }
    }
}
