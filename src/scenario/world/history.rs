//! What happened before the clock of a world: what was taken out of the ledger again, and how
//! runs ended.

use std::collections::BTreeMap;

use super::coverage::PortfolioDays;
use super::error::WorldError;
use super::lenient::{CellPhase, Instant, Lenient};
use super::resolver::PortfolioResolver;
use super::spec::{InvalidationSpec, PastRunSpec};
use super::state::{PastRun, WorldPortfolio};
use crate::domain::{Calendar, Day, IdSet, Phase, PhaseSet};
use crate::plan::PolicyName;
use crate::store::{NewInvalidation, Progress, RunState};

/// The invalidations in the file's order. They speak of what is said to be done; what is not
/// done is not taken out.
pub(super) fn resolve_invalidations(
    written: Vec<InvalidationSpec>,
    portfolios: &[WorldPortfolio],
    calendar: &Calendar,
    last: Day,
) -> Result<Vec<NewInvalidation>, WorldError> {
    if written.is_empty() {
        return Ok(Vec::new());
    }
    let who = PortfolioResolver::new(portfolios);
    let read = |one: InvalidationSpec| {
        let phases = one.phases.as_ref().map_or(PhaseSet::CELL_PHASES, |phases| {
            phases.0.iter().map(|CellPhase(phase)| *phase).collect()
        });
        let mut cells: BTreeMap<(Day, Phase), IdSet> = BTreeMap::new();
        for text in &one.portfolios.0 {
            for (name, member) in who.resolve(text)? {
                let days = PortfolioDays {
                    name: &name,
                    lifecycle: member.portfolio.lifecycle,
                    calendar,
                    last,
                };
                let id = member.portfolio.id.0;
                for span in &one.days.0 {
                    for day in days.sessions(*span)? {
                        for phase in phases.iter() {
                            cells.entry((*day, phase)).or_default().insert(id);
                        }
                    }
                }
            }
        }
        let Lenient(cause) = one.cause;
        Ok(NewInvalidation {
            cause: cause.0,
            reason: one.reason.unwrap_or_else(|| "as the world says".to_owned()),
            cells,
        })
    };
    written.into_iter().map(read).collect()
}

/// How runs ended, in the file's order.
pub(super) fn resolve_runs(
    written: Vec<PastRunSpec>,
    last: Day,
) -> Result<Vec<PastRun>, WorldError> {
    let read = |(place, one): (usize, PastRunSpec)| {
        let Lenient(Instant(started)) = one.started;
        let ended = one.ended.map(|Lenient(Instant(at))| at);
        if one.state == RunState::Running {
            return Err(WorldError::RunningRun { place });
        }
        Ok(PastRun {
            started,
            ended: ended.unwrap_or(started),
            state: one.state,
            policy: (one.policy).unwrap_or_else(|| PolicyName::PerCell.name().to_owned()),
            scope: one.scope.unwrap_or_else(|| "all active".to_owned()),
            target: one.target.unwrap_or(last),
            progress: Progress {
                planned: one.planned,
                done: one.done,
                failed: one.failed,
                blocked: one.blocked,
                skipped: 0,
            },
        })
    };
    (1..).zip(written).map(read).collect()
}
