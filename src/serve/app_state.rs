//! The state shared by all requests, and the bounded pool of blocking reads.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::access::{FailedLogins, LoginSessions};
use super::http::Problem;
use super::runner::Runner;
use super::settings::ServerContext;
use crate::app::AppError;
use crate::query::QueryError;
use crate::store::StoreError;

/// The number of requests that read at once: as many as the store has readers.
pub(super) const READERS: usize = 4;
/// The time that a request waits for its turn to read.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// The number of event streams that are open at once.
const STREAMS: usize = 16;

/// An error of a read. It may be about damage of the database.
pub(super) trait ReadError: Into<Problem> {
    /// Returns the error of the store, if it is one.
    fn store_error(&self) -> Option<&StoreError>;
}

impl ReadError for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl ReadError for QueryError {
    fn store_error(&self) -> Option<&StoreError> {
        self.store_error()
    }
}

impl ReadError for AppError {
    fn store_error(&self) -> Option<&StoreError> {
        self.store_error()
    }
}

/// The state shared by all requests.
#[derive(Debug)]
pub(super) struct AppState {
    pub(super) context: ServerContext,
    pub(super) runner: Arc<Runner>,
    pub(super) failed_logins: FailedLogins,
    pub(super) login_sessions: LoginSessions,
    /// The time of the next scheduled run; `None` without a schedule or if none can be computed.
    pub(super) next_run: watch::Sender<Option<DateTime<Utc>>>,
    read_permits: Arc<Semaphore>,
    stream_permits: Arc<Semaphore>,
    shutdown: watch::Receiver<bool>,
}

impl AppState {
    /// Creates the state; the value of `shutdown` becomes true when the server is to end.
    pub(super) fn new(context: ServerContext, shutdown: watch::Receiver<bool>) -> Arc<Self> {
        Arc::new(Self {
            context,
            runner: Arc::default(),
            failed_logins: FailedLogins::default(),
            login_sessions: LoginSessions::default(),
            next_run: watch::Sender::new(None),
            read_permits: Arc::new(Semaphore::new(READERS)),
            stream_permits: Arc::new(Semaphore::new(STREAMS)),
            shutdown,
        })
    }

    /// Runs `work`, which may wait for the disk, on a blocking thread. At most [`READERS`] do so at
    /// once; fails as overloaded when no turn comes within [`READ_TIMEOUT`]. Damage that the work
    /// meets is recorded.
    pub(super) async fn run_blocking<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: ReadError + Send + 'static,
    {
        let permit = Arc::clone(&self.read_permits).acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(READ_TIMEOUT, permit).await else {
            return Err(Problem::overloaded("too many requests at once"));
        };
        let state = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || {
            let result = work(&state);
            if let Err(error) = &result {
                state.note_damage(error);
            }
            // Inside the task: a client that disconnects drops the future, not the read.
            drop(permit);
            result
        });
        match task.await {
            Ok(result) => result.map_err(Into::into),
            Err(panic) => {
                tracing::error!("a request panicked: {panic}");
                Err(Problem::bug())
            }
        }
    }

    /// Records damage that a read met, so that all surfaces show it.
    pub(super) fn note_damage(&self, error: &impl ReadError) {
        if let Some(error) = error.store_error() {
            self.context.app.note_damage(error);
        }
    }

    /// Reserves one of the [`STREAMS`] event streams.
    pub(super) fn acquire_stream(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let permit = Arc::clone(&self.stream_permits).try_acquire_owned();
        permit.map_err(|_| Problem::overloaded("too many event streams are open"))
    }

    /// A receiver whose value becomes true when the server is to end.
    pub(super) fn shutdown_signal(&self) -> watch::Receiver<bool> {
        self.shutdown.clone()
    }
}
