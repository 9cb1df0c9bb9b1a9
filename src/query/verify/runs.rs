//! Checks that the runs marked running match the lease.

use super::check::Tally;
use crate::environment::Environment;
use crate::query::error::QueryError;
use crate::store::{RunState, Store};

/// Checks that each running run holds a live lease, and that the lease belongs to a running run.
pub(super) fn check_running_runs(
    store: &Store,
    environment: &Environment,
    tally: &mut Tally,
) -> Result<(), QueryError> {
    store.read(|reading| {
        let holder = reading.lease().holder()?;
        let running = reading.runs().in_state(RunState::Running)?;
        tally.add_checked(1 + running.len() as u64);
        for run in &running {
            let lease = holder.as_ref().filter(|lease| lease.number == run.number);
            match lease {
                None => tally.add_finding(|| {
                    format!("run {} is marked running but holds no lease", run.key)
                }),
                Some(lease) if !lease.is_live(environment) => tally.add_finding(|| {
                    format!(
                        "run {} is marked running but its lease expired at {}; \
                         the next run closes it",
                        run.key, lease.expires
                    )
                }),
                Some(_) => {}
            }
        }
        let is_running = |number| running.iter().any(|run| run.number == number);
        if let Some(lease) = holder.filter(|lease| !is_running(lease.number)) {
            tally.add_finding(|| format!("run {} holds the lease but is not running", lease.run));
        }
        Ok(())
    })
}
