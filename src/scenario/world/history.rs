//! Reads the history of a world: invalidations and finished runs.

use std::collections::BTreeMap;

use super::coverage::PortfolioDays;
use super::error::WorldError;
use super::resolver::PortfolioResolver;
use super::spec::{InvalidationSpec, PastRunSpec};
use super::state::{PastRun, WorldPortfolio};
use super::values::CellPhase;
use crate::domain::{Calendar, Day, IdSet, NewInvalidation, Phase, PhaseSet};
use crate::plan::PolicyName;
use crate::store::{Progress, RunState};

/// Resolves invalidations, in the order of the file. They name cells whether or not those are done;
/// the store invalidates the done ones only.
pub(super) fn resolve_invalidations(
    specs: Vec<InvalidationSpec>,
    portfolios: &[WorldPortfolio],
    calendar: &Calendar,
    last: Day,
) -> Result<Vec<NewInvalidation>, WorldError> {
    if specs.is_empty() {
        return Ok(Vec::new());
    }
    let resolver = PortfolioResolver::new(portfolios);
    let read = |spec: InvalidationSpec| {
        let phases = spec
            .phases
            .as_ref()
            .map_or(PhaseSet::CELL_PHASES, |phases| {
                phases.0.iter().map(|CellPhase(phase)| *phase).collect()
            });
        let mut cells: BTreeMap<(Day, Phase), IdSet> = BTreeMap::new();
        for text in &spec.portfolios.0 {
            for (name, member) in resolver.resolve(text)? {
                let days = PortfolioDays {
                    name: &name,
                    lifecycle: member.portfolio.lifecycle,
                    calendar,
                    last,
                };
                let id = member.portfolio.id.0;
                for span in &spec.days.0 {
                    for day in days.sessions(*span)? {
                        for phase in phases.iter() {
                            cells.entry((*day, phase)).or_default().insert(id);
                        }
                    }
                }
            }
        }
        Ok(NewInvalidation {
            cause: spec.cause.0.0,
            reason: spec
                .reason
                .unwrap_or_else(|| "as the world says".to_owned()),
            cells,
        })
    };
    specs.into_iter().map(read).collect()
}

/// Resolves finished runs, in the order of the file.
pub(super) fn resolve_runs(specs: Vec<PastRunSpec>, last: Day) -> Result<Vec<PastRun>, WorldError> {
    let read = |(place, spec): (usize, PastRunSpec)| {
        let started = spec.started.0.to_utc();
        let ended = spec.ended.map(|ended| ended.0.to_utc());
        if spec.state == RunState::Running {
            return Err(WorldError::RunningRun { place });
        }
        Ok(PastRun {
            started,
            ended: ended.unwrap_or(started),
            state: spec.state,
            policy: (spec.policy).unwrap_or_else(|| PolicyName::PerCell.name().to_owned()),
            scope: spec.scope.unwrap_or_else(|| "all active".to_owned()),
            target: spec.target.unwrap_or(last),
            progress: Progress {
                planned: spec.planned.unwrap_or(0),
                done: spec.done.unwrap_or(0),
                failed: spec.failed.unwrap_or(0),
                blocked: spec.blocked.unwrap_or(0),
                skipped: 0,
            },
        })
    };
    (1..).zip(specs).map(read).collect()
}
