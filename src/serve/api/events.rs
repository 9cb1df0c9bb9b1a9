//! Progress of the current run as server-sent events.
//!
//! While a run is running, an event `progress` is sent at the start and whenever the run has
//! changed. When no run is running, an event `ended` with the newest run is sent, and the stream
//! ends. A run of another process is polled once a second.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::query::{self, LiveRun};
use crate::report::live_run_text;
use crate::serve::access::Reader;
use crate::serve::app_state::AppState;
use crate::serve::extract::Query;
use crate::serve::http::Problem;

/// The interval at which a run of another process is polled.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The interval of comments on an idle stream, so that proxies do not close it.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The response type of an event stream.
pub(in crate::serve) type EventStream =
    Sse<axum::response::sse::KeepAliveStream<ReceiverStream<Result<Event, Infallible>>>>;

/// `GET …/run/current/events`: the progress of the current run.
pub(super) async fn follow(
    _: Reader,
    State(state): State<Arc<AppState>>,
    Query(query): Query,
) -> Result<EventStream, Problem> {
    query.finish()?;
    stream(&state)
}

/// Opens a stream of events; fails when too many are open.
pub(in crate::serve) fn stream(state: &Arc<AppState>) -> Result<EventStream, Problem> {
    let permit = state.acquire_stream()?;
    let (sender, receiver) = mpsc::channel(1);
    let state = Arc::clone(state);
    tokio::spawn(async move {
        send_events(&state, &sender).await;
        drop(permit);
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(keep_alive))
}

/// Sends events until no run is running, the client is gone, a read fails or the server ends.
async fn send_events(state: &Arc<AppState>, sender: &mpsc::Sender<Result<Event, Infallible>>) {
    let mut updates = state.runner.subscribe();
    let mut shutdown = state.shutdown_signal();
    let mut last: Option<LiveRun> = None;
    loop {
        // Before the read: a commit that happens during it must wake the wait below.
        updates.mark_unchanged();
        let Ok(current) = state
            .run_blocking(|state| state.context.app.live_run())
            .await
        else {
            return;
        };
        let ended = current.is_none();
        let event = match &current {
            Some(run) if last.as_ref() != Some(run) => Some(progress_event(run)),
            Some(_) => None,
            None => ended_event(state).await,
        };
        last = current;
        if let Some(event) = event
            && sender.send(Ok(event)).await.is_err()
        {
            return;
        }
        if ended {
            return;
        }
        tokio::select! {
            _ = updates.changed() => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            () = sender.closed() => return,
            _ = shutdown.wait_for(|stop| *stop) => return,
        }
    }
}

fn progress_event(run: &LiveRun) -> Event {
    let data = json!({ "run": run, "text": live_run_text(run) });
    Event::default().event("progress").data(data.to_string())
}

/// The event `ended` with the newest run, or with null if there never was one.
async fn ended_event(state: &Arc<AppState>) -> Option<Event> {
    let newest = state.run_blocking(|state| query::runs(&state.context.app.store, 1));
    let newest = newest.await.ok()?.into_iter().next();
    let data = json!({ "run": newest });
    Some(Event::default().event("ended").data(data.to_string()))
}
