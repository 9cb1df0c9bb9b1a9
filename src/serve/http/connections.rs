//! Accepts connections, limits their number, times and headers, and drains them at shutdown.
//!
//! Each state of a connection has a deadline: the head and the body of a request, the answer that
//! is written, and the wait for the next request. A connection takes a place when its first bytes
//! arrive; when all places are taken, further ones come from a reserve that answers the health probe
//! only. Connections without a place are few and cheap, and a new one ends the oldest, so that no
//! number of idle clients keeps others out.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tower::ServiceExt;

use super::timed_stream::{TimedBody, TimedStream};

/// The limits of connections.
#[derive(Debug, Clone, Copy)]
pub(in crate::serve) struct ConnectionLimits {
    /// The number of connections that are open at once and reach all addresses.
    pub(in crate::serve) connections: usize,
    /// The number of further connections, which only reach the health probe.
    pub(in crate::serve) reserve: usize,
    /// The number of connections that wait for their first bytes or for a place.
    pub(in crate::serve) waiting: usize,
    /// The time within which the head of a request must arrive, also after an earlier request.
    pub(in crate::serve) head: Duration,
    /// The time within which the body of a request must arrive, from the end of its head.
    pub(in crate::serve) body: Duration,
    /// The time for which a client may leave an answer unread; see [`BYTES_A_SECOND`].
    pub(in crate::serve) answer: Duration,
    /// The time that a connection of the reserve exists.
    pub(in crate::serve) probe: Duration,
}

impl ConnectionLimits {
    /// The limits of a server.
    pub(in crate::serve) const SERVER: Self = Self {
        connections: 256,
        reserve: 16,
        // Together with the others below the 1,024 descriptors that a process usually has.
        waiting: 512,
        head: Duration::from_secs(10),
        body: Duration::from_secs(10),
        answer: Duration::from_secs(10),
        probe: Duration::from_secs(2),
    };
}

/// The rate at which a client must read an answer that does not fit into the buffers of its
/// connection, after the time that [`ConnectionLimits::answer`] gives.
const BYTES_A_SECOND: u32 = 1_024;
/// The size limit of the head of a request, in bytes.
const MAX_HEADER_BYTES: usize = 32 * 1_024;
/// The number of header fields that a request may have.
const MAX_HEADERS: usize = 64;
/// The time that open connections get at shutdown before they are cut off.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause after the system failed to accept a connection, such as for lack of descriptors.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// The address of the client of a connection.
#[derive(Debug, Clone, Copy)]
pub(in crate::serve) struct Peer(pub(in crate::serve) SocketAddr);

/// The routes of connections.
#[derive(Debug, Clone)]
pub(in crate::serve) struct Routes {
    /// All routes.
    pub(in crate::serve) all: Router,
    /// The routes of the reserve.
    pub(in crate::serve) reserve: Router,
}

/// Accepts connections until `shutdown` is true, then lets open connections finish their request.
pub(in crate::serve) async fn accept(
    listener: TcpListener,
    routes: Routes,
    limits: ConnectionLimits,
    mut shutdown: watch::Receiver<bool>,
) {
    let slots = Arc::new(Slots::new(limits));
    let graceful = GracefulShutdown::new();
    let mut waiting = Waiting::new(limits.waiting);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (slots, routes) = (Arc::clone(&slots), routes.clone());
                let (evicted, watcher) = (waiting.push(), graceful.watcher());
                tokio::spawn(async move {
                    let Some(slot) = wait_for_slot(&stream, &slots, limits, evicted).await else {
                        return;
                    };
                    let router = match slot.kind {
                        SlotKind::Regular => routes.all,
                        SlotKind::Reserve => routes.reserve,
                    };
                    let connection = serve_connection(stream, peer, router, limits, slot.kind);
                    let connection = watcher.watch(connection);
                    // A broken connection concerns its client only.
                    match slot.kind {
                        SlotKind::Regular => drop(connection.await),
                        SlotKind::Reserve => {
                            drop(tokio::time::timeout(limits.probe, connection).await);
                        }
                    }
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!("failed to accept a connection: {error}");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
    // Connections without a place have sent no request that could be finished.
    drop(waiting);
    // Before the wait, so that clients get "connection refused" instead of a hanging connect.
    drop(listener);
    if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!(
            "connections were cut off after {} s",
            DRAIN_TIMEOUT.as_secs()
        );
    }
}

/// The places for open connections.
#[derive(Debug)]
struct Slots {
    regular: Arc<Semaphore>,
    reserve: Arc<Semaphore>,
}

/// The place of one connection, free again when it is dropped.
#[derive(Debug)]
struct Slot {
    kind: SlotKind,
    _permit: Option<OwnedSemaphorePermit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SlotKind {
    Regular,
    Reserve,
}

impl Slots {
    fn new(limits: ConnectionLimits) -> Self {
        Self {
            regular: Arc::new(Semaphore::new(limits.connections)),
            reserve: Arc::new(Semaphore::new(limits.reserve)),
        }
    }

    /// Takes a regular place, or one of the reserve if there is none, or waits for either.
    async fn acquire(&self) -> Slot {
        let (kind, permit) = tokio::select! {
            biased;
            permit = Arc::clone(&self.regular).acquire_owned() => (SlotKind::Regular, permit),
            permit = Arc::clone(&self.reserve).acquire_owned() => (SlotKind::Reserve, permit),
        };
        Slot {
            kind,
            // An error means that the semaphore is closed, and neither is ever closed.
            _permit: permit.ok(),
        }
    }
}

/// Waits for the first bytes of a connection and then for a place. Returns `None` if the head of a
/// request could no longer arrive in time, or if `evicted` ends.
async fn wait_for_slot(
    stream: &TcpStream,
    slots: &Slots,
    limits: ConnectionLimits,
    evicted: oneshot::Receiver<()>,
) -> Option<Slot> {
    let slot = async {
        // A new stream counts as readable until a read of it would wait.
        let received = stream.peek(&mut [0]).await.ok()?;
        (received > 0).then_some(())?;
        Some(slots.acquire().await)
    };
    tokio::select! {
        slot = tokio::time::timeout(limits.head, slot) => slot.ok().flatten(),
        _ = evicted => None,
    }
}

/// The newest connections, some of which wait for a place: those before them are ended if they still
/// wait.
#[derive(Debug)]
struct Waiting {
    /// Each ends its connection when it is dropped, and does nothing if that has a place.
    newest: VecDeque<oneshot::Sender<()>>,
    most: usize,
}

impl Waiting {
    fn new(most: usize) -> Self {
        Self {
            newest: VecDeque::with_capacity(most),
            most,
        }
    }

    /// Adds a connection and ends the oldest if there are too many.
    fn push(&mut self) -> oneshot::Receiver<()> {
        if self.newest.len() == self.most {
            self.newest.pop_front();
        }
        let (sender, receiver) = oneshot::channel();
        self.newest.push_back(sender);
        receiver
    }
}

fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: ConnectionLimits,
    kind: SlotKind,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    // Sends small responses at once. A failure only delays them.
    let _ = stream.set_nodelay(true);
    let stream = TimedStream::new(stream, limits.answer, BYTES_A_SECOND);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(|body| Body::new(TimedBody::new(body, limits.body)));
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(kind == SlotKind::Regular)
        .header_read_timeout(limits.head)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
}

#[cfg(test)]
mod tests;
