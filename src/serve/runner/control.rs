//! Owns the thread of the current run: starts, follows and cancels it.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{oneshot, watch};

use crate::domain::RunId;
use crate::engine::RunEvent;
use crate::serve::http::Problem;
use crate::store::RunState;

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
    /// Starts a thread with the `body` of a run. Returns `None` while the previous run is closing.
    pub(super) fn spawn(
        self: &Arc<Self>,
        body: impl FnOnce(&RunThread) -> Result<RunState, Problem> + Send + 'static,
    ) -> Result<Option<SpawnedRun>, Problem> {
        let mut state = self.lock_state();
        if state.is_closed {
            return Err(Problem::overloaded("the server is shutting down"));
        }
        if let Some(current) = &state.current {
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
        let run_thread = RunThread {
            runner: Arc::clone(self),
            cancel: Arc::clone(&cancel),
            start_sender: Mutex::new(Some(start_sender)),
        };
        let thread = std::thread::Builder::new().name("run".to_owned());
        let spawned = thread.spawn(move || {
            let body = AssertUnwindSafe(|| body(&run_thread));
            let result = std::panic::catch_unwind(body);
            run_thread.runner.lock_state().current = None;
            run_thread.runner.notify_subscribers();
            let ended = match result {
                Ok(Ok(state)) => RunEnd::Finished(state),
                Ok(Err(problem)) => {
                    run_thread.send_start(Err(problem));
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
                state.current = Some(CurrentRun { stage, cancel });
                state.thread = Some(thread);
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
}

/// The channels of a thread that was started.
pub(super) struct SpawnedRun {
    /// Receives the id of the run, or the reason why it did not start.
    pub(super) started: oneshot::Receiver<Result<RunId, Problem>>,
    pub(super) end: oneshot::Receiver<RunEnd>,
}

/// The thread of a run, as the body sees it.
pub(super) struct RunThread {
    runner: Arc<Runner>,
    pub(super) cancel: Arc<AtomicBool>,
    /// Sends the result of starting the run, once.
    start_sender: Mutex<Option<oneshot::Sender<Result<RunId, Problem>>>>,
}

impl RunThread {
    /// Updates the stage of the run and, unless a commit has only begun, notifies the subscribers.
    pub(super) fn on_event(&self, event: &RunEvent<'_>) {
        if let Some(current) = &mut self.runner.lock_state().current {
            current.stage = match (*event, current.stage) {
                (RunEvent::Started { run }, _) => RunStage::Running(run),
                (RunEvent::Closing | RunEvent::Failing, RunStage::Running(run)) => {
                    RunStage::Closing(run)
                }
                (_, stage) => stage,
            };
        }
        if !matches!(event, RunEvent::Committing { .. }) {
            self.runner.notify_subscribers();
        }
        if let RunEvent::Started { run } = event {
            self.send_start(Ok(*run));
        }
    }

    fn send_start(&self, result: Result<RunId, Problem>) {
        let sender = (self.start_sender.lock())
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(sender) = sender {
            // The client may have disconnected; the run continues.
            let _ = sender.send(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_run_that_readers_may_see_as_ended_is_waited_for() {
        let run = RunId::new(uuid::Uuid::nil());
        for (last, is_busy) in [
            (RunEvent::Planned, true),
            (RunEvent::Closing, false),
            (RunEvent::Failing, false),
        ] {
            let runner = Arc::new(Runner::default());
            let (closing, is_closing) = mpsc::channel();
            let (end, ended) = mpsc::channel::<()>();
            let first = runner.spawn(move |thread| {
                thread.on_event(&RunEvent::Started { run });
                thread.on_event(&last);
                closing.send(()).unwrap();
                let _ = ended.recv();
                Ok(RunState::Complete)
            });
            assert!(first.is_ok_and(|spawned| spawned.is_some()));
            is_closing.recv().unwrap();
            let second = runner.spawn(|_| Ok(RunState::Complete));
            assert_eq!(second.is_err(), is_busy, "{last:?}");
            assert!(second.is_err() || second.is_ok_and(|spawned| spawned.is_none()));
            drop(end);
            runner.close();
        }
    }
}
