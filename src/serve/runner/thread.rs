//! The body of a run's thread: imports the inbox, runs, and notifies.

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
    state: &AppState,
    run_request: &RunRequest,
    cancel: &AtomicBool,
    start_sender: &StartSender,
) -> Result<RunState, EngineError> {
    let context = &state.context;
    if let Some(folder) = &context.inbox {
        import_inbox(state, folder);
    }
    let notifications = context.notifier.for_run(run_request);
    let observer = RunObserver {
        cancel,
        on_progress: &|_| {},
        on_event: &|event| {
            state.runner.on_event(event);
            notifications.on_event(event);
            if let RunEvent::Started { run } = event {
                send_start(start_sender, Ok(*run));
            }
        },
    };
    let environment = &context.environment;
    let outcome = engine::run(
        &context.store,
        run_request,
        &context.engine,
        environment,
        &observer,
    )
    .inspect_err(log_failure);
    let notify_context = NotifyContext {
        store: &context.store,
        settings: &context.engine,
        environment,
    };
    notifications.on_end(notify_context, outcome.as_ref());
    let outcome = outcome?;
    tracing::info!("run {} ended {}", outcome.run, outcome.state);
    Ok(outcome.state)
}

fn log_failure(error: &EngineError) {
    let cause = error.source().map(|cause| format!(": {cause}"));
    tracing::error!("run failed: {error}{}", cause.unwrap_or_default());
}

/// Imports the files of the inbox. Errors are only logged: a bad file must not keep the nightly run
/// from processing the data that is there.
pub(in crate::serve) fn import_inbox(state: &AppState, folder: &Path) {
    let context = &state.context;
    let import_context = context.import_context();
    let imported = match context.store.writer() {
        Ok(mut writer) => {
            inbox::import_inbox(&mut writer, folder, &import_context, &report::inbox_report)
        }
        Err(error) => {
            return tracing::error!("inbox not imported, the store is not writable: {error}");
        }
    };
    match imported {
        Ok(files) => {
            for file in files {
                let line = report::inbox_line(&file);
                match file.first_error() {
                    None => tracing::info!("{line}"),
                    Some(_) => tracing::warn!("{line}"),
                }
            }
        }
        Err(error) => tracing::error!("failed to import the inbox: {error}"),
    }
}
