//! One run, from the lease to its return.

use super::active_run::ActiveRun;
use super::execute::RunObserver;
use super::outcome::Outcome;
use super::run_event::RunEvent;
use super::run_request::RunRequest;
use super::{EngineError, Settings};
use crate::environment::Environment;
use crate::store::Store;

/// Runs. Cells that fail are part of the outcome; an error means that the run could not be made
/// or could not go on, and nothing that was committed before is lost by it.
pub fn run(
    store: &Store,
    asked: &RunRequest,
    settings: &Settings,
    environment: &Environment,
    watch: &RunObserver<'_>,
) -> Result<Outcome, EngineError> {
    // Asked of a reader first: the writer empties the log, for which a run at work can be in the
    // way.
    store.read(|reading| reading.ensure_no_live_lease(environment))?;
    let mut writer = store.writer()?;
    let mut night = ActiveRun::start(store, &mut writer, asked, settings, environment)?;
    (watch.on_event)(&RunEvent::Started { run: night.key() });
    let ended = night.plan_until_stable(&mut writer, watch);
    night.finish(&mut writer, ended, watch)
}
