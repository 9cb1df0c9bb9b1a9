//! Accepts connections, limits their number and their headers, and drains them at shutdown.

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
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

/// The number of connections that are open at once; further ones wait in the backlog.
const MAX_CONNECTIONS: usize = 256;
/// The time within which the head of a request must arrive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
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

/// Accepts connections until `shutdown` is true, then lets open connections finish their request.
pub(in crate::serve) async fn accept(
    listener: TcpListener,
    router: Router,
    mut shutdown: watch::Receiver<bool>,
) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = graceful.watch(serve_connection(stream, peer, router.clone()));
                tokio::spawn(async move {
                    // A broken connection concerns its client only.
                    let _ = connection.await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!("failed to accept a connection: {error}");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
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

fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    // Sends small responses at once. A failure only delays them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
}
