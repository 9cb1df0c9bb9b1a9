//! Compares the ledger with the stored outputs, session by session.

use std::collections::BTreeMap;

use super::check::{Claim, Tally, VerifyProgress, catch_damage};
use super::sources::Directory;
use crate::domain::{Cell, Day, IdSet, Phase, PhaseSet, PortfolioId, SecurityId, count_ids};
use crate::query::error::QueryError;
use crate::store::{ReadTransaction, Store};

/// The phases with stored output.
const WITH_OUTPUT: [Phase; 5] = [
    Phase::Securities,
    Phase::Snapshot,
    Phase::Positions,
    Phase::Exposures,
    Phase::Risk,
];

/// The ledger of all days, and the result of the comparison.
pub(super) struct LedgerCheck {
    /// The portfolios with any cell phase that is done, by day.
    pub(super) done: BTreeMap<Day, IdSet>,
    /// Number of cells in `done`.
    pub(super) cells: u64,
    /// Number of outputs that the ledger does not prove done.
    pub(super) stale_outputs: u64,
    pub(super) tallies: [Tally; 3],
}

/// Compares ledger and outputs on each of `days`.
pub(super) fn check(
    store: &Store,
    known: &Directory,
    days: &[Day],
    progress: &dyn Fn(VerifyProgress),
) -> Result<LedgerCheck, QueryError> {
    let mut has_output = Tally::new(Claim::LedgerHasOutput);
    let mut ids_known = Tally::new(Claim::LedgerIdsKnown);
    let mut statistics = Tally::new(Claim::RiskHasStatistics);
    let mut done = BTreeMap::new();
    let mut stale_outputs = 0;
    for (table, rows) in store.read(|reading| reading.outputs_with_unknown_keys())? {
        ids_known.add_finding(|| format!("`{table}`: {rows} rows of an unknown portfolio or day"));
    }
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
                        // An unreadable set of one phase hides no damage of the others.
                        catch_damage(
                            tally,
                            || format!("{day}, {phase}"),
                            |tally| {
                                let covered = session.reading.ledger().done(*day, phase)?;
                                stale_outputs +=
                                    session.compare(phase, &covered, tally, &mut ids_known)?;
                                let cells = done.entry(*day).or_insert_with(IdSet::new);
                                if phase != Phase::Securities {
                                    *cells |= covered;
                                }
                                Ok(())
                            },
                        )?;
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
        cells: count_ids(&done),
        done,
        stale_outputs,
        tallies: [has_output, ids_known, statistics],
    })
}

/// One session, read in one transaction.
struct Session<'s> {
    reading: &'s ReadTransaction<'s>,
    known: &'s Directory,
    day: Day,
}

impl Session<'_> {
    /// Compares one phase, and returns the number of outputs that the ledger does not prove done.
    fn compare(
        &mut self,
        phase: Phase,
        covered: &IdSet,
        has_output: &mut Tally,
        ids_known: &mut Tally,
    ) -> Result<u64, QueryError> {
        let (known, day) = (self.known, self.day);
        let rows = self.reading.outputs().ids_with_output(day, phase)?;
        has_output.add_checked(covered.len());
        for subject in covered - &rows {
            has_output.add_damaged(day, PhaseSet::from_phase(phase), subject);
            has_output.add_finding(|| {
                let subject = known.subject_label(day, phase, subject);
                format!("{subject}, {phase}: done by the ledger, but its output is missing")
            });
        }
        let mentioned = covered | &rows;
        ids_known.add_checked(mentioned.len());
        for unknown in &mentioned - known.ids(phase) {
            ids_known.add_damaged(day, PhaseSet::from_phase(phase), unknown);
            ids_known.add_finding(|| {
                let subject = known.subject_label(day, phase, unknown);
                let place = if covered.contains(unknown) {
                    "the ledger"
                } else {
                    "an output"
                };
                format!("{subject}, {phase}: unknown id in {place}")
            });
        }
        Ok((rows - covered).len())
    }

    /// Checks that phase 2 is done for the stored positions of each cell whose phases 4 and 6 are
    /// done.
    fn risk_has_statistics(&self, tally: &mut Tally) -> Result<(), QueryError> {
        let (known, day) = (self.known, self.day);
        let positions = self.reading.ledger().done(day, Phase::Positions)?;
        let both = self.reading.ledger().done(day, Phase::Risk)? & positions;
        let statistics = self.reading.ledger().done(day, Phase::Securities)?;
        tally.add_checked(both.len());
        for id in both {
            let cell = Cell::new(day, PortfolioId(id));
            let positions = self.reading.outputs().positions(cell)?.unwrap_or_default();
            let securities: IdSet = (positions.iter())
                .map(|position| position.security.0)
                .collect();
            for missing in securities - &statistics {
                tally.add_damaged(day, PhaseSet::from_phase(Phase::Risk), id);
                tally.add_finding(|| {
                    let security = known.security_label(SecurityId(missing));
                    let cell = known.cell_label(cell);
                    format!("{cell}, risk: done, but the statistics of {security} are not")
                });
            }
        }
        Ok(())
    }
}
