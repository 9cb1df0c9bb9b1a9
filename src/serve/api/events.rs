//! How the run at work goes, as server-sent events.
//!
//! An event `progress` at the start and whenever something was committed, and an event `ended`
//! with the newest run when none is at work any more; then the stream ends. A run of another
//! process is looked at once a second.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::runs::live_run;
use crate::query::{self, LiveRun};
use crate::serve::access::Reader;
use crate::serve::app_state::AppState;
use crate::serve::extract::Query;
use crate::serve::http::Problem;

/// How often a run of another process is looked at.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How often something is said at least, so that nobody in between hangs up.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a stream of events is.
pub(in crate::serve) type EventStream =
    Sse<axum::response::sse::KeepAliveStream<ReceiverStream<Result<Event, Infallible>>>>;

/// `GET …/run/current/events`.
pub(super) async fn follow(
    _: Reader,
    State(desk): State<Arc<AppState>>,
    Query(query): Query,
) -> Result<EventStream, Problem> {
    query.finish()?;
    stream(&desk)
}

/// A stream of events, where there is a place for one.
pub(in crate::serve) fn stream(desk: &Arc<AppState>) -> Result<EventStream, Problem> {
    let place = desk.acquire_stream()?;
    let (sender, receiver) = mpsc::channel(1);
    let desk = Arc::clone(desk);
    tokio::spawn(async move {
        send_events(&desk, &sender).await;
        drop(place);
    });
    let alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(alive))
}

/// Tells until no run is at work, the listener is gone or the server ends.
async fn send_events(desk: &Arc<AppState>, sender: &mpsc::Sender<Result<Event, Infallible>>) {
    let mut pulse = desk.runner.subscribe();
    let mut stopping = desk.shutdown_signal();
    let mut last: Option<LiveRun> = None;
    loop {
        pulse.mark_unchanged();
        let Ok(now) = desk.run_blocking(live_run).await else {
            return;
        };
        let ended = now.is_none();
        let event = match &now {
            Some(run) if last.as_ref() != Some(run) => Some(progress_event(run)),
            Some(_) => None,
            None => ended_event(desk).await,
        };
        last = now;
        if let Some(event) = event
            && sender.send(Ok(event)).await.is_err()
        {
            return;
        }
        if ended {
            return;
        }
        tokio::select! {
            _ = pulse.changed() => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            () = sender.closed() => return,
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

fn progress_event(run: &LiveRun) -> Event {
    let data = json!({ "run": run });
    Event::default().event("progress").data(data.to_string())
}

/// The newest run as it ended, where there ever was one.
async fn ended_event(desk: &Arc<AppState>) -> Option<Event> {
    let newest = desk.run_blocking(|desk| query::runs(&desk.context.store, 1));
    let newest = newest.await.ok()?.into_iter().next();
    let data = json!({ "run": newest });
    Some(Event::default().event("ended").data(data.to_string()))
}
