//! Whether what is said of runs at work is so.

use super::check::Tally;
use crate::environment::Environment;
use crate::query::QueryError;
use crate::store::{RunState, Store};

/// A run at work holds the lease, and a lease is live and of a run at work.
pub(super) fn check_running_runs(
    store: &Store,
    environment: &Environment,
    tally: &mut Tally,
) -> Result<(), QueryError> {
    store.read(|reading| {
        let holder = reading.lease_holder()?;
        let running = reading.runs_in_state(RunState::Running)?;
        tally.add_checked(1 + running.len() as u64);
        for run in &running {
            let lease = holder.as_ref().filter(|lease| lease.number == run.number);
            match lease {
                None => tally.add_finding(|| {
                    format!("run {} is said to be at work and holds no lease", run.key)
                }),
                Some(lease) if !lease.is_live(environment) => tally.add_finding(|| {
                    format!(
                        "run {} is said to be at work and its lease is dead since {}; the next run closes it",
                        run.key, lease.expires
                    )
                }),
                Some(_) => {}
            }
        }
        if let Some(lease) = holder.filter(|lease| running.iter().all(|run| run.number != lease.number)) {
            tally.add_finding(|| format!("run {} holds the lease and is not at work", lease.run));
        }
        Ok(())
    })
}
