//! What every request works with, and the few threads that read for it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::access::{FailedLogins, LoginSessions};
use super::http::Problem;
use super::runner::Runner;
use super::settings::ServerContext;
use crate::plan::{Plan, ScopeWatermark};
use crate::query::{DisplayNames, QueryError};
use crate::report::Names;

/// How many requests read at once: as many as the store has readers.
const READERS: usize = 4;
/// How long a request waits for its turn to read.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// How many event streams are open at once.
const STREAMS: usize = 16;

/// What every request works with.
#[derive(Debug)]
pub(super) struct AppState {
    pub(super) context: ServerContext,
    pub(super) runner: Runner,
    pub(super) failed_logins: FailedLogins,
    pub(super) login_sessions: LoginSessions,
    /// When the schedule makes its next run; nothing where there is no schedule.
    pub(super) next_run: watch::Sender<Option<DateTime<Utc>>>,
    read_permits: Arc<Semaphore>,
    stream_permits: Arc<Semaphore>,
    shutdown: watch::Receiver<bool>,
}

impl AppState {
    /// A desk that is closed when `stopping` says so.
    pub(super) fn new(served: ServerContext, stopping: watch::Receiver<bool>) -> Arc<Self> {
        Arc::new(Self {
            context: served,
            runner: Runner::default(),
            failed_logins: FailedLogins::default(),
            login_sessions: LoginSessions::default(),
            next_run: watch::Sender::new(None),
            read_permits: Arc::new(Semaphore::new(READERS)),
            stream_permits: Arc::new(Semaphore::new(STREAMS)),
            shutdown: stopping,
        })
    }

    /// Does what takes a while, or waits for the disk, on a thread for that.
    pub(super) async fn run_blocking<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let turn = Arc::clone(&self.read_permits).acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(READ_TIMEOUT, turn).await else {
            return Err(Problem::overloaded("too many requests are being answered"));
        };
        let desk = Arc::clone(self);
        let answered = tokio::task::spawn_blocking(move || {
            let answer = work(&desk);
            drop(turn);
            answer
        });
        match answered.await {
            Ok(answer) => answer.map_err(Into::into),
            Err(panic) => {
                tracing::error!("a request ended in a panic: {panic}");
                Err(Problem::bug())
            }
        }
    }

    /// A place among the event streams, where one is free.
    pub(super) fn acquire_stream(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = Arc::clone(&self.stream_permits).try_acquire_owned();
        place.map_err(|_| Problem::overloaded("too many event streams are open"))
    }

    /// Tells when the server is to end.
    pub(super) fn shutdown_signal(&self) -> watch::Receiver<bool> {
        self.shutdown.clone()
    }

    /// The names of everybody a plan speaks of, and of whoever holds the watermark back.
    pub(super) fn plan_names(
        &self,
        plan: &Plan,
        watermark: &ScopeWatermark,
    ) -> Result<Names, QueryError> {
        DisplayNames::for_plan(&self.context.store, plan, watermark).map(Names::from)
    }
}
