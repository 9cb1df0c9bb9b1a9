//! Builds the open invalidations and the last runs.

use std::collections::BTreeMap;

use super::cells::{phase_list, spans_of, split_by_lifetime};
use crate::capture::intervals::Interval;
use crate::capture::state::{CapturedInvalidation, State};
use crate::domain::{Day, PhaseSet, PriceAcceptance};
use crate::scenario::format::lenient::{Lenient, OneOrMany};
use crate::scenario::names::name_ranges;
use crate::scenario::world::spec::{
    AcceptedPricesSpec, InvalidationSpec, PastRunSpec, RunLeftRunningSpec,
};
use crate::scenario::world::values::CauseName;
use crate::scenario::world::{PastRun, RunLeftRunning};

/// Returns each invalidation as one entry for each group of portfolios with the same cells, and for
/// each set of phases.
pub(super) fn invalidation_specs(
    state: &State,
    labels: &[String],
    last: Day,
) -> Vec<InvalidationSpec> {
    let mut specs = Vec::new();
    for invalidation in &state.invalidations {
        for (intervals, members) in group_by_cells(state, invalidation, last) {
            let mut by_phases: BTreeMap<PhaseSet, Vec<usize>> = BTreeMap::new();
            for interval in &intervals {
                let days = by_phases.entry(interval.marks.phases()).or_default();
                days.extend(interval.first..=interval.last);
            }
            let names = members.iter().map(|at| labels[*at].clone());
            let portfolios = name_ranges(&names.collect::<Vec<_>>());
            for (phases, days) in by_phases {
                specs.push(InvalidationSpec {
                    cause: Lenient(CauseName(invalidation.cause)),
                    reason: Some(invalidation.reason.clone()),
                    portfolios: OneOrMany(portfolios.clone()),
                    days: OneOrMany(spans_of(&state.sessions, days)),
                    phases: (phases != PhaseSet::CELL_PHASES).then(|| phase_list(phases)),
                });
            }
        }
    }
    specs
}

/// Groups the indices of portfolios with the same invalidated cells inside their lifetimes, in the
/// order of the first portfolio of each group.
fn group_by_cells(
    state: &State,
    invalidation: &CapturedInvalidation,
    last: Day,
) -> Vec<(Vec<Interval>, Vec<usize>)> {
    let mut groups: BTreeMap<Vec<Interval>, Vec<usize>> = BTreeMap::new();
    for (at, captured) in state.portfolios.iter().enumerate() {
        let Some(intervals) = invalidation.cells.get(&captured.portfolio.id.0) else {
            continue;
        };
        let portfolio = &captured.portfolio;
        let (mut inside, _) = split_by_lifetime(intervals, state.lifetime(portfolio, last));
        // Days that are no session of the portfolio any more have no cell to invalidate.
        let is_own = |at| state.is_session_of(portfolio, at);
        inside.retain(|interval| (interval.first..=interval.last).any(is_own));
        if !inside.is_empty() {
            groups.entry(inside).or_default().push(at);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, members)| members[0]);
    groups
}

/// Returns a run that ended.
pub(super) fn run_spec(state: &State, run: &PastRun) -> PastRunSpec {
    let count = |count: u64| (count > 0).then_some(count);
    PastRunSpec {
        started: state.local(run.started),
        ended: Some(state.local(run.ended)),
        state: run.state,
        policy: Some(run.policy.clone()),
        scope: Some(run.scope.clone()),
        target: Some(run.target),
        planned: count(run.progress.planned),
        done: count(run.progress.done),
        failed: count(run.progress.failed),
        blocked: count(run.progress.blocked),
    }
}

/// Returns the run that has not ended.
pub(super) fn left_running_spec(state: &State, run: &RunLeftRunning) -> RunLeftRunningSpec {
    RunLeftRunningSpec {
        lease: run.lease,
        started: Some(state.local(run.started)),
        target: Some(run.target),
    }
}

/// Returns a decision to do unpriced sessions with the prices there are.
pub(super) fn accepted_spec(accepted: &PriceAcceptance) -> AcceptedPricesSpec {
    AcceptedPricesSpec {
        from: accepted.days.first(),
        to: accepted.days.last(),
        reason: accepted.reason.clone(),
        by: Some(accepted.by.clone()),
    }
}
