//! One run, from the lease to its return.

use super::asked::RunRequest;
use super::execute::Watch;
use super::moment::Moment;
use super::night::Night;
use super::outcome::Outcome;
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
    watch: &Watch<'_>,
) -> Result<Outcome, EngineError> {
    // Asked of a reader first: the writer empties the log, for which a run at work can be in the
    // way.
    store.read(|reading| reading.ensure_no_live_lease(environment))?;
    let mut writer = store.writer()?;
    let mut night = Night::begin(store, &mut writer, asked, settings, environment)?;
    (watch.reached)(&Moment::Begun { run: night.key() });
    let ended = night.work(&mut writer, watch);
    night.end(&mut writer, ended, watch)
}
