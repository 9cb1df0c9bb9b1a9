//! Starts a run on its thread, which imports the inbox, fetches prices, runs and notifies.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::control::{RunThread, SpawnedRun, StartedRun};
use crate::app::{AppError, FetchOutcome, FetchedPrices, RunSpec, RunSurface};
use crate::engine::RunEvent;
use crate::import::apply::ApplyError;
use crate::import::inbox::InboxFile;
use crate::notify::Notifier;
use crate::report;
use crate::serve::app_state::AppState;
use crate::serve::http::Problem;
use crate::store::RunState;

/// The time that a finished run gets to close before a new one is refused.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Refuses, before any write, words that can't be planned and any run while another one holds the
/// lease. Else starts the run.
pub(in crate::serve) async fn check_and_start(
    state: &Arc<AppState>,
    spec: RunSpec,
) -> Result<StartedRun, Problem> {
    let checked = spec.clone();
    state
        .run_blocking(move |state| state.context.app.check_run(&checked))
        .await?;
    start(state, spec).await
}

/// Starts a run and returns once it has its id.
///
/// Fails as busy while another run is running. A run that is closing is waited for: its client
/// may have seen its end already and expects the next start to succeed.
pub(in crate::serve) async fn start(
    state: &Arc<AppState>,
    spec: RunSpec,
) -> Result<StartedRun, Problem> {
    let mut updates = state.runner.subscribe();
    loop {
        updates.mark_unchanged();
        let (run_state, spec) = (Arc::clone(state), spec.clone());
        let body = move |thread: &RunThread| execute(&run_state, &spec, thread);
        if let Some(SpawnedRun { started, end }) = state.runner.spawn(body)? {
            let run = started.await.unwrap_or_else(|_| Err(Problem::bug()))?;
            return Ok(StartedRun { run, end });
        }
        let closed = tokio::time::timeout(CLOSE_TIMEOUT, updates.changed());
        if closed.await.is_err() {
            return Err(Problem::busy("the previous run is still closing", None));
        }
    }
}

/// The body of a run's thread.
fn execute(state: &AppState, spec: &RunSpec, thread: &RunThread) -> Result<RunState, Problem> {
    let notifier = &state.context.notifier;
    let surface = ServerRun { thread, notifier };
    let outcome = state.context.app.import_and_run(spec, &surface);
    let outcome = outcome.inspect_err(log_failure)?;
    tracing::info!("run {} ended {}", outcome.run, outcome.state);
    Ok(outcome.state)
}

fn log_failure(error: &AppError) {
    let cause = error.source().map(|cause| format!(": {cause}"));
    tracing::error!("run failed: {error}{}", cause.unwrap_or_default());
}

/// A run of this server.
struct ServerRun<'r> {
    thread: &'r RunThread,
    notifier: &'r Notifier,
}

impl RunSurface for ServerRun<'_> {
    fn cancel(&self) -> &AtomicBool {
        &self.thread.cancel
    }

    fn notifier(&self) -> &Notifier {
        self.notifier
    }

    fn on_inbox_file(&self, file: &InboxFile) {
        log_inbox_file(file);
    }

    fn on_inbox_error(&self, error: ApplyError) -> Result<(), ApplyError> {
        log_inbox_error(&error);
        Ok(())
    }

    fn on_prices(&self, fetched: &FetchedPrices) {
        log_prices(fetched);
    }

    fn on_event(&self, event: &RunEvent<'_>) {
        self.thread.on_event(event);
    }
}

/// Imports the files of the inbox. Errors are only logged: a bad file must not keep the nightly run
/// from processing the data that is there.
pub(in crate::serve) fn import_inbox(state: &AppState) {
    let imported = state.context.app.import_inbox(&log_inbox_file);
    let _ = imported.inspect_err(log_inbox_error);
}

fn log_inbox_file(file: &InboxFile) {
    let line = report::inbox_line(file);
    match file.is_questionable() {
        false => tracing::info!("{line}"),
        true => tracing::warn!("{line}"),
    }
}

/// Logs the result of a request for prices.
pub(in crate::serve) fn log_prices(fetched: &FetchedPrices) {
    match (&fetched.outcome, fetched.is_questionable()) {
        (FetchOutcome::NothingRequested, _) => tracing::debug!("{fetched}"),
        (_, false) => tracing::info!("{fetched}"),
        (_, true) => tracing::warn!("{fetched}"),
    }
}

fn log_inbox_error(error: &ApplyError) {
    match error {
        ApplyError::Store(error) => {
            tracing::error!("inbox not imported, the store is not writable: {error}");
        }
        error => tracing::error!("failed to import the inbox: {error}"),
    }
}
