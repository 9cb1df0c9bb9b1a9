//! All that is planted.

use std::sync::atomic::{AtomicBool, Ordering};

use super::mutant::{InjectedChange, Mutant, ProcessView};
use crate::domain::output::{CellOutput, Snapshot};
use crate::domain::{IdSet, Money};
use crate::engine::RequiredAction;
use crate::scenario::mutants::{Change as InEngine, batch_coverage};
use crate::store::StoreFault;

/// A fault that no simulation can miss: if it is not found, nothing that was not found means
/// anything.
pub const CANARY: Mutant = Mutant {
    name: "canary",
    fault: "nothing of a batch is kept, and all of it is said to be done",
    change: InjectedChange::Engine(InEngine::Batch(|batch, _| batch.cells.clear())),
};

/// Every mutant, but for the canary.
pub fn all_mutants() -> Vec<Mutant> {
    [STORE, PROCESSES, ENGINE].concat()
}

const STORE: &[Mutant] = &[
    store_mutant(
        "synchronous-normal",
        "the log is synced at checkpoints only, and commits are said to be durable",
        StoreFault::SynchronousNormal,
    ),
    store_mutant(
        "synchronous-off",
        "nothing is ever synced",
        StoreFault::SynchronousOff,
    ),
    store_mutant(
        "journal-in-memory",
        "what a transaction changes is kept in memory until it commits",
        StoreFault::JournalInMemory,
    ),
    store_mutant(
        "journal-off",
        "a transaction can't be taken back",
        StoreFault::JournalOff,
    ),
    store_mutant(
        "rollback-journal",
        "a journal beside the file, and its end is not synced",
        StoreFault::RollbackJournal,
    ),
    store_mutant(
        "pragmas-unread",
        "the answers of pragmas are not read, and none of them took",
        StoreFault::PragmasIgnored,
    ),
    store_mutant(
        "log-not-emptied",
        "a log whose sync may have failed is written on",
        StoreFault::NoCheckpointOnOpen,
    ),
    store_mutant(
        "no-transaction",
        "every statement is a transaction",
        StoreFault::NoTransaction,
    ),
    store_mutant(
        "deferred-transactions",
        "the write lock is taken at the first write",
        StoreFault::DeferredTransaction,
    ),
    store_mutant(
        "commit-error-ignored",
        "what goes wrong with a commit is not heeded",
        StoreFault::CommitErrorIgnored,
    ),
    store_mutant(
        "lease-unchecked",
        "a batch is committed by who has lost the lease",
        StoreFault::LeaseUnchecked,
    ),
];

const PROCESSES: &[Mutant] = &[
    Mutant {
        name: "nobody-is-gone",
        fault: "a dead process is taken to be at work",
        change: InjectedChange::Process(ProcessView::NoneGone),
    },
    Mutant {
        name: "everybody-is-gone",
        fault: "a process that is at work is taken to be gone",
        change: InjectedChange::Process(ProcessView::OthersGone),
    },
];

const ENGINE: &[Mutant] = &[
    Mutant {
        name: "never-closed",
        fault: "a run is left running at its end",
        change: InjectedChange::Engine(InEngine::Skip(RequiredAction::Close)),
    },
    Mutant {
        name: "told-too-early",
        fault: "a commit is told of before it is made",
        change: InjectedChange::Engine(InEngine::Skip(RequiredAction::ReportAfterCommit)),
    },
    Mutant {
        name: "ledger-first",
        fault: "the ledger is written before the outputs, in a transaction of its own",
        change: InjectedChange::Engine(InEngine::BeforeCommit(|writer, batch| {
            let done = batch_coverage(batch);
            writer.write(|writing| {
                done.iter()
                    .try_for_each(|((day, phase), who)| writing.mark_done(*day, *phase, who))
            })
        })),
    },
    Mutant {
        name: "ledger-of-another",
        fault: "the ledger says of the next portfolio what was done for this one",
        change: InjectedChange::Engine(InEngine::BeforeCommit(|writer, batch| {
            let done = batch_coverage(batch);
            writer.write(|writing| {
                done.iter().try_for_each(|((day, phase), who)| {
                    let next = who.iter().map(|id| id + 1).collect();
                    writing.mark_done(*day, *phase, &next)
                })
            })
        })),
    },
    Mutant {
        name: "ledger-forgets",
        fault: "each batch takes out of the ledger what the one before put in",
        change: InjectedChange::Engine(InEngine::BeforeCommit(|writer, batch| {
            let done = batch_coverage(batch);
            writer.write(|writing| {
                done.keys()
                    .try_for_each(|(day, phase)| writing.set_done(*day, *phase, &IdSet::new()))
            })
        })),
    },
    output_mutant(
        "a-cent-too-much",
        "a net asset value is off by a cent",
        |outputs| {
            let cent = Money::from_units(Money::SCALE / 100);
            each_snapshot(outputs, |books| {
                books.nav = books.nav.plus(cent).unwrap_or(books.nav);
            });
        },
    ),
    output_mutant("cash-twice", "cash is added twice", |outputs| {
        each_snapshot(outputs, |books| {
            books.cash = books.cash.plus(books.cash).unwrap_or(books.cash);
        });
    }),
    output_mutant(
        "snapshots-lost",
        "books are computed and not kept",
        |outputs| {
            outputs.iter_mut().for_each(|one| one.snapshot = None);
        },
    ),
    output_mutant(
        "positions-lost",
        "holdings are computed and not kept",
        |outputs| {
            outputs.iter_mut().for_each(|one| one.positions = None);
        },
    ),
    output_mutant(
        "exposures-lost",
        "weights are computed and not kept",
        |outputs| {
            outputs.iter_mut().for_each(|one| one.exposures = None);
        },
    ),
    output_mutant("risk-lost", "risk is computed and not kept", |outputs| {
        outputs.iter_mut().for_each(|one| one.risk = None);
    }),
    Mutant {
        name: "statistics-lost",
        fault: "statistics of securities are computed and not kept",
        change: InjectedChange::Engine(InEngine::Batch(|batch, _| batch.statistics.clear())),
    },
    output_mutant(
        "order-of-threads",
        "what is computed comes in the order of the threads",
        |outputs| {
            static OTHERS_WERE_FASTER: AtomicBool = AtomicBool::new(false);
            if OTHERS_WERE_FASTER.fetch_xor(true, Ordering::Relaxed) {
                let positions = outputs.iter_mut().filter_map(|one| one.positions.as_mut());
                positions.for_each(|positions| positions.reverse());
            }
        },
    ),
];

const fn store_mutant(name: &'static str, fault: &'static str, slip: StoreFault) -> Mutant {
    Mutant {
        name,
        fault,
        change: InjectedChange::Store(slip),
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
    let snapshots = outputs.iter_mut().filter_map(|one| one.snapshot.as_mut());
    snapshots.for_each(change);
}
