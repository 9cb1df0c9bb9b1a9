//! Executes one run, from taking the lease to releasing it.

use super::active_run::ActiveRun;
use super::error::EngineError;
use super::execute::RunObserver;
use super::outcome::Outcome;
use super::run_event::RunEvent;
use super::run_request::RunRequest;
use super::settings::Settings;
use crate::environment::Environment;
use crate::store::Store;

/// Executes a run. Failed and blocked cells are part of the outcome. An error loses nothing that
/// was committed before it.
///
/// # Errors
///
/// Another run holds the lease, the plan is refused by the request's limits, the request cannot be
/// planned, the sources are inconsistent or keep changing, or the store cannot be read or written.
pub fn run(
    store: &Store,
    request: &RunRequest,
    settings: &Settings,
    environment: &Environment,
    observer: &RunObserver<'_>,
) -> Result<Outcome, EngineError> {
    // Checked before the writer is opened: opening it empties the write-ahead log, which can fail
    // while another run is active. The caller would get that error instead of `LeaseHeld`.
    store.read(|reading| reading.lease().ensure_none_live(environment))?;
    let mut writer = store.writer()?;
    let mut run = ActiveRun::start(store, &mut writer, request, settings, environment)?;
    (observer.on_event)(&RunEvent::Started { run: run.key() });
    let ended = run.plan_until_stable(&mut writer, observer);
    run.finish(&mut writer, ended, observer)
}
