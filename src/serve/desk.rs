//! What every request works with, and the few threads that read for it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::access::{FailedLogins, Visits};
use super::http::Problem;
use super::runner::Runner;
use super::settings::Served;
use crate::plan::{Plan, ScopeWatermark};
use crate::query::{DisplayNames, QueryError};
use crate::report::Names;

/// How many requests read at once: as many as the store has readers.
const READERS: usize = 4;
/// How long a request waits for its turn to read.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many event streams are open at once.
const STREAMS: usize = 16;

/// What every request works with.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) served: Served,
    pub(super) runner: Runner,
    pub(super) failed_logins: FailedLogins,
    pub(super) visits: Visits,
    /// When the schedule makes its next run; nothing where there is no schedule.
    pub(super) next_run: watch::Sender<Option<DateTime<Utc>>>,
    turns: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

impl Desk {
    /// A desk that is closed when `stopping` says so.
    pub(super) fn new(served: Served, stopping: watch::Receiver<bool>) -> Arc<Self> {
        Arc::new(Self {
            served,
            runner: Runner::default(),
            failed_logins: FailedLogins::default(),
            visits: Visits::default(),
            next_run: watch::Sender::new(None),
            turns: Arc::new(Semaphore::new(READERS)),
            streams: Arc::new(Semaphore::new(STREAMS)),
            stopping,
        })
    }

    /// Does what takes a while, or waits for the disk, on a thread for that.
    pub(super) async fn ask<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let turn = Arc::clone(&self.turns).acquire_owned();
        let Ok(Ok(turn)) = tokio::time::timeout(PATIENCE, turn).await else {
            return Err(Problem::crowded("too many requests are being answered"));
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
    pub(super) fn stream(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = Arc::clone(&self.streams).try_acquire_owned();
        place.map_err(|_| Problem::crowded("too many event streams are open"))
    }

    /// Tells when the server is to end.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.clone()
    }

    /// The names of everybody a plan speaks of, and of whoever holds the watermark back.
    pub(super) fn names(
        &self,
        plan: &Plan,
        watermark: &ScopeWatermark,
    ) -> Result<Names, QueryError> {
        DisplayNames::for_plan(&self.served.store, plan, watermark).map(Names::from)
    }
}
