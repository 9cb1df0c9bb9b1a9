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

use super::runs::live;
use crate::query::{self, LiveRun};
use crate::serve::access::Reader;
use crate::serve::asked::Query;
use crate::serve::desk::Desk;
use crate::serve::http::Problem;

/// How often a run of another process is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often something is said at least, so that nobody in between hangs up.
const ALIVE: Duration = Duration::from_secs(15);

/// What a stream of events is.
pub(in crate::serve) type Events =
    Sse<axum::response::sse::KeepAliveStream<ReceiverStream<Result<Event, Infallible>>>>;

/// `GET …/run/current/events`.
pub(super) async fn follow(
    _: Reader,
    State(desk): State<Arc<Desk>>,
    Query(query): Query,
) -> Result<Events, Problem> {
    query.end()?;
    stream(&desk)
}

/// A stream of events, where there is a place for one.
pub(in crate::serve) fn stream(desk: &Arc<Desk>) -> Result<Events, Problem> {
    let place = desk.stream()?;
    let (sender, receiver) = mpsc::channel(1);
    let desk = Arc::clone(desk);
    tokio::spawn(async move {
        tell(&desk, &sender).await;
        drop(place);
    });
    let alive = KeepAlive::new().interval(ALIVE);
    Ok(Sse::new(ReceiverStream::new(receiver)).keep_alive(alive))
}

/// Tells until no run is at work, the listener is gone or the server ends.
async fn tell(desk: &Arc<Desk>, sender: &mpsc::Sender<Result<Event, Infallible>>) {
    let mut pulse = desk.runner.pulse();
    let mut stopping = desk.stopping();
    let mut last: Option<LiveRun> = None;
    loop {
        pulse.mark_unchanged();
        let Ok(now) = desk.ask(live).await else {
            return;
        };
        let ended = now.is_none();
        let event = match &now {
            Some(run) if last.as_ref() != Some(run) => Some(progress(run)),
            Some(_) => None,
            None => farewell(desk).await,
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
            () = tokio::time::sleep(LOOK) => {}
            () = sender.closed() => return,
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

fn progress(run: &LiveRun) -> Event {
    let data = json!({ "run": run });
    Event::default().event("progress").data(data.to_string())
}

/// The newest run as it ended, where there ever was one.
async fn farewell(desk: &Arc<Desk>) -> Option<Event> {
    let newest = desk.ask(|desk| query::runs(&desk.served.store, 1));
    let newest = newest.await.ok()?.into_iter().next();
    let data = json!({ "run": newest });
    Some(Event::default().event("ended").data(data.to_string()))
}
