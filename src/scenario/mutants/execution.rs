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
        "cancel-ignored",
        "a cancellation is ignored",
        RequiredAction::Cancel,
    ),
    skipping(
        "run-never-closed",
        "a run stays marked as running at its end",
        RequiredAction::Close,
    ),
    skipping(
        "no-replan-on-change",
        "sources that change do not cause a replan",
        RequiredAction::Replan,
    ),
    skipping(
        "max-cells-unchecked",
        "a plan above the limit is accepted",
        RequiredAction::CheckLimits,
    ),
    Mutant {
        name: "ledger-before-output",
        fault: "the ledger is written before the output, in a transaction of its own",
        change: Change::BeforeCommit(|writer, batch| {
            let done = batch_coverage(batch);
            writer.write(|writing| {
                for ((day, phase), portfolios) in &done {
                    writing.ledger().mark_done(*day, *phase, portfolios)?;
                }
                Ok(())
            })
        }),
    },
    changing_outputs("nav-off-by-a-cent", "the NAV is off by a cent", |outputs| {
        let cent = Money::from_units(Money::SCALE / 100);
        for snapshot in outputs
            .iter_mut()
            .filter_map(|output| output.snapshot.as_mut())
        {
            snapshot.nav = snapshot.nav.plus(cent).unwrap_or(snapshot.nav);
        }
    }),
    changing_outputs(
        "positions-not-stored",
        "positions are computed but not stored",
        |outputs| {
            for output in outputs {
                output.positions = None;
            }
        },
    ),
    changing_outputs(
        "last-output-not-stored",
        "the last computed cell of a batch is not stored",
        |outputs| {
            outputs.pop();
        },
    ),
    Mutant {
        name: "failures-not-recorded",
        fault: "a failure is not recorded",
        change: Change::Batch(|batch, _| batch.failures.clear()),
    },
    Mutant {
        name: "failures-not-cleared",
        fault: "a failure is not cleared when its phase succeeds",
        change: Change::Batch(|batch, _| batch.recovered.clear()),
    },
    Mutant {
        name: "progress-counts-skipped",
        fault: "progress counts skipped days as work done",
        change: Change::Batch(|_, progress: &mut Progress| progress.done += progress.skipped),
    },
    Mutant {
        name: "done-but-not-committed",
        fault: "cells are counted as done but not committed",
        change: Change::Batch(|batch, _| batch.cells.clear()),
    },
];

const fn skipping(name: &'static str, fault: &'static str, action: RequiredAction) -> Mutant {
    Mutant {
        name,
        fault,
        change: Change::Skip(action),
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

/// Returns the ledger entries that a batch will add.
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
