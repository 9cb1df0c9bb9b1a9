//! From an address to the end: listening, answering, and stopping so that nothing is lost.

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

use super::app_state::AppState;
use super::http::{self, Problem, guard};
use super::pages::PageProblem;
use super::schedule::Scheduler;
use super::settings::{Schedule, ServerContext};
use super::{ServeError, api, metrics, outbox_worker, pages};

/// How many threads answer; what takes long has others.
const WORKER_THREADS: usize = 2;

/// A server that listens, and answers once it is told to.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    state: Arc<AppState>,
    stopper: Stopper,
}

/// Ends a server, from any thread.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<watch::Sender<bool>>);

impl Stopper {
    /// Ends the server: no connection is accepted any more, the run at work stops after its
    /// current transaction and is closed as cancelled.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Server {
    /// Listens at the address that is configured.
    pub fn bind(served: ServerContext) -> Result<Self, ServeError> {
        let asked = served.settings.address;
        let refused = |source| ServeError::Address {
            address: asked,
            source,
        };
        let listener = TcpListener::bind(asked).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let stop = watch::Sender::new(false);
        let desk = AppState::new(served, stop.subscribe());
        Ok(Self {
            listener,
            address,
            state: desk,
            stopper: Stopper(Arc::new(stop)),
        })
    }

    /// Where it listens; the port that was given where any was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What ends it.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Answers until it is stopped, and comes back when the run at work is closed.
    pub fn run(self) -> Result<(), ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .thread_name("answers")
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
            let mut stopping = self.state.shutdown_signal();
            let closed = tokio::task::spawn_blocking({
                let runtime = tokio::runtime::Handle::current();
                move || {
                    // An error means that nobody is left to stop it.
                    let _ = runtime.block_on(stopping.wait_for(|stop| *stop));
                    closing.runner.close();
                    // What the run at work came to, once; what is not taken waits for the next start.
                    outbox_worker::send_due(&closing);
                }
            });
            http::accept(listener, router(&self.state), self.state.shutdown_signal()).await;
            // The thread only waits and joins.
            let _ = closed.await;
            Ok(())
        })
    }
}

/// Everything that is answered.
fn router(desk: &Arc<AppState>) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/metrics", get(metrics::show))
        .merge(api::routes())
        .merge(pages::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CompressionLayer::new().gzip(true))
        .layer(middleware::from_fn_with_state(Arc::clone(desk), guard))
        .with_state(Arc::clone(desk))
}

/// Whether the process answers; it reads nothing, so it is quick however much there is to do.
async fn health(State(desk): State<Arc<AppState>>) -> Json<Value> {
    let next = *desk.next_run.borrow();
    Json(json!({ "status": "ok", "run": desk.runner.current_run(), "next_run": next }))
}

async fn not_found(uri: Uri) -> Response {
    let problem = Problem::not_found("there is nothing at this address");
    if uri.path().starts_with("/api/") {
        let hint = "/api/v1/openapi.json describes what there is";
        return problem.with_hint(hint).into_response();
    }
    PageProblem::from(problem).into_response()
}

async fn method_not_allowed() -> Problem {
    let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
    Problem::new(status, "method", "this address does not take this method")
}
