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
use crate::serve::desk::Desk;
use crate::serve::http::Problem;
use crate::store::RunState;

/// How long a run that is done may take to be gone.
const CLOSING: Duration = Duration::from_secs(30);

/// Starts runs, and stops them.
#[derive(Debug)]
pub(in crate::serve) struct Runner {
    work: Mutex<Work>,
    /// Counts up at each commit, beginning and end.
    pulse: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Work {
    live: Option<Live>,
    /// The thread of the run before, or of the one that is live.
    thread: Option<JoinHandle<()>>,
    /// Whether the server ends, so that nothing is started any more.
    closed: bool,
}

/// A run on its thread.
#[derive(Debug)]
struct Live {
    stage: Stage,
    cancel: Arc<AtomicBool>,
}

/// How far a run on its thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It takes in the inbox, and has no row yet.
    Starting,
    /// It has its row and the lease.
    AtWork(RunId),
    /// It is done but for its last transaction; its row may be closed already.
    Closing(RunId),
}

impl Stage {
    const fn run(self) -> Option<RunId> {
        match self {
            Self::Starting => None,
            Self::AtWork(run) | Self::Closing(run) => Some(run),
        }
    }
}

/// A run that has its row.
#[derive(Debug)]
pub(in crate::serve) struct Started {
    /// Which.
    pub(in crate::serve) run: RunId,
    /// Tells how it ends.
    pub(in crate::serve) end: oneshot::Receiver<Ended>,
}

/// How a run on its thread ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Ended {
    /// It came to its end, which is this.
    InState(RunState),
    /// An error or a bug stopped it; the log says which.
    Broken,
}

/// What became of the wish to stop a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Cancelled {
    /// It stops after its current transaction.
    Asked,
    /// No run of this id is at work in this process.
    NotHere,
}

impl Default for Runner {
    fn default() -> Self {
        Self {
            work: Mutex::default(),
            pulse: watch::Sender::new(0),
        }
    }
}

impl Runner {
    /// Starts a run, and tells of it once it has its row; or why it could not be.
    pub(in crate::serve) async fn start(
        desk: &Arc<Desk>,
        asked: RunRequest,
    ) -> Result<Started, Problem> {
        let mut pulse = desk.runner.pulse();
        loop {
            pulse.mark_unchanged();
            if let Some(Spawned { begins, end }) = desk.runner.spawn(desk, &asked)? {
                let run = begins.await.unwrap_or_else(|_| Err(Problem::bug()))?;
                return Ok(Started { run, end });
            }
            let gone = tokio::time::timeout(CLOSING, pulse.changed());
            if gone.await.is_err() {
                return Err(Problem::busy("the run before is about to end", None));
            }
        }
    }

    /// Starts a thread, and gives where it will tell how it goes; nothing where the run before is
    /// about to be gone.
    fn spawn(&self, desk: &Arc<Desk>, asked: &RunRequest) -> Result<Option<Spawned>, Problem> {
        let mut work = self.work();
        if work.closed {
            return Err(Problem::crowded("the server is about to end"));
        }
        if let Some(live) = &work.live {
            return match live.stage {
                Stage::Closing(_) => Ok(None),
                Stage::AtWork(run) => {
                    let detail = format!("run {run} is at work");
                    Err(Problem::busy(detail, Some(run)))
                }
                Stage::Starting => Err(Problem::busy("a run is about to start", None)),
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
            let body = AssertUnwindSafe(|| thread::carry_out(&desk, &asked, &stop, &told));
            let done = std::panic::catch_unwind(body);
            desk.runner.work().live = None;
            desk.runner.beat();
            let ended = match done {
                Ok(Ok(state)) => Ended::InState(state),
                Ok(Err(error)) => {
                    tell(&told, Err(error.into()));
                    Ended::Broken
                }
                Err(_) => {
                    tracing::error!("a run ended in a panic; the next one takes over");
                    Ended::Broken
                }
            };
            // Who started it may not want to know.
            let _ = ends.send(ended);
        });
        match spawned {
            Ok(thread) => {
                let stage = Stage::Starting;
                work.live = Some(Live { stage, cancel });
                work.thread = Some(thread);
                Ok(Some(Spawned { begins, end }))
            }
            Err(error) => {
                tracing::error!("no thread for a run: {error}");
                Err(Problem::crowded("no thread could be started for a run"))
            }
        }
    }

    /// Asks the run of this id to stop after its current transaction.
    pub(in crate::serve) fn cancel(&self, run: RunId) -> Cancelled {
        match &self.work().live {
            Some(live) if live.stage.run() == Some(run) => {
                live.cancel.store(true, Ordering::Release);
                Cancelled::Asked
            }
            _ => Cancelled::NotHere,
        }
    }

    /// The run at work in this process, once it has its id.
    pub(in crate::serve) fn live(&self) -> Option<RunId> {
        self.work().live.as_ref()?.stage.run()
    }

    /// Counts up whenever there is something new to say of a run of this process.
    pub(in crate::serve) fn pulse(&self) -> watch::Receiver<u64> {
        self.pulse.subscribe()
    }

    /// Starts nothing any more, stops what is at work, and waits until it is closed.
    pub(in crate::serve) fn close(&self) {
        let thread = {
            let mut work = self.work();
            work.closed = true;
            if let Some(live) = &work.live {
                live.cancel.store(true, Ordering::Release);
            }
            work.thread.take()
        };
        // A panic of the run was caught on its own thread.
        let _ = thread.map(JoinHandle::join);
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn beat(&self) {
        self.pulse.send_modify(|count| *count += 1);
    }

    /// Takes note of how far the run on its thread is.
    pub(super) fn reached(&self, moment: &RunEvent<'_>) {
        if let Some(live) = &mut self.work().live {
            live.stage = match (*moment, live.stage) {
                (RunEvent::Started { run }, _) => Stage::AtWork(run),
                (RunEvent::Closing, Stage::AtWork(run)) => Stage::Closing(run),
                (_, stage) => stage,
            };
        }
        if !matches!(moment, RunEvent::Committing { .. }) {
            self.beat();
        }
    }
}

/// A thread that was started.
struct Spawned {
    /// Tells how starting went.
    begins: oneshot::Receiver<Result<RunId, Problem>>,
    end: oneshot::Receiver<Ended>,
}

/// Tells, once, how starting went.
pub(super) type Told = Mutex<Option<oneshot::Sender<Result<RunId, Problem>>>>;

pub(super) fn tell(told: &Told, how: Result<RunId, Problem>) {
    let sender = told.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(sender) = sender {
        // Who asked may have hung up; the run goes on all the same.
        let _ = sender.send(how);
    }
}
