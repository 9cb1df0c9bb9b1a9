//! What the thread of a run does: the inbox first, then the run.

use std::error::Error;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::control::{StartSender, send_start};
use crate::engine::{self, EngineError, RunEvent, RunObserver, RunRequest};
use crate::import::inbox;
use crate::notify::NotifyContext;
use crate::report;
use crate::serve::app_state::AppState;
use crate::store::RunState;

pub(super) fn execute(
    desk: &AppState,
    asked: &RunRequest,
    cancel: &AtomicBool,
    told: &StartSender,
) -> Result<RunState, EngineError> {
    let served = &desk.context;
    if let Some(folder) = &served.inbox {
        import_inbox(desk, folder);
    }
    let ring = served.notifier.for_run(asked);
    let watch = RunObserver {
        cancel,
        on_progress: &|_| {},
        on_event: &|moment| {
            desk.runner.on_event(moment);
            ring.on_event(moment);
            if let RunEvent::Started { run } = moment {
                send_start(told, Ok(*run));
            }
        },
    };
    let environment = &served.environment;
    let outcome = engine::run(&served.store, asked, &served.engine, environment, &watch)
        .inspect_err(log_failure);
    let books = NotifyContext {
        store: &served.store,
        settings: &served.engine,
        environment,
    };
    ring.on_end(books, outcome.as_ref());
    let outcome = outcome?;
    tracing::info!("run {} ended {}", outcome.run, outcome.state);
    Ok(outcome.state)
}

fn log_failure(error: &EngineError) {
    let cause = error.source().map(|cause| format!(": {cause}"));
    tracing::error!(
        "a run ended with an error: {error}{}",
        cause.unwrap_or_default()
    );
}

/// An inbox that can't be read is told and is no reason to leave the books as they are.
pub(in crate::serve) fn import_inbox(desk: &AppState, folder: &Path) {
    let served = &desk.context;
    let terms = served.terms();
    let taken = match served.store.writer() {
        Ok(mut writer) => inbox::import_inbox(&mut writer, folder, &terms, &report::inbox_report),
        Err(error) => return tracing::error!("the inbox waits: {error}"),
    };
    match taken {
        Ok(files) => {
            for file in files {
                let line = report::inbox_line(&file);
                match file.first_error() {
                    None => tracing::info!("{line}"),
                    Some(_) => tracing::warn!("{line}"),
                }
            }
        }
        Err(error) => tracing::error!("the inbox could not be taken in: {error}"),
    }
}
