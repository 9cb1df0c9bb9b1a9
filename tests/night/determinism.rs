//! The same sources give the same bytes, in whatever order, batches and threads.

use std::num::NonZeroUsize;

use plimsoll::domain::{DayRange, Scope};
use plimsoll::engine::CommitGrain;

use crate::stage::{day, nightly, stage, up_to};

/// Five portfolios of different kinds, nothing done, eleven sessions.
const NEW: &str = "description = \"new\"\nnow = 2026-01-08T18:00:00-05:00\nseed = 7\n[portfolios]\n\
    A = { inception = 2025-12-22, style = \"equity\" }\n\
    B = { inception = 2025-12-23, style = \"long-short\" }\n\
    C = { inception = 2025-12-22, style = \"private\" }\n\
    D = { inception = 2025-12-29, style = \"bonds\" }\n\
    E = { inception = 2025-12-30, style = \"cash\" }\n";

fn clean() -> Vec<String> {
    let stage = stage(NEW);
    stage.run(&nightly());
    stage.books()
}

/// Enough portfolios and securities that each pass over a session is divided among threads.
const MANY: &str = "description = \"many\"\nnow = 2026-01-08T18:00:00-05:00\nseed = 7\n\
    market = { shares = 150 }\n[portfolios]\n\
    \"P001..P280\" = { inception = 2026-01-06, style = \"equity\" }\n\
    \"Q01..Q20\" = { inception = 2026-01-07, style = \"long-short\" }\n";

#[test]
fn one_two_and_eight_threads_give_the_same_bytes() {
    let books = |jobs| {
        let stage = stage(MANY);
        let mut asked = nightly();
        asked.jobs = NonZeroUsize::new(jobs);
        stage.run(&asked);
        stage.books()
    };
    let one = books(1);
    let cells = one.iter().filter(|row| row.starts_with("snapshot"));
    assert_eq!(cells.count(), 3 * 280 + 2 * 20);
    for jobs in [2, 8] {
        assert_eq!(books(jobs), one, "{jobs} threads");
    }
}

#[test]
fn every_size_and_grain_of_transaction_gives_the_same_bytes() {
    let books = clean();
    for cells in [1, 3, 1_000] {
        let mut stage = stage(NEW);
        stage.settings.batch_cells = NonZeroUsize::new(cells).unwrap();
        stage.run(&nightly());
        assert_eq!(stage.books(), books, "{cells} cells a transaction");
    }
    let mut stage = stage(NEW);
    stage.settings.commit = CommitGrain::Phases;
    stage.run(&nightly());
    assert_eq!(stage.books(), books, "a transaction a phase");
}

#[test]
fn any_order_of_filling_gives_the_same_bytes() {
    let books = clean();
    let stage = stage(NEW);
    for name in ["D", "A"] {
        let mut asked = nightly();
        asked.request.scope = Scope::from_ids([stage.portfolio(name).id]).unwrap();
        asked.request.from = Some(day("2026-01-05"));
        stage.run(&asked);
    }
    stage.run(&up_to("2025-12-31"));
    let mut backwards = nightly();
    backwards.request.from = Some(day("2026-01-07"));
    stage.run(&backwards);
    stage.run(&nightly());
    assert_eq!(stage.books(), books);
}

#[test]
fn nothing_after_a_day_changes_that_day() {
    let whole = clean();
    let stage = stage(NEW);
    let cut = day("2026-01-02");
    stage.damage(&format!(
        "DELETE FROM price WHERE day > {0}; DELETE FROM entry WHERE day > {0}",
        cut.number()
    ));
    stage.run(&up_to("2026-01-02"));
    let early = stage.books();
    let of_outputs = |row: &&String| !row.starts_with("ledger");
    assert!(early.len() > 100);
    for row in early.iter().filter(of_outputs) {
        assert!(whole.contains(row), "{row}");
    }
    assert_eq!(
        stage
            .store
            .read(|r| r.snapshot_ids_by_day(DayRange::ALL))
            .unwrap()
            .keys()
            .last(),
        Some(&cut)
    );
}
