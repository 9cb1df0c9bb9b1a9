//! Starting a run, following it, stopping it.

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

/// How long a run that is done may take to be gone.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Starts runs, and stops them.
#[derive(Debug)]
pub(in crate::serve) struct Runner {
    state: Mutex<RunnerState>,
    /// Counts up at each commit, beginning and end.
    updates: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct RunnerState {
    current: Option<CurrentRun>,
    /// The thread of the run before, or of the one that is live.
    thread: Option<JoinHandle<()>>,
    /// Whether the server ends, so that nothing is started any more.
    is_closed: bool,
}

/// A run on its thread.
#[derive(Debug)]
struct CurrentRun {
    stage: RunStage,
    cancel: Arc<AtomicBool>,
}

/// How far a run on its thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunStage {
    /// It takes in the inbox, and has no row yet.
    Starting,
    /// It has its row and the lease.
    Running(RunId),
    /// It is done but for its last transaction; its row may be closed already.
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

/// A run that has its row.
#[derive(Debug)]
pub(in crate::serve) struct StartedRun {
    /// Which.
    pub(in crate::serve) run: RunId,
    /// Tells how it ends.
    pub(in crate::serve) end: oneshot::Receiver<RunEnd>,
}

/// How a run on its thread ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum RunEnd {
    /// It came to its end, which is this.
    Finished(RunState),
    /// An error or a bug stopped it; the log says which.
    Failed,
}

/// What became of the wish to stop a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum CancelResult {
    /// It stops after its current transaction.
    Requested,
    /// No run of this id is at work in this process.
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
    /// Starts a run, and tells of it once it has its row; or why it could not be.
    pub(in crate::serve) async fn start(
        desk: &Arc<AppState>,
        asked: RunRequest,
    ) -> Result<StartedRun, Problem> {
        let mut pulse = desk.runner.subscribe();
        loop {
            pulse.mark_unchanged();
            if let Some(SpawnedRun {
                started: begins,
                end,
            }) = desk.runner.spawn(desk, &asked)?
            {
                let run = begins.await.unwrap_or_else(|_| Err(Problem::bug()))?;
                return Ok(StartedRun { run, end });
            }
            let gone = tokio::time::timeout(CLOSE_TIMEOUT, pulse.changed());
            if gone.await.is_err() {
                return Err(Problem::busy("the run before is about to end", None));
            }
        }
    }

    /// Starts a thread, and gives where it will tell how it goes; nothing where the run before is
    /// about to be gone.
    fn spawn(
        &self,
        desk: &Arc<AppState>,
        asked: &RunRequest,
    ) -> Result<Option<SpawnedRun>, Problem> {
        let mut work = self.lock_state();
        if work.is_closed {
            return Err(Problem::overloaded("the server is about to end"));
        }
        if let Some(live) = &work.current {
            return match live.stage {
                RunStage::Closing(_) => Ok(None),
                RunStage::Running(run) => {
                    let detail = format!("run {run} is at work");
                    Err(Problem::busy(detail, Some(run)))
                }
                RunStage::Starting => Err(Problem::busy("a run is about to start", None)),
            };
        }
        let (told, begins) = oneshot::channel();
        let (ends, end) = oneshot::channel();
        let cancel = Arc::new(AtomicBool::new(false));
        let (desk, asked) = (Arc::clone(desk), asked.clone());
        let stop = Arc::clone(&cancel);
        let thread = std::thread::Builder::new().name("run".to_owned());
        let spawned = thread.spawn(move || {
            let told = Mutex::new(Some(told));
            let body = AssertUnwindSafe(|| thread::execute(&desk, &asked, &stop, &told));
            let done = std::panic::catch_unwind(body);
            desk.runner.lock_state().current = None;
            desk.runner.notify_subscribers();
            let ended = match done {
                Ok(Ok(state)) => RunEnd::Finished(state),
                Ok(Err(error)) => {
                    send_start(&told, Err(error.into()));
                    RunEnd::Failed
                }
                Err(_) => {
                    tracing::error!("a run ended in a panic; the next one takes over");
                    RunEnd::Failed
                }
            };
            // Who started it may not want to know.
            let _ = ends.send(ended);
        });
        match spawned {
            Ok(thread) => {
                let stage = RunStage::Starting;
                work.current = Some(CurrentRun { stage, cancel });
                work.thread = Some(thread);
                Ok(Some(SpawnedRun {
                    started: begins,
                    end,
                }))
            }
            Err(error) => {
                tracing::error!("no thread for a run: {error}");
                Err(Problem::overloaded("no thread could be started for a run"))
            }
        }
    }

    /// Asks the run of this id to stop after its current transaction.
    pub(in crate::serve) fn cancel(&self, run: RunId) -> CancelResult {
        match &self.lock_state().current {
            Some(live) if live.stage.run() == Some(run) => {
                live.cancel.store(true, Ordering::Release);
                CancelResult::Requested
            }
            _ => CancelResult::NotRunningHere,
        }
    }

    /// The run at work in this process, once it has its id.
    pub(in crate::serve) fn current_run(&self) -> Option<RunId> {
        self.lock_state().current.as_ref()?.stage.run()
    }

    /// Counts up whenever there is something new to say of a run of this process.
    pub(in crate::serve) fn subscribe(&self) -> watch::Receiver<u64> {
        self.updates.subscribe()
    }

    /// Starts nothing any more, stops what is at work, and waits until it is closed.
    pub(in crate::serve) fn close(&self) {
        let thread = {
            let mut work = self.lock_state();
            work.is_closed = true;
            if let Some(live) = &work.current {
                live.cancel.store(true, Ordering::Release);
            }
            work.thread.take()
        };
        // A panic of the run was caught on its own thread.
        let _ = thread.map(JoinHandle::join);
    }

    fn lock_state(&self) -> MutexGuard<'_, RunnerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notify_subscribers(&self) {
        self.updates.send_modify(|count| *count += 1);
    }

    /// Takes note of how far the run on its thread is.
    pub(super) fn on_event(&self, moment: &RunEvent<'_>) {
        if let Some(live) = &mut self.lock_state().current {
            live.stage = match (*moment, live.stage) {
                (RunEvent::Started { run }, _) => RunStage::Running(run),
                (RunEvent::Closing, RunStage::Running(run)) => RunStage::Closing(run),
                (_, stage) => stage,
            };
        }
        if !matches!(moment, RunEvent::Committing { .. }) {
            self.notify_subscribers();
        }
    }
}

/// A thread that was started.
struct SpawnedRun {
    /// Tells how starting went.
    started: oneshot::Receiver<Result<RunId, Problem>>,
    end: oneshot::Receiver<RunEnd>,
}

/// Tells, once, how starting went.
pub(super) type StartSender = Mutex<Option<oneshot::Sender<Result<RunId, Problem>>>>;

pub(super) fn send_start(told: &StartSender, how: Result<RunId, Problem>) {
    let sender = told.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(sender) = sender {
        // Who asked may have hung up; the run goes on all the same.
        let _ = sender.send(how);
    }
}
