//! The run at work: at most one in this process, on a thread of its own, so that whoever asks
//! how it goes is answered while all processors compute.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::desk::Desk;
use super::http::Problem;
use crate::domain::RunId;
use crate::engine::{self, EngineError, Moment, RunRequest, Watch};
use crate::import::apply::Terms;
use crate::import::inbox::take_in_inbox;
use crate::phases::LONGEST_WINDOW;
use crate::report;

/// How long a run that is done may take to be gone.
const CLOSING: Duration = Duration::from_secs(30);

/// Starts runs, and stops them.
#[derive(Debug)]
pub(super) struct Runner {
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

/// What became of the wish to stop a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cancelled {
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
    /// Starts a run, and tells its id once it has its row; or why it could not be.
    pub(super) async fn start(desk: &Arc<Desk>, asked: RunRequest) -> Result<RunId, Problem> {
        let mut pulse = desk.runner.pulse();
        loop {
            pulse.mark_unchanged();
            if let Some(hears) = desk.runner.spawn(desk, &asked)? {
                return hears.await.unwrap_or_else(|_| Err(Problem::bug()));
            }
            let gone = tokio::time::timeout(CLOSING, pulse.changed());
            if gone.await.is_err() {
                return Err(Problem::busy("the run before is about to end", None));
            }
        }
    }

    /// Starts a thread, and gives where it will tell how starting went; nothing where the run
    /// before is about to be gone.
    fn spawn(&self, desk: &Arc<Desk>, asked: &RunRequest) -> Result<Option<Hears>, Problem> {
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
        let (told, hears) = oneshot::channel();
        let cancel = Arc::new(AtomicBool::new(false));
        let (desk, asked) = (Arc::clone(desk), asked.clone());
        let stop = Arc::clone(&cancel);
        let thread = std::thread::Builder::new().name("run".to_owned());
        let spawned = thread.spawn(move || {
            let told = Mutex::new(Some(told));
            let body = AssertUnwindSafe(|| carry_out(&desk, &asked, &stop, &told));
            let ended = std::panic::catch_unwind(body);
            desk.runner.work().live = None;
            desk.runner.beat();
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tell(&told, Err(error.into())),
                Err(_) => tracing::error!("a run ended in a panic; the next one takes over"),
            }
        });
        match spawned {
            Ok(thread) => {
                let stage = Stage::Starting;
                work.live = Some(Live { stage, cancel });
                work.thread = Some(thread);
                Ok(Some(hears))
            }
            Err(error) => {
                tracing::error!("no thread for a run: {error}");
                Err(Problem::crowded("no thread could be started for a run"))
            }
        }
    }

    /// Asks the run of this id to stop after its current transaction.
    pub(super) fn cancel(&self, run: RunId) -> Cancelled {
        match &self.work().live {
            Some(live) if live.stage.run() == Some(run) => {
                live.cancel.store(true, Ordering::Release);
                Cancelled::Asked
            }
            _ => Cancelled::NotHere,
        }
    }

    /// The run at work in this process, once it has its id.
    pub(super) fn live(&self) -> Option<RunId> {
        self.work().live.as_ref()?.stage.run()
    }

    /// Counts up whenever there is something new to say of a run of this process.
    pub(super) fn pulse(&self) -> watch::Receiver<u64> {
        self.pulse.subscribe()
    }

    /// Starts nothing any more, stops what is at work, and waits until it is closed.
    pub(super) fn close(&self) {
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
    fn reached(&self, moment: &Moment<'_>) {
        if let Some(live) = &mut self.work().live {
            live.stage = match (*moment, live.stage) {
                (Moment::Begun { run }, _) => Stage::AtWork(run),
                (Moment::Closing, Stage::AtWork(run)) => Stage::Closing(run),
                (_, stage) => stage,
            };
        }
        if !matches!(moment, Moment::Committing { .. }) {
            self.beat();
        }
    }
}

/// Hears how starting went.
type Hears = oneshot::Receiver<Result<RunId, Problem>>;
/// Tells, once, how starting went.
type Told = Mutex<Option<oneshot::Sender<Result<RunId, Problem>>>>;

fn tell(told: &Told, how: Result<RunId, Problem>) {
    let sender = told.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(sender) = sender {
        // Who asked may have hung up; the run goes on all the same.
        let _ = sender.send(how);
    }
}

/// What the thread of a run does: the inbox first, then the run.
fn carry_out(
    desk: &Desk,
    asked: &RunRequest,
    cancel: &AtomicBool,
    told: &Told,
) -> Result<(), EngineError> {
    let served = &desk.served;
    if let Some(folder) = &served.inbox {
        take_in(desk, folder);
    }
    let watch = Watch {
        cancel,
        progress: &|_| {},
        reached: &|moment| {
            desk.runner.reached(moment);
            if let Moment::Begun { run } = moment {
                tell(told, Ok(*run));
            }
        },
    };
    let environment = &served.environment;
    let outcome = engine::run(&served.store, asked, &served.engine, environment, &watch)
        .inspect_err(log_failure)?;
    tracing::info!("run {} ended {}", outcome.run, outcome.state);
    Ok(())
}

fn log_failure(error: &EngineError) {
    use std::error::Error;
    let cause = error.source().map(|cause| format!(": {cause}"));
    tracing::error!(
        "a run ended with an error: {error}{}",
        cause.unwrap_or_default()
    );
}

/// An inbox that can't be read is told and is no reason to leave the books as they are.
fn take_in(desk: &Desk, folder: &Path) {
    let served = &desk.served;
    let terms = Terms {
        calendar: &served.engine.calendar,
        window: LONGEST_WINDOW,
        now: served.environment.clock.now(),
    };
    let taken = match served.store.writer() {
        Ok(mut writer) => take_in_inbox(&mut writer, folder, &terms, &report::inbox_report),
        Err(error) => return tracing::error!("the inbox waits: {error}"),
    };
    match taken {
        Ok(files) => {
            for file in files {
                tracing::info!("{}", report::inbox_line(&file));
            }
        }
        Err(error) => tracing::error!("the inbox could not be taken in: {error}"),
    }
}
