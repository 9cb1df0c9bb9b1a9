//! The catalogue of mutants that simulations must find.

use std::sync::atomic::{AtomicBool, Ordering};

use super::mutant::{InjectedChange, Mutant, ProcessView};
use crate::domain::output::{CellOutput, Snapshot};
use crate::domain::{IdSet, Money};
use crate::engine::RequiredAction;
use crate::scenario::mutants::{Change as InEngine, batch_coverage};
use crate::store::StoreFault;

/// A fault that no simulation can miss. If it is not found, the simulations themselves are broken.
pub const CANARY: Mutant = Mutant {
    name: "canary",
    fault: "nothing of a batch is stored, but all of it is reported as done",
    change: InjectedChange::Engine(InEngine::Batch(|batch, _| batch.cells.clear())),
};

/// Returns every mutant except the canary.
pub fn all_mutants() -> Vec<Mutant> {
    [STORE, PROCESSES, ENGINE].concat()
}

const STORE: &[Mutant] = &[
    store_mutant(
        "synchronous-normal",
        "the WAL is synced at checkpoints only",
        StoreFault::SynchronousNormal,
    ),
    store_mutant(
        "synchronous-off",
        "nothing is ever synced",
        StoreFault::SynchronousOff,
    ),
    store_mutant(
        "journal-in-memory",
        "the rollback journal is kept in memory",
        StoreFault::JournalInMemory,
    ),
    store_mutant(
        "journal-off",
        "a transaction can't be rolled back",
        StoreFault::JournalOff,
    ),
    store_mutant(
        "rollback-journal",
        "a rollback journal whose deletion is not synced",
        StoreFault::RollbackJournal,
    ),
    store_mutant(
        "pragma-results-ignored",
        "the results of pragmas are not read, and none took effect",
        StoreFault::PragmasIgnored,
    ),
    store_mutant(
        "wal-not-truncated",
        "a WAL whose sync may have failed is appended to",
        StoreFault::NoCheckpointOnOpen,
    ),
    store_mutant(
        "no-transaction",
        "every statement is a transaction of its own",
        StoreFault::NoTransaction,
    ),
    store_mutant(
        "deferred-transactions",
        "the write lock is taken at the first write only",
        StoreFault::DeferredTransaction,
    ),
    store_mutant(
        "commit-error-ignored",
        "an error of a commit is ignored",
        StoreFault::CommitErrorIgnored,
    ),
    store_mutant(
        "lease-unchecked",
        "a run that has lost the lease commits a batch",
        StoreFault::LeaseUnchecked,
    ),
];

const PROCESSES: &[Mutant] = &[
    Mutant {
        name: "dead-process-seen-as-running",
        fault: "a dead process is seen as running",
        change: InjectedChange::Process(ProcessView::NoneGone),
    },
    Mutant {
        name: "running-process-seen-as-dead",
        fault: "a running process is seen as dead",
        change: InjectedChange::Process(ProcessView::OthersGone),
    },
];

const ENGINE: &[Mutant] = &[
    Mutant {
        name: "run-never-closed",
        fault: "a run stays marked as running at its end",
        change: InjectedChange::Engine(InEngine::Skip(RequiredAction::Close)),
    },
    Mutant {
        name: "commit-reported-early",
        fault: "a commit is reported before it is made",
        change: InjectedChange::Engine(InEngine::Skip(RequiredAction::ReportAfterCommit)),
    },
    Mutant {
        name: "ledger-before-output",
        fault: "the ledger is written before the outputs, in a transaction of its own",
        change: InjectedChange::Engine(InEngine::BeforeCommit(|writer, batch| {
            let done = batch_coverage(batch);
            writer.write(|writing| {
                done.iter().try_for_each(|((day, phase), portfolios)| {
                    writing.ledger().mark_done(*day, *phase, portfolios)
                })
            })
        })),
    },
    Mutant {
        name: "ledger-marks-next-portfolio",
        fault: "the ledger marks the next portfolio instead of this one",
        change: InjectedChange::Engine(InEngine::BeforeCommit(|writer, batch| {
            let done = batch_coverage(batch);
            writer.write(|writing| {
                done.iter().try_for_each(|((day, phase), portfolios)| {
                    let next = portfolios.iter().map(|id| id + 1).collect();
                    writing.ledger().mark_done(*day, *phase, &next)
                })
            })
        })),
    },
    Mutant {
        name: "ledger-entries-erased",
        fault: "each batch erases the ledger entries that it is about to add",
        change: InjectedChange::Engine(InEngine::BeforeCommit(|writer, batch| {
            let done = batch_coverage(batch);
            writer.write(|writing| {
                done.keys().try_for_each(|(day, phase)| {
                    writing.ledger().set_done(*day, *phase, &IdSet::new())
                })
            })
        })),
    },
    output_mutant("nav-off-by-a-cent", "the NAV is off by a cent", |outputs| {
        let cent = Money::from_units(Money::SCALE / 100);
        each_snapshot(outputs, |snapshot| {
            snapshot.nav = snapshot.nav.plus(cent).unwrap_or(snapshot.nav);
        });
    }),
    output_mutant("cash-doubled", "cash is counted twice", |outputs| {
        each_snapshot(outputs, |snapshot| {
            snapshot.cash = snapshot.cash.plus(snapshot.cash).unwrap_or(snapshot.cash);
        });
    }),
    output_mutant(
        "snapshots-not-stored",
        "snapshots are computed but not stored",
        |outputs| {
            outputs.iter_mut().for_each(|output| output.snapshot = None);
        },
    ),
    output_mutant(
        "positions-not-stored",
        "positions are computed but not stored",
        |outputs| {
            outputs
                .iter_mut()
                .for_each(|output| output.positions = None);
        },
    ),
    output_mutant(
        "exposures-not-stored",
        "exposures are computed but not stored",
        |outputs| {
            outputs
                .iter_mut()
                .for_each(|output| output.exposures = None);
        },
    ),
    output_mutant(
        "risk-not-stored",
        "risk is computed but not stored",
        |outputs| {
            outputs.iter_mut().for_each(|output| output.risk = None);
        },
    ),
    Mutant {
        name: "statistics-not-stored",
        fault: "statistics of securities are computed but not stored",
        change: InjectedChange::Engine(InEngine::Batch(|batch, _| batch.statistics.clear())),
    },
    output_mutant(
        "output-in-thread-order",
        "outputs are in the order of the threads",
        |outputs| {
            // Alternates by batch, so that two runs of the same cells differ as threads would make
            // them.
            static OTHERS_WERE_FASTER: AtomicBool = AtomicBool::new(false);
            if OTHERS_WERE_FASTER.fetch_xor(true, Ordering::Relaxed) {
                let positions = outputs
                    .iter_mut()
                    .filter_map(|output| output.positions.as_mut());
                positions.for_each(|positions| positions.reverse());
            }
        },
    ),
];

const fn store_mutant(name: &'static str, fault: &'static str, store_fault: StoreFault) -> Mutant {
    Mutant {
        name,
        fault,
        change: InjectedChange::Store(store_fault),
    }
}

const fn output_mutant(
    name: &'static str,
    fault: &'static str,
    change: fn(&mut Vec<CellOutput>),
) -> Mutant {
    Mutant {
        name,
        fault,
        change: InjectedChange::Engine(InEngine::Outputs(change)),
    }
}

fn each_snapshot(outputs: &mut [CellOutput], change: impl FnMut(&mut Snapshot)) {
    let snapshots = outputs
        .iter_mut()
        .filter_map(|output| output.snapshot.as_mut());
    snapshots.for_each(change);
}
