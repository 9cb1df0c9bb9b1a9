//! Faults in the survey that the planner gets: lifecycles, coverage, blocked and quarantined cells.

use std::collections::BTreeMap;

use super::mutant::{Change, Mutant};
use crate::domain::{Day, IdSet, Lifecycle, LifecycleIndex, Phase, PhaseSet, PortfolioId};
use crate::engine::EngineError;
use crate::plan::Survey;
use crate::store::ReadTransaction;

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "deleted-read-as-active",
        "a deleted portfolio is read as active",
        |survey, reading| {
            change_lifecycles(survey, reading, |lifecycle| lifecycle.with_deleted_at(None))
        },
    ),
    mutant(
        "closing-day-ignored",
        "a closing day is not read",
        |survey, reading| {
            change_lifecycles(survey, reading, |lifecycle| {
                Lifecycle::new(lifecycle.inception()).with_deleted_at(lifecycle.deleted_at())
            })
        },
    ),
    mutant(
        "inception-a-day-late",
        "a lifecycle starts the day after its inception",
        |survey, reading| {
            change_lifecycles(survey, reading, |lifecycle| {
                let later = Lifecycle::new(lifecycle.inception().next());
                let closing = later
                    .with_closing_day(lifecycle.closing_day())
                    .unwrap_or(later);
                closing.with_deleted_at(lifecycle.deleted_at())
            })
        },
    ),
    mutant(
        "snapshot-read-as-all-phases",
        "a snapshot is read as all phases",
        |survey, _| {
            change_coverage(survey, |coverage, day| {
                let done = coverage
                    .get(day, Phase::Snapshot)
                    .cloned()
                    .unwrap_or_default();
                for phase in Phase::CELL_PHASES {
                    coverage.set(day, phase, done.clone());
                }
            });
            Ok(())
        },
    ),
    mutant(
        "holes-read-as-done",
        "cells before a done one are read as done",
        |survey, _| {
            let mut below = IdSet::new();
            for day in survey.sessions.clone().into_iter().rev() {
                for phase in Phase::CELL_PHASES {
                    let done = survey.coverage.get(day, phase).cloned().unwrap_or_default();
                    below |= &done;
                    survey.coverage.set(day, phase, done | &below);
                }
            }
            Ok(())
        },
    ),
    mutant(
        "risk-read-as-done",
        "the risk phase is read as done",
        |survey, _| {
            change_coverage(survey, |coverage, day| {
                let done = coverage
                    .get(day, Phase::Snapshot)
                    .cloned()
                    .unwrap_or_default();
                coverage.set(day, Phase::Risk, done);
            });
            Ok(())
        },
    ),
    mutant(
        "invalidations-not-read",
        "the reasons of invalidations are not read",
        |survey, _| {
            survey.invalidations.clear();
            Ok(())
        },
    ),
    mutant(
        "blocked-not-read",
        "blocked cells are not read",
        |survey, _| {
            survey.blocked.clear();
            Ok(())
        },
    ),
    mutant(
        "one-blocked-blocks-all",
        "one blocked portfolio blocks its whole day",
        |survey, _| {
            let active = survey.lifecycles.active().clone();
            for blocked in survey.blocked.values_mut() {
                let Some(first) = blocked.first().cloned() else {
                    continue;
                };
                for id in active.iter().map(PortfolioId) {
                    if blocked.iter().all(|cell| cell.portfolio != id) {
                        blocked.push(crate::plan::BlockedCell {
                            portfolio: id,
                            reason: first.reason.clone(),
                        });
                    }
                }
                blocked.sort_by_key(|cell| cell.portfolio);
            }
            Ok(())
        },
    ),
    mutant(
        "quarantine-not-read",
        "quarantined phases are not read",
        |survey, _| {
            survey.quarantined.clear();
            Ok(())
        },
    ),
    mutant(
        "previous-session-dropped",
        "the session before the last is not read",
        |survey, _| {
            if survey.sessions.len() > 1 {
                let last = survey.sessions.len() - 2;
                survey.sessions.remove(last);
            }
            Ok(())
        },
    ),
];

const fn mutant(
    name: &'static str,
    fault: &'static str,
    change: fn(&mut Survey, &ReadTransaction<'_>) -> Result<(), EngineError>,
) -> Mutant {
    Mutant {
        name,
        fault,
        change: Change::Survey(change),
    }
}

fn change_lifecycles(
    survey: &mut Survey,
    reading: &ReadTransaction<'_>,
    change: fn(Lifecycle) -> Lifecycle,
) -> Result<(), EngineError> {
    let mut lifecycles = LifecycleIndex::default();
    for portfolio in reading.portfolios().all()? {
        lifecycles.add(portfolio.id, &change(portfolio.lifecycle));
    }
    survey.lifecycles = lifecycles;
    Ok(())
}

fn change_coverage(survey: &mut Survey, change: fn(&mut crate::domain::Coverage, Day)) {
    let days: BTreeMap<Day, PhaseSet> = (survey.coverage.iter())
        .map(|(day, phase, _)| (day, PhaseSet::from_phase(phase)))
        .collect();
    for day in days.into_keys() {
        change(&mut survey.coverage, day);
    }
}
