//! Faults in computing, committing and closing.

use std::collections::BTreeMap;

use super::mutant::{Change, Mutant};
use crate::domain::output::CellOutput;
use crate::domain::{Day, IdSet, Money, Phase};
use crate::engine::RequiredAction;
use crate::store::{Batch, PackedCells, Progress};

pub(super) const MUTANTS: &[Mutant] = &[
    skipping(
        "force-does-nothing",
        "a forced run takes nothing out of the ledger",
        RequiredAction::Force,
    ),
    skipping(
        "cannot-be-stopped",
        "a person's stop is not heeded",
        RequiredAction::Cancel,
    ),
    skipping(
        "never-closed-run",
        "a run is left running at its end",
        RequiredAction::Close,
    ),
    skipping(
        "plan-of-yesterday",
        "sources that change do not make it plan anew",
        RequiredAction::Replan,
    ),
    skipping(
        "any-size",
        "a plan that is too large is admitted",
        RequiredAction::CheckLimits,
    ),
    Mutant {
        name: "ledger-first",
        fault: "the ledger is written before the output, in a transaction of its own",
        change: Change::BeforeCommit(|writer, batch| {
            let done = batch_coverage(batch);
            writer.write(|writing| {
                for ((day, phase), who) in &done {
                    writing.mark_done(*day, *phase, who)?;
                }
                Ok(())
            })
        }),
    },
    changing_outputs(
        "a-cent-too-much",
        "a net asset value is off by a cent",
        |outputs| {
            let cent = Money::from_units(Money::SCALE / 100);
            for snapshot in outputs.iter_mut().filter_map(|one| one.snapshot.as_mut()) {
                snapshot.nav = snapshot.nav.plus(cent).unwrap_or(snapshot.nav);
            }
        },
    ),
    changing_outputs(
        "positions-lost",
        "holdings are computed and not kept",
        |outputs| {
            for output in outputs {
                output.positions = None;
            }
        },
    ),
    changing_outputs(
        "last-output-lost",
        "the last cell that is computed is not kept",
        |outputs| {
            outputs.pop();
        },
    ),
    Mutant {
        name: "failures-uncounted",
        fault: "a failure is not written down",
        change: Change::Batch(|batch, _| batch.failures.clear()),
    },
    Mutant {
        name: "failures-remembered",
        fault: "a failure is not forgotten when its phase succeeds",
        change: Change::Batch(|batch, _| batch.recovered.clear()),
    },
    Mutant {
        name: "progress-of-days",
        fault: "progress counts skipped days as work done",
        change: Change::Batch(|_, progress: &mut Progress| progress.done += progress.skipped),
    },
    Mutant {
        name: "done-and-not-kept",
        fault: "cells are counted as done and not committed",
        change: Change::Batch(|batch, _| batch.cells.clear()),
    },
];

const fn skipping(name: &'static str, fault: &'static str, duty: RequiredAction) -> Mutant {
    Mutant {
        name,
        fault,
        change: Change::Skip(duty),
    }
}

const fn changing_outputs(
    name: &'static str,
    fault: &'static str,
    change: fn(&mut Vec<CellOutput>),
) -> Mutant {
    Mutant {
        name,
        fault,
        change: Change::Outputs(change),
    }
}

/// What a batch will say is done.
pub(crate) fn batch_coverage(batch: &Batch) -> BTreeMap<(Day, Phase), IdSet> {
    let mut done: BTreeMap<(Day, Phase), IdSet> = BTreeMap::new();
    for (cell, phases) in batch.cells.iter().flat_map(PackedCells::cells) {
        for phase in phases.iter() {
            let cells = done.entry((cell.day, phase)).or_default();
            cells.insert(cell.portfolio.0);
        }
    }
    done
}
