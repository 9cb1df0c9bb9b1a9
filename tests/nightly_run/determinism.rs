//! The same sources give the same bytes, in any order of filling and with any batches and threads.

use std::num::NonZeroUsize;

use plimsoll::domain::{DayRange, Scope};
use plimsoll::engine::CommitGrain;

use crate::harness::{day, harness, nightly, nightly_to};

/// Five portfolios of different kinds, nothing done, eleven sessions.
const NEW: &str = "description = \"new\"\nnow = 2026-01-08T18:00:00-05:00\nseed = 7\n[portfolios]\n\
    A = { inception = 2025-12-22, style = \"equity\" }\n\
    B = { inception = 2025-12-23, style = \"long-short\" }\n\
    C = { inception = 2025-12-22, style = \"private\" }\n\
    D = { inception = 2025-12-29, style = \"bonds\" }\n\
    E = { inception = 2025-12-30, style = \"cash\" }\n";

fn clean() -> Vec<String> {
    let harness = harness(NEW);
    harness.run(&nightly());
    harness.output_rows()
}

/// Enough portfolios and securities that each pass over a session is divided among threads.
const MANY: &str = "description = \"many\"\nnow = 2026-01-08T18:00:00-05:00\nseed = 7\n\
    market = { shares = 150 }\n[portfolios]\n\
    \"P001..P280\" = { inception = 2026-01-06, style = \"equity\" }\n\
    \"Q01..Q20\" = { inception = 2026-01-07, style = \"long-short\" }\n";

#[test]
fn one_two_and_eight_threads_give_the_same_bytes() {
    let books = |jobs| {
        let harness = harness(MANY);
        let mut request = nightly();
        request.jobs = NonZeroUsize::new(jobs);
        harness.run(&request);
        harness.output_rows()
    };
    let sequential = books(1);
    let cells = sequential.iter().filter(|row| row.starts_with("snapshot"));
    assert_eq!(cells.count(), 3 * 280 + 2 * 20);
    for jobs in [2, 8] {
        assert_eq!(books(jobs), sequential, "{jobs} threads");
    }
}

#[test]
fn every_size_and_grain_of_transaction_gives_the_same_bytes() {
    let books = clean();
    for cells in [1, 3, 1_000] {
        let mut harness = harness(NEW);
        harness.settings.batch_cells = NonZeroUsize::new(cells).unwrap();
        harness.run(&nightly());
        assert_eq!(harness.output_rows(), books, "{cells} cells a transaction");
    }
    let mut harness = harness(NEW);
    harness.settings.commit = CommitGrain::Phases;
    harness.run(&nightly());
    assert_eq!(harness.output_rows(), books, "a transaction a phase");
}

#[test]
fn any_order_of_filling_gives_the_same_bytes() {
    let books = clean();
    let harness = harness(NEW);
    for name in ["D", "A"] {
        let mut request = nightly();
        request.request.scope = Scope::from_ids([harness.portfolio(name).id]).unwrap();
        request.request.from = Some(day("2026-01-05"));
        harness.run(&request);
    }
    harness.run(&nightly_to("2025-12-31"));
    let mut backwards = nightly();
    backwards.request.from = Some(day("2026-01-07"));
    harness.run(&backwards);
    harness.run(&nightly());
    assert_eq!(harness.output_rows(), books);
}

#[test]
fn nothing_after_a_day_changes_that_day() {
    let all = clean();
    let harness = harness(NEW);
    let cut = day("2026-01-02");
    harness.execute_sql(&format!(
        "DELETE FROM price WHERE day > {0}; DELETE FROM entry WHERE day > {0}",
        cut.number()
    ));
    harness.run(&nightly_to("2026-01-02"));
    let early = harness.output_rows();
    let of_outputs = |row: &&String| !row.starts_with("ledger");
    assert!(early.len() > 100);
    for row in early.iter().filter(of_outputs) {
        assert!(all.contains(row), "{row}");
    }
    assert_eq!(
        harness
            .store
            .read(|r| r.outputs().snapshot_ids_by_day(DayRange::ALL))
            .unwrap()
            .keys()
            .last(),
        Some(&cut)
    );
}
