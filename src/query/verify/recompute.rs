//! Whether the sources still give, bit for bit, what is stored.

use std::collections::BTreeMap;

use super::check::{Claim, Tally, catch_damage};
use super::facts::{self, Fact, difference};
use super::sources::Directory;
use super::{Sample, VerifyProgress};
use crate::domain::output::CellOutput;
use crate::domain::{Day, IdSet, Phase, PhaseSet, PortfolioId, SecurityId};
use crate::engine::{Recomputation, Settings};
use crate::environment::Clock;
use crate::query::QueryError;
use crate::store::{ModelNumber, ReadTransaction, Store};

/// What it takes to compute anew.
pub(super) struct Recompute<'a> {
    pub(super) store: &'a Store,
    pub(super) settings: &'a Settings,
    pub(super) clock: &'a Clock,
    pub(super) known: &'a Directory,
}

/// What came of computing anew.
pub(super) struct RecomputeCheck {
    /// How many cells were computed anew.
    pub(super) cells: u64,
    pub(super) tallies: [Tally; 2],
}

impl Recompute<'_> {
    /// Computes the sampled ones of the cells in `done` anew, and all statistics of their days.
    pub(super) fn check(
        &self,
        done: &BTreeMap<Day, IdSet>,
        sample: Sample,
        progress: &dyn Fn(VerifyProgress),
    ) -> Result<RecomputeCheck, QueryError> {
        let mut cells = Tally::new(Claim::CellsRecomputed);
        let mut statistics = Tally::new(Claim::StatisticsRecomputed);
        let chosen = sample.select(done);
        let mut who = chosen.values().fold(IdSet::new(), |all, day| all | day);
        who &= &self.known.portfolios;
        if let Some(last) = chosen.keys().next_back() {
            catch_damage(
                &mut cells,
                || "the sources".to_owned(),
                |cells| {
                    let load = |reading: &ReadTransaction<'_>| {
                        Recomputation::load(reading, self.settings, &who, *last)
                    };
                    let mut anew = self.store.read(load)?;
                    for (at, (day, sampled)) in (1..).zip(&chosen) {
                        self.check_session(&mut anew, *day, sampled, cells, &mut statistics)?;
                        progress(VerifyProgress {
                            claim: Claim::CellsRecomputed,
                            done: at,
                            total: chosen.len(),
                        });
                    }
                    Ok(())
                },
            )?;
        }
        Ok(RecomputeCheck {
            cells: chosen.values().map(IdSet::len).sum(),
            tallies: [cells, statistics],
        })
    }

    fn check_session(
        &self,
        anew: &mut Recomputation,
        day: Day,
        sampled: &IdSet,
        cells: &mut Tally,
        statistics: &mut Tally,
    ) -> Result<(), QueryError> {
        if !anew.has_session(day) {
            if !sampled.is_empty() {
                cells.add_finding(|| {
                    format!("{day}: cells are done, and the sources know no such session")
                });
            }
            return Ok(());
        }
        self.store.read(|reading| {
            reading.check_revision(anew.revision())?;
            let steps = done_phases(reading, day, &(sampled & &self.known.portfolios))?;
            let recomputed = anew.cells(day, &steps, self.clock);
            cells.add_checked(steps.len() as u64);
            for (cell, reason) in recomputed.missing {
                let cell = self.known.cell_label(cell);
                cells.add_finding(|| {
                    format!("{cell}: done, and the sources give no books: {reason}")
                });
            }
            for output in &recomputed.cells {
                let place = || self.known.cell_label(output.cell);
                catch_damage(cells, place, |tally| {
                    self.compare_cell(reading, output, anew.model(), tally)
                })?;
            }
            catch_damage(
                statistics,
                || day.to_string(),
                |tally| self.compare_statistics(reading, anew, day, tally),
            )
        })
    }

    /// Lays a cell's stored output beside what the sources give. That there is a row is another
    /// claim.
    fn compare_cell(
        &self,
        reading: &ReadTransaction<'_>,
        anew: &CellOutput,
        model: ModelNumber,
        tally: &mut Tally,
    ) -> Result<(), QueryError> {
        let cell = anew.cell;
        let mut lay = |phase, stored: &[Fact<'_>], anew: &[Fact<'_>]| {
            if let Some(difference) = difference(stored, anew) {
                tally.add_finding(|| {
                    format!("{}, {phase}: {difference}", self.known.cell_label(cell))
                });
            }
        };
        if let (Some(anew), Some(stored)) = (&anew.snapshot, reading.snapshot(cell)?) {
            lay(
                Phase::Snapshot,
                &facts::of_snapshot(&stored),
                &facts::of_snapshot(anew),
            );
        }
        if let (Some(anew), Some(stored)) = (&anew.positions, reading.positions(cell)?) {
            lay(
                Phase::Positions,
                &facts::of_positions(&stored),
                &facts::of_positions(anew),
            );
        }
        if let (Some(anew), Some(stored)) = (&anew.exposures, reading.exposures(cell)?) {
            lay(
                Phase::Exposures,
                &facts::of_exposures(&stored),
                &facts::of_exposures(anew),
            );
        }
        if let (Some(anew), Some((by, stored))) = (&anew.risk, reading.risk(cell)?) {
            lay(Phase::Risk, &facts::of_risk(&stored), &facts::of_risk(anew));
            if by != model {
                tally.add_finding(|| {
                    format!(
                        "{}, risk: done, and measured by an older model",
                        self.known.cell_label(cell)
                    )
                });
            }
        }
        Ok(())
    }

    fn compare_statistics(
        &self,
        reading: &ReadTransaction<'_>,
        anew: &Recomputation,
        day: Day,
        tally: &mut Tally,
    ) -> Result<(), QueryError> {
        let done = reading.done(day, Phase::Securities)? & &self.known.securities;
        tally.add_checked(done.len());
        for anew_one in anew.statistics(day, &done) {
            let security: SecurityId = anew_one.security;
            let Some((by, stored)) = reading.security_statistics(day, security)? else {
                continue;
            };
            let name = || {
                format!(
                    "{} on {day}, securities",
                    self.known.security_label(security)
                )
            };
            let differs = difference(
                &facts::of_statistics(&stored),
                &facts::of_statistics(&anew_one),
            );
            if let Some(difference) = differs {
                tally.add_finding(|| format!("{}: {difference}", name()));
            }
            if by != anew.model() {
                tally.add_finding(|| format!("{}: done, and measured by an older model", name()));
            }
        }
        Ok(())
    }
}

/// Which phases of each of these cells are done, in order of portfolio.
fn done_phases(
    reading: &ReadTransaction<'_>,
    day: Day,
    who: &IdSet,
) -> Result<Vec<(PortfolioId, PhaseSet)>, QueryError> {
    let mut phases: BTreeMap<u32, PhaseSet> = BTreeMap::new();
    for phase in Phase::CELL_PHASES {
        for id in reading.done(day, phase)? & who {
            let set = phases.entry(id).or_default();
            *set = set.with(phase);
        }
    }
    Ok(phases
        .into_iter()
        .map(|(id, set)| (PortfolioId(id), set))
        .collect())
}
