//! Faults in starting, computing, committing and closing a run.

use crate::mutant::Detection::{Scenario, Sim};
use crate::mutant::{Change, Detection, Edit, Mutant};

const ACTIVE_RUN: &str = "src/engine/active_run.rs";
const EXECUTE: &str = "src/engine/execute.rs";
const RUN_REQUEST: &str = "src/engine/run_request.rs";
const COMMIT: &str = "src/store/commit.rs";

/// Changes the computed `cells` of a chunk before they are batched.
macro_rules! output_fault {
    ($name:literal, $fault:literal, $found_by:expr, $change:literal) => {
        fault(
            $name,
            $fault,
            $found_by,
            &[insert(EXECUTE, "let chunk = SessionChunk {", $change)],
        )
    };
}

/// Writes `done`, the ledger entries that a batch will add, before the batch is committed.
macro_rules! ledger_fault {
    ($name:literal, $fault:literal, $found_by:expr, $write:literal) => {
        fault(
            $name,
            $fault,
            $found_by,
            &[insert(
                EXECUTE,
                "let started = context.environment.wall_clock.elapsed();",
                concat!(
                    "let mut done: BTreeMap<(Day, Phase), IdSet> = BTreeMap::new();
                    for (cell, phases) in batch.cells.iter().flat_map(|packed| packed.cells()) {
                        for phase in phases.iter() {
                            let ids = done.entry((cell.day, phase)).or_default();
                            ids.insert(cell.portfolio.0);
                        }
                    }
                    let written = writer.write(|writing| {
                        for ((day, phase), ids) in &done {
                            ",
                    $write,
                    "
                        }
                        Ok::<_, StoreError>(())
                    });
                    if let Err(error) = written {
                        return Ending::Failed(error);
                    }"
                ),
            )],
        )
    };
}

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "canary",
        "nothing of a batch is stored, but all of it is reported as done",
        &[Sim("explore")],
        &[edit(
            EXECUTE,
            "writer.commit_batch(&batch,",
            "&batch",
            "&*Box::leak(Box::<Batch>::default())",
        )],
    ),
    fault(
        "force-does-nothing",
        "a forced run takes nothing out of the ledger",
        &[Scenario(
            "gaps_and_corrections/a_day_forced_twice_is_computed_twice",
        )],
        &[edit(
            ACTIVE_RUN,
            "if let Some(forced) = run_request.forced_cells() {",
            "run_request.forced_cells()",
            "None",
        )],
    ),
    fault(
        "cancel-ignored",
        "a cancellation is ignored",
        &[Scenario(
            "runs/a_cancelled_run_keeps_its_work_and_the_next_does_the_rest",
        )],
        &[edit(
            EXECUTE,
            "watch.cancel.load(Ordering::Acquire)",
            "watch.cancel.load(Ordering::Acquire)",
            "false",
        )],
    ),
    fault(
        "run-never-closed",
        "a run stays marked as running at its end",
        &[
            Scenario("calendar/a_half_day_is_due_half_an_hour_after_its_early_close"),
            Sim("pair"),
        ],
        &[insert(
            ACTIVE_RUN,
            "writing.lease().release(&self.lease)?; let report = run_record_json(&outcome);",
            "return Ok(outcome);",
        )],
    ),
    fault(
        "no-replan-on-change",
        "sources that change do not cause a replan",
        &[Scenario(
            "incident/a_portfolio_added_during_a_run_gets_all_its_days",
        )],
        &[edit(
            ACTIVE_RUN,
            "Ending::SourcesChanged if self.plan_count < MAX_PLANS => {}",
            "{}",
            "return Ok(Ending::Finished)",
        )],
    ),
    fault(
        "max-cells-unchecked",
        "a plan above the limit is accepted",
        &[Scenario(
            "runs/a_plan_above_max_cells_is_refused_before_the_first_write",
        )],
        &[edit(
            RUN_REQUEST,
            "let planned = done + plan.step_count();",
            "done + plan.step_count()",
            "0",
        )],
    ),
    fault(
        "commit-reported-early",
        "a commit is reported before it is made",
        &[Sim("explore")],
        &[insert(
            EXECUTE,
            "let committed = writer.commit_batch(",
            "(observer.on_event)(&RunEvent::Committed { number, completed_sessions });",
        )],
    ),
    ledger_fault!(
        "ledger-before-output",
        "the ledger is written before the outputs, in a transaction of its own",
        &[
            Scenario("incident/a_crash_leaves_no_partial_cell"),
            Sim("explore")
        ],
        "writing.ledger().mark_done(*day, *phase, ids)?;"
    ),
    ledger_fault!(
        "ledger-marks-next-portfolio",
        "the ledger marks the next portfolio instead of this one",
        &[Sim("explore")],
        "let next = ids.iter().map(|id| id + 1).collect();
        writing.ledger().mark_done(*day, *phase, &next)?;"
    ),
    ledger_fault!(
        "ledger-entries-erased",
        "each batch erases the ledger entries that it is about to add",
        &[Sim("explore")],
        "let _ = ids;
        writing.ledger().set_done(*day, *phase, &IdSet::new())?;"
    ),
    output_fault!(
        "nav-off-by-a-cent",
        "the NAV is off by a cent",
        &[
            Scenario("calendar/a_half_day_is_due_half_an_hour_after_its_early_close"),
            Sim("explore")
        ],
        "for snapshot in cells.iter_mut().filter_map(|cell| cell.snapshot.as_mut()) {
            let cent = crate::domain::Money::from_units(crate::domain::Money::SCALE / 100);
            snapshot.nav = snapshot.nav.plus(cent).unwrap_or(snapshot.nav);
        }"
    ),
    output_fault!(
        "cash-doubled",
        "cash is counted twice",
        &[Sim("explore")],
        "for snapshot in cells.iter_mut().filter_map(|cell| cell.snapshot.as_mut()) {
            snapshot.cash = snapshot.cash.plus(snapshot.cash).unwrap_or(snapshot.cash);
        }"
    ),
    output_fault!(
        "last-output-not-stored",
        "the last computed cell of a batch is not stored",
        &[Scenario(
            "calendar/a_half_day_is_due_half_an_hour_after_its_early_close"
        )],
        "cells.pop();"
    ),
    output_fault!(
        "snapshots-not-stored",
        "snapshots are computed but not stored",
        &[Sim("explore")],
        "cells.iter_mut().for_each(|cell| cell.snapshot = None);"
    ),
    output_fault!(
        "positions-not-stored",
        "positions are computed but not stored",
        &[
            Scenario("calendar/a_half_day_is_due_half_an_hour_after_its_early_close"),
            Sim("explore")
        ],
        "cells.iter_mut().for_each(|cell| cell.positions = None);"
    ),
    output_fault!(
        "exposures-not-stored",
        "exposures are computed but not stored",
        &[Sim("explore")],
        "cells.iter_mut().for_each(|cell| cell.exposures = None);"
    ),
    output_fault!(
        "risk-not-stored",
        "risk is computed but not stored",
        &[Sim("explore")],
        "cells.iter_mut().for_each(|cell| cell.risk = None);"
    ),
    // Alternates by chunk, so that two runs of the same cells differ as threads would make them.
    output_fault!(
        "output-in-thread-order",
        "outputs are in the order of the threads",
        &[Sim("explore")],
        "static OTHERS_WERE_FASTER: AtomicBool = AtomicBool::new(false);
        if OTHERS_WERE_FASTER.fetch_xor(true, Ordering::Relaxed) {
            let positions = cells.iter_mut().filter_map(|cell| cell.positions.as_mut());
            positions.for_each(|positions| positions.reverse());
        }"
    ),
    fault(
        "statistics-not-stored",
        "statistics of securities are computed but not stored",
        &[Sim("explore")],
        &[insert(
            COMMIT,
            "outputs.write_statistics(statistics)?;",
            "continue;",
        )],
    ),
    fault(
        "failures-not-recorded",
        "a failure is not recorded",
        &[Scenario("portfolios/a_failure_count_is_cleared_on_success")],
        &[insert(COMMIT, "self.failures().record(", "continue;")],
    ),
    fault(
        "failures-not-cleared",
        "a failure is not cleared when its phase succeeds",
        &[Scenario("portfolios/a_failure_count_is_cleared_on_success")],
        &[insert(
            COMMIT,
            "self.failures().forget(*cell, *phase)?;",
            "continue;",
        )],
    ),
    fault(
        "progress-counts-skipped",
        "progress counts skipped days as work done",
        &[Scenario(
            "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        )],
        &[edit(
            EXECUTE,
            "let progress = totals.progress_with(&summary);",
            "totals.progress_with(&summary)",
            "let mut progress = totals.progress_with(&summary);
            progress.done += progress.skipped;
            progress",
        )],
    ),
    fault(
        "done-but-not-committed",
        "cells are counted as done but not committed",
        &[Scenario(
            "calendar/a_half_day_is_due_half_an_hour_after_its_early_close",
        )],
        &[edit(
            EXECUTE,
            "writer.commit_batch(&batch,",
            "&batch",
            "&*Box::leak(Box::<Batch>::default())",
        )],
    ),
];

/// A fault of the sources.
pub(crate) const fn fault(
    name: &'static str,
    fault: &'static str,
    found_by: &'static [Detection],
    edits: &'static [Edit],
) -> Mutant {
    Mutant {
        name,
        fault,
        change: Change::Source(edits),
        found_by,
    }
}

/// Replaces `text`, which is in `place`.
pub(crate) const fn edit(
    file: &'static str,
    place: &'static str,
    text: &'static str,
    mutated: &'static str,
) -> Edit {
    Edit {
        file,
        place,
        text,
        mutated,
    }
}

/// Inserts statements before `place`.
pub(crate) const fn insert(
    file: &'static str,
    place: &'static str,
    statements: &'static str,
) -> Edit {
    edit(file, place, "", statements)
}
