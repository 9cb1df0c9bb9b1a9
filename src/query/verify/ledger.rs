//! Whether the ledger and the outputs agree, session by session.

use std::collections::BTreeMap;

use super::VerifyProgress;
use super::check::{Claim, Tally, catch_damage};
use super::sources::Directory;
use crate::domain::{Cell, Day, IdSet, Phase, PortfolioId, SecurityId};
use crate::query::QueryError;
use crate::store::{ReadTransaction, Store};

/// The phases that have output.
const WITH_OUTPUT: [Phase; 5] = [
    Phase::Securities,
    Phase::Snapshot,
    Phase::Positions,
    Phase::Exposures,
    Phase::Risk,
];

/// What the ledger says, and whether it is so.
pub(super) struct LedgerCheck {
    /// Whom the ledger speaks of as done in any phase of a cell, for every day.
    pub(super) done: BTreeMap<Day, IdSet>,
    /// How many cells those are.
    pub(super) cells: u64,
    /// Outputs without a word in the ledger.
    pub(super) stale_outputs: u64,
    pub(super) tallies: [Tally; 3],
}

/// Lays ledger and outputs side by side.
pub(super) fn check(
    store: &Store,
    known: &Directory,
    days: &[Day],
    progress: &dyn Fn(VerifyProgress),
) -> Result<LedgerCheck, QueryError> {
    let mut has_output = Tally::new(Claim::LedgerHasOutput);
    let mut knows_whom = Tally::new(Claim::LedgerIdsKnown);
    let mut statistics = Tally::new(Claim::RiskHasStatistics);
    let mut done = BTreeMap::new();
    let mut kept_not_valid = 0;
    for (at, day) in days.iter().enumerate() {
        catch_damage(
            &mut has_output,
            || day.to_string(),
            |tally| {
                store.read(|reading| {
                    let mut session = Session {
                        reading,
                        known,
                        day: *day,
                    };
                    for phase in WITH_OUTPUT {
                        let covered = session.reading.done(*day, phase)?;
                        kept_not_valid +=
                            session.compare(phase, &covered, tally, &mut knows_whom)?;
                        let cells = done.entry(*day).or_insert_with(IdSet::new);
                        if phase != Phase::Securities {
                            *cells |= covered;
                        }
                    }
                    catch_damage(
                        &mut statistics,
                        || day.to_string(),
                        |tally| session.risk_has_statistics(tally),
                    )
                })
            },
        )?;
        progress(VerifyProgress {
            claim: Claim::LedgerHasOutput,
            done: at + 1,
            total: days.len(),
        });
    }
    Ok(LedgerCheck {
        cells: done.values().map(IdSet::len).sum(),
        done,
        stale_outputs: kept_not_valid,
        tallies: [has_output, knows_whom, statistics],
    })
}

/// One session, in one transaction.
struct Session<'s> {
    reading: &'s ReadTransaction<'s>,
    known: &'s Directory,
    day: Day,
}

impl Session<'_> {
    /// How many outputs are kept that the ledger does not speak of.
    fn compare(
        &mut self,
        phase: Phase,
        covered: &IdSet,
        has_output: &mut Tally,
        knows_whom: &mut Tally,
    ) -> Result<u64, QueryError> {
        let (known, day) = (self.known, self.day);
        let rows = self.reading.ids_with_output(day, phase)?;
        has_output.add_checked(covered.len());
        for subject in covered - &rows {
            has_output.add_finding(|| {
                let subject = known.subject_label(day, phase, subject);
                format!("{subject}, {phase}: done by the ledger, and there is no output")
            });
        }
        let spoken_of = covered | &rows;
        knows_whom.add_checked(spoken_of.len());
        for stranger in &spoken_of - known.ids(phase) {
            knows_whom.add_finding(|| {
                let subject = known.subject_label(day, phase, stranger);
                let place = if covered.contains(stranger) {
                    "the ledger"
                } else {
                    "an output"
                };
                format!("{subject}, {phase}: {place} speaks of it, and nobody knows it")
            });
        }
        Ok((rows - covered).len())
    }

    /// Where phase 6 is done, phase 2 is for what is held by the stored positions.
    fn risk_has_statistics(&self, tally: &mut Tally) -> Result<(), QueryError> {
        let (known, day) = (self.known, self.day);
        let positions = self.reading.done(day, Phase::Positions)?;
        let both = self.reading.done(day, Phase::Risk)? & positions;
        let statistics = self.reading.done(day, Phase::Securities)?;
        tally.add_checked(both.len());
        for id in both {
            let cell = Cell::new(day, PortfolioId(id));
            let held = self.reading.positions(cell)?.unwrap_or_default();
            let held: IdSet = held.iter().map(|position| position.security.0).collect();
            for lacking in held - &statistics {
                tally.add_finding(|| {
                    let security = known.security_label(SecurityId(lacking));
                    let cell = known.cell_label(cell);
                    format!("{cell}, risk: done, and the statistics of {security} are not")
                });
            }
        }
        Ok(())
    }
}
