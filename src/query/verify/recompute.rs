//! Computes cells and statistics again from the sources, and compares them with the stored ones
//! bit for bit.

use std::collections::BTreeMap;

use super::check::{Claim, Tally, VerifyProgress, catch_damage};
use super::facts::{self, difference};
use super::sample::Sample;
use super::sources::Directory;
use crate::domain::output::CellOutput;
use crate::domain::{Day, IdSet, Phase, PhaseSet, PortfolioId, SecurityId};
use crate::engine::{Recomputation, Settings};
use crate::environment::Clock;
use crate::query::error::QueryError;
use crate::store::{ModelNumber, ReadTransaction, Store};

/// The inputs of a recomputation.
pub(super) struct Recompute<'a> {
    pub(super) store: &'a Store,
    pub(super) settings: &'a Settings,
    pub(super) clock: &'a Clock,
    pub(super) known: &'a Directory,
}

/// The result of a recomputation.
pub(super) struct RecomputeCheck {
    /// Number of cells that were computed again.
    pub(super) cells: u64,
    pub(super) tallies: [Tally; 2],
}

impl Recompute<'_> {
    /// Computes the sampled cells of `done` again, and all statistics of their days.
    pub(super) fn check(
        &self,
        done: &BTreeMap<Day, IdSet>,
        sample: Sample,
        progress: &dyn Fn(VerifyProgress),
    ) -> Result<RecomputeCheck, QueryError> {
        let mut cells = Tally::new(Claim::CellsRecomputed);
        let mut statistics = Tally::new(Claim::StatisticsRecomputed);
        let mut chosen = sample.select(done);
        let known_days = self.settings.calendar.known_days();
        chosen.retain(|day, ids| {
            let is_known = known_days.contains(*day);
            if !is_known {
                self.add_cells_without_session(*day, ids, &mut cells);
            }
            is_known
        });
        let mut ids = chosen.values().fold(IdSet::new(), |all, day| all | day);
        ids &= &self.known.portfolios;
        if let Some(last) = chosen.keys().next_back() {
            catch_damage(
                &mut cells,
                || "the sources".to_owned(),
                |cells| {
                    let load = |reading: &ReadTransaction<'_>| {
                        Recomputation::load(reading, self.settings, &ids, *last)
                    };
                    let mut recomputation = self.store.read(load)?;
                    for (at, (day, sampled)) in (1..).zip(&chosen) {
                        // An unreadable set of the ledger hides no damage of other sessions.
                        catch_damage(
                            cells,
                            || day.to_string(),
                            |cells| {
                                self.check_session(
                                    &mut recomputation,
                                    *day,
                                    sampled,
                                    cells,
                                    &mut statistics,
                                )
                            },
                        )?;
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
            cells: cells.checked(),
            tallies: [cells, statistics],
        })
    }

    fn check_session(
        &self,
        recomputation: &mut Recomputation,
        day: Day,
        sampled: &IdSet,
        cells: &mut Tally,
        statistics: &mut Tally,
    ) -> Result<(), QueryError> {
        if !recomputation.has_session(day) {
            self.add_cells_without_session(day, sampled, cells);
            return Ok(());
        }
        self.store.read(|reading| {
            // The sources were read in another transaction: they must not have changed since.
            reading.check_revision(recomputation.revision())?;
            let steps = done_phases(reading, day, &(sampled & &self.known.portfolios))?;
            let recomputed = recomputation.cells(day, &steps, self.clock);
            cells.add_checked(steps.len() as u64);
            for (cell, reason) in recomputed.missing {
                cells.add_damaged(day, PhaseSet::CELL_PHASES, cell.portfolio.0);
                let cell = self.known.cell_label(cell);
                cells.add_finding(|| {
                    format!("{cell}: done, but the sources give no books: {reason}")
                });
            }
            for output in &recomputed.cells {
                let place = || self.known.cell_label(output.cell);
                let id = output.cell.portfolio.0;
                cells.check_cell((day, PhaseSet::CELL_PHASES, id), |cells| {
                    catch_damage(cells, place, |tally| {
                        self.compare_cell(reading, output, recomputation.model(), tally)
                    })
                })?;
            }
            catch_damage(
                statistics,
                || day.to_string(),
                |tally| self.compare_statistics(reading, recomputation, day, tally),
            )
        })
    }

    fn add_cells_without_session(&self, day: Day, ids: &IdSet, cells: &mut Tally) {
        if ids.is_empty() {
            return;
        }
        for id in ids {
            cells.add_damaged(day, PhaseSet::CELL_PHASES, id);
        }
        cells
            .add_finding(|| format!("{day}: cells are done, but the sources have no such session"));
    }

    /// Compares the stored output of a cell with the recomputed one. A missing row is a finding of
    /// `Claim::LedgerHasOutput`.
    fn compare_cell(
        &self,
        reading: &ReadTransaction<'_>,
        recomputed: &CellOutput,
        model: ModelNumber,
        tally: &mut Tally,
    ) -> Result<(), QueryError> {
        let (cell, outputs) = (recomputed.cell, reading.outputs());
        let mut compare = |phase, difference: Option<String>| {
            if let Some(difference) = difference {
                let cell = self.known.cell_label(cell);
                tally.add_finding(|| format!("{cell}, {phase}: {difference}"));
            }
        };
        let stored = outputs.snapshot(cell)?;
        let pair = stored.as_ref().zip(recomputed.snapshot.as_ref());
        compare(Phase::Snapshot, difference(pair, facts::of_snapshot));
        let stored = outputs.positions(cell)?;
        let pair = stored.as_deref().zip(recomputed.positions.as_deref());
        compare(Phase::Positions, difference(pair, facts::of_positions));
        let stored = outputs.exposures(cell)?;
        let pair = stored.as_ref().zip(recomputed.exposures.as_ref());
        compare(Phase::Exposures, difference(pair, facts::of_exposures));
        let stored = outputs.risk(cell)?;
        let pair = stored
            .as_ref()
            .map(|(_, risk)| risk)
            .zip(recomputed.risk.as_ref());
        compare(Phase::Risk, difference(pair, facts::of_risk));
        if pair.is_some() && stored.is_some_and(|(by, _)| by != model) {
            compare(Phase::Risk, Some("done, but by an older model".to_owned()));
        }
        Ok(())
    }

    fn compare_statistics(
        &self,
        reading: &ReadTransaction<'_>,
        recomputation: &Recomputation,
        day: Day,
        tally: &mut Tally,
    ) -> Result<(), QueryError> {
        let done = reading.ledger().done(day, Phase::Securities)? & &self.known.securities;
        tally.add_checked(done.len());
        for recomputed in recomputation.statistics(day, &done) {
            let security: SecurityId = recomputed.security;
            let phase = PhaseSet::from_phase(Phase::Securities);
            let name = || {
                format!(
                    "{} on {day}, securities",
                    self.known.security_label(security)
                )
            };
            tally.check_cell((day, phase, security.0), |tally| {
                // An unreadable row hides no damage of other securities.
                catch_damage(tally, name, |tally| {
                    let stored = reading.outputs().security_statistics(day, security)?;
                    let Some((by, stored)) = stored else {
                        return Ok(());
                    };
                    let pair = Some((&stored, &recomputed));
                    if let Some(difference) = difference(pair, facts::of_statistics) {
                        tally.add_finding(|| format!("{}: {difference}", name()));
                    }
                    if by != recomputation.model() {
                        tally.add_finding(|| format!("{}: done, but by an older model", name()));
                    }
                    Ok(())
                })
            })?;
        }
        Ok(())
    }
}

/// The phases of each of these cells that are done, in order of portfolio.
fn done_phases(
    reading: &ReadTransaction<'_>,
    day: Day,
    ids: &IdSet,
) -> Result<Vec<(PortfolioId, PhaseSet)>, QueryError> {
    let mut phases: BTreeMap<u32, PhaseSet> = BTreeMap::new();
    for phase in Phase::CELL_PHASES {
        for id in reading.ledger().done(day, phase)? & ids {
            let set = phases.entry(id).or_default();
            *set = set.with(phase);
        }
    }
    Ok(phases
        .into_iter()
        .map(|(id, set)| (PortfolioId(id), set))
        .collect())
}
