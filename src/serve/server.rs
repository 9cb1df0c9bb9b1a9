//! The server: binds an address, answers until it is stopped, and closes the current run first.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde_json::{Value, json};
use tokio::sync::watch;
use tower_http::compression::CompressionLayer;

use super::app_state::{AppState, READERS};
use super::extract::NoParameters;
use super::http::{self, ConnectionLimits, Problem, Routes, guard};
use super::pages::PageProblem;
use super::schedule::Scheduler;
use super::settings::{Schedule, ServerContext};
use super::{api, error::ServeError, metrics, outbox_worker, pages, readiness};

/// The number of HTTP threads. Two are enough: reads and runs have threads of their own.
const WORKER_THREADS: usize = 2;
/// The number of threads that may block: the readers, one that waits for the end and one that sends
/// messages. A read gives its place back just before its thread is free, so without a limit there
/// would be more.
const BLOCKING_THREADS: usize = READERS + 2;

/// A server that is bound to its address and answers once [`Server::run`] is called.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    state: Arc<AppState>,
    stopper: Stopper,
}

/// Stops a server, from any thread.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<watch::Sender<bool>>);

impl Stopper {
    /// Stops the server: it accepts no further connection, and the current run stops after its
    /// transaction and is closed as cancelled.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Server {
    /// Binds the configured address.
    ///
    /// # Errors
    ///
    /// The address is in use, not available or not permitted.
    pub fn bind(context: ServerContext) -> Result<Self, ServeError> {
        let requested = context.settings.address;
        let refused = |source| ServeError::Address {
            address: requested,
            source,
        };
        let listener = TcpListener::bind(requested).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let stop = watch::Sender::new(false);
        let state = AppState::new(context, stop.subscribe());
        Ok(Self {
            listener,
            address,
            state,
            stopper: Stopper(Arc::new(stop)),
        })
    }

    /// The address that it is bound to, with the actual port if port 0 was configured.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A handle that stops this server.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Answers requests until the server is stopped and the current run is closed.
    ///
    /// # Errors
    ///
    /// The worker threads can't be started or the listener can't be used.
    pub fn run(self) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_name("http")
            .enable_all()
            .build()
            .map_err(ServeError::Threads)?;
        runtime.block_on(async {
            let refused = |source| ServeError::Address {
                address: self.address,
                source,
            };
            let listener = tokio::net::TcpListener::from_std(self.listener).map_err(refused)?;
            tokio::spawn(outbox_worker::run(Arc::clone(&self.state)));
            if self.state.context.schedule == Schedule::WhenFinal {
                tokio::spawn(Scheduler::new(&self.state).run_loop());
            }
            let closing = Arc::clone(&self.state);
            let mut shutdown = self.state.shutdown_signal();
            let closed = tokio::task::spawn_blocking({
                let runtime = tokio::runtime::Handle::current();
                move || {
                    // An error means that all stoppers are gone, which is a stop as well.
                    let _ = runtime.block_on(shutdown.wait_for(|stop| *stop));
                    closing.runner.close();
                    // One attempt for the messages of the run that was just closed; failed ones wait
                    // in the outbox for the next start.
                    outbox_worker::send_due(&closing);
                }
            });
            let routes = Routes {
                all: router(&self.state),
                reserve: reserve_router(&self.state),
            };
            let shutdown = self.state.shutdown_signal();
            http::accept(listener, routes, ConnectionLimits::SERVER, shutdown).await;
            // The task only waits and joins; it returns nothing that could be handled.
            let _ = closed.await;
            Ok(())
        })
    }
}

/// The router of all routes, with compression and the guard around them.
fn router(state: &Arc<AppState>) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(readiness::show))
        .route("/metrics", get(metrics::show))
        .merge(api::routes())
        .merge(pages::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CompressionLayer::new().gzip(true))
        .layer(middleware::from_fn_with_state(Arc::clone(state), guard))
        .with_state(Arc::clone(state))
}

/// The router of connections beyond the limit: the health probe, and "try again" for the rest.
fn reserve_router(state: &Arc<AppState>) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .fallback(crowded)
        .layer(middleware::from_fn_with_state(Arc::clone(state), guard))
        .with_state(Arc::clone(state))
}

/// `GET /healthz`: answers without reading the database, so it is fast under any load.
async fn health(State(state): State<Arc<AppState>>, _: NoParameters) -> Json<Value> {
    let next = *state.next_run.borrow();
    Json(json!({ "status": "ok", "run": state.runner.current_run(), "next_run": next }))
}

async fn not_found(uri: Uri) -> Response {
    let problem = Problem::not_found("no resource at this address");
    if uri.path().starts_with("/api/") {
        let hint = "/api/v1/openapi.json lists all addresses";
        return problem.with_hint(hint).into_response();
    }
    PageProblem::from(problem).into_response()
}

async fn method_not_allowed() -> Problem {
    let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
    Problem::new(status, "method", "method not allowed at this address")
}

async fn crowded() -> Problem {
    Problem::overloaded("too many connections are open")
}
