//! Faults in what is read before planning: lives, coverage, what waits.

use std::collections::BTreeMap;

use super::mutant::{Change, Mutant};
use crate::domain::{Day, IdSet, Lifecycle, Phase, PhaseSet, PortfolioId};
use crate::engine::EngineError;
use crate::plan::{LifecycleIndex, Survey};
use crate::store::ReadTransaction;

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "deleted-live-on",
        "a deleted portfolio is read as active",
        |survey, reading| change_lifecycles(survey, reading, |life| life.with_deleted_at(None)),
    ),
    mutant(
        "never-closed",
        "a closing day is not read",
        |survey, reading| {
            change_lifecycles(survey, reading, |life| {
                Lifecycle::new(life.inception()).with_deleted_at(life.deleted_at())
            })
        },
    ),
    mutant(
        "born-a-day-late",
        "a life begins the day after its inception",
        |survey, reading| {
            change_lifecycles(survey, reading, |life| {
                let later = Lifecycle::new(life.inception().next());
                let closing = later.with_closing_day(life.closing_day()).unwrap_or(later);
                closing.with_deleted_at(life.deleted_at())
            })
        },
    ),
    mutant(
        "snapshot-is-everything",
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
        "holes-unseen",
        "what lies below a newest day is read as done",
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
        "risk-forgotten",
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
        "invalidations-unread",
        "why something is to be done again is not read",
        |survey, _| {
            survey.invalidations.clear();
            Ok(())
        },
    ),
    mutant(
        "blocks-unread",
        "nothing that waits is read",
        |survey, _| {
            survey.blocked.clear();
            Ok(())
        },
    ),
    mutant(
        "one-blocks-all",
        "one portfolio that waits holds up its whole day",
        |survey, _| {
            let everybody = survey.lifecycles.active().clone();
            for waiting in survey.blocked.values_mut() {
                let Some(first) = waiting.first().cloned() else {
                    continue;
                };
                for id in everybody.iter().map(PortfolioId) {
                    if waiting.iter().all(|one| one.portfolio != id) {
                        let why = first.reason.clone();
                        waiting.push(crate::plan::BlockedCell {
                            portfolio: id,
                            reason: why,
                        });
                    }
                }
                waiting.sort_by_key(|one| one.portfolio);
            }
            Ok(())
        },
    ),
    mutant(
        "quarantine-unread",
        "what is quarantined is not read",
        |survey, _| {
            survey.quarantined.clear();
            Ok(())
        },
    ),
    mutant(
        "session-before-unread",
        "the last session is not read",
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
    let mut roster = LifecycleIndex::default();
    for one in reading.portfolios()? {
        roster.add(one.id, &change(one.lifecycle));
    }
    survey.lifecycles = roster;
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
