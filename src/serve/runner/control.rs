//! Starts, follows and cancels runs.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::thread;
use crate::domain::RunId;
use crate::engine::{RunEvent, RunRequest};
use crate::serve::app_state::AppState;
use crate::serve::http::Problem;
use crate::store::RunState;

/// The time that a finished run gets to close before a new one is refused.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Owns the current run of this process; at most one.
#[derive(Debug)]
pub(in crate::serve) struct Runner {
    state: Mutex<RunnerState>,
    /// A counter that changes when a run starts, is planned, commits, closes or ends.
    updates: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct RunnerState {
    current: Option<CurrentRun>,
    /// The thread of the current run, or of the last one.
    thread: Option<JoinHandle<()>>,
    /// True once the server is ending; no run is started any more.
    is_closed: bool,
}

/// The run on the thread, with the flag that cancels it.
#[derive(Debug)]
struct CurrentRun {
    stage: RunStage,
    cancel: Arc<AtomicBool>,
}

/// The stage of the current run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunStage {
    /// It imports the inbox and has no id yet.
    Starting,
    /// It has an id and holds the lease.
    Running(RunId),
    /// It makes its last transaction or has made it; readers may already see it as ended.
    Closing(RunId),
}

impl RunStage {
    const fn run(self) -> Option<RunId> {
        match self {
            Self::Starting => None,
            Self::Running(run) | Self::Closing(run) => Some(run),
        }
    }
}

/// A run that has started and has its id.
#[derive(Debug)]
pub(in crate::serve) struct StartedRun {
    pub(in crate::serve) run: RunId,
    /// Receives the end of the run.
    pub(in crate::serve) end: oneshot::Receiver<RunEnd>,
}

/// The end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum RunEnd {
    /// It ended in this state.
    Finished(RunState),
    /// It ended with an error or a panic, which is in the log.
    Failed,
}

/// The result of cancelling a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum CancelResult {
    /// The run stops after its current transaction.
    Requested,
    /// No run with this id is running in this process.
    NotRunningHere,
}

impl Default for Runner {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            updates: watch::Sender::new(0),
        }
    }
}

impl Runner {
    /// Starts a run and returns once it has its id.
    ///
    /// Fails as busy while another run is running. A run that is closing is waited for: its client
    /// may have seen its end already and expects the next start to succeed.
    pub(in crate::serve) async fn start(
        state: &Arc<AppState>,
        run_request: RunRequest,
    ) -> Result<StartedRun, Problem> {
        let mut updates = state.runner.subscribe();
        loop {
            updates.mark_unchanged();
            if let Some(SpawnedRun { started, end }) = state.runner.spawn(state, &run_request)? {
                let run = started.await.unwrap_or_else(|_| Err(Problem::bug()))?;
                return Ok(StartedRun { run, end });
            }
            let closed = tokio::time::timeout(CLOSE_TIMEOUT, updates.changed());
            if closed.await.is_err() {
                return Err(Problem::busy("the previous run is still closing", None));
            }
        }
    }

    /// Starts the thread of a run. Returns `None` while the previous run is closing.
    fn spawn(
        &self,
        state: &Arc<AppState>,
        run_request: &RunRequest,
    ) -> Result<Option<SpawnedRun>, Problem> {
        let mut runner = self.lock_state();
        if runner.is_closed {
            return Err(Problem::overloaded("the server is shutting down"));
        }
        if let Some(current) = &runner.current {
            return match current.stage {
                RunStage::Closing(_) => Ok(None),
                RunStage::Running(run) => {
                    let detail = format!("run {run} is running");
                    Err(Problem::busy(detail, Some(run)))
                }
                RunStage::Starting => Err(Problem::busy("a run is starting", None)),
            };
        }
        let (start_sender, started) = oneshot::channel();
        let (end_sender, end) = oneshot::channel();
        let cancel = Arc::new(AtomicBool::new(false));
        let (state, run_request) = (Arc::clone(state), run_request.clone());
        let stop = Arc::clone(&cancel);
        let thread = std::thread::Builder::new().name("run".to_owned());
        let spawned = thread.spawn(move || {
            let start_sender = Mutex::new(Some(start_sender));
            let body =
                AssertUnwindSafe(|| thread::execute(&state, &run_request, &stop, &start_sender));
            let result = std::panic::catch_unwind(body);
            state.runner.lock_state().current = None;
            state.runner.notify_subscribers();
            let ended = match result {
                Ok(Ok(state)) => RunEnd::Finished(state),
                Ok(Err(error)) => {
                    send_start(&start_sender, Err(error.into()));
                    RunEnd::Failed
                }
                Err(_) => {
                    tracing::error!("a run panicked; the next run takes over");
                    RunEnd::Failed
                }
            };
            // Sending fails if the caller has dropped the receiver, which is fine.
            let _ = end_sender.send(ended);
        });
        match spawned {
            Ok(thread) => {
                let stage = RunStage::Starting;
                runner.current = Some(CurrentRun { stage, cancel });
                runner.thread = Some(thread);
                Ok(Some(SpawnedRun { started, end }))
            }
            Err(error) => {
                tracing::error!("failed to start the thread of a run: {error}");
                Err(Problem::overloaded("failed to start the thread of the run"))
            }
        }
    }

    /// Asks the run with this id to stop after its current transaction.
    pub(in crate::serve) fn cancel(&self, run: RunId) -> CancelResult {
        match &self.lock_state().current {
            Some(current) if current.stage.run() == Some(run) => {
                current.cancel.store(true, Ordering::Release);
                CancelResult::Requested
            }
            _ => CancelResult::NotRunningHere,
        }
    }

    /// The id of the run in this process, once it has one.
    pub(in crate::serve) fn current_run(&self) -> Option<RunId> {
        self.lock_state().current.as_ref()?.stage.run()
    }

    /// A receiver that changes when a run of this process starts, is planned, commits, closes or
    /// ends.
    pub(in crate::serve) fn subscribe(&self) -> watch::Receiver<u64> {
        self.updates.subscribe()
    }

    /// Refuses further runs, cancels the current one and waits until it is closed.
    pub(in crate::serve) fn close(&self) {
        let thread = {
            let mut runner = self.lock_state();
            runner.is_closed = true;
            if let Some(current) = &runner.current {
                current.cancel.store(true, Ordering::Release);
            }
            runner.thread.take()
        };
        // The thread catches panics of the run, so that joining it can't fail.
        let _ = thread.map(JoinHandle::join);
    }

    fn lock_state(&self) -> MutexGuard<'_, RunnerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notify_subscribers(&self) {
        self.updates.send_modify(|count| *count += 1);
    }

    /// Updates the stage of the current run and, unless a commit has only begun, notifies the
    /// subscribers.
    pub(super) fn on_event(&self, event: &RunEvent<'_>) {
        if let Some(current) = &mut self.lock_state().current {
            current.stage = match (*event, current.stage) {
                (RunEvent::Started { run }, _) => RunStage::Running(run),
                (RunEvent::Closing, RunStage::Running(run)) => RunStage::Closing(run),
                (_, stage) => stage,
            };
        }
        if !matches!(event, RunEvent::Committing { .. }) {
            self.notify_subscribers();
        }
    }
}

/// The channels of a thread that was started.
struct SpawnedRun {
    /// Receives the id of the run, or the reason why it did not start.
    started: oneshot::Receiver<Result<RunId, Problem>>,
    end: oneshot::Receiver<RunEnd>,
}

/// Sends the result of starting a run, once.
pub(super) type StartSender = Mutex<Option<oneshot::Sender<Result<RunId, Problem>>>>;

pub(super) fn send_start(start_sender: &StartSender, result: Result<RunId, Problem>) {
    let sender = start_sender
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if let Some(sender) = sender {
        // The client may have disconnected; the run continues.
        let _ = sender.send(result);
    }
}
