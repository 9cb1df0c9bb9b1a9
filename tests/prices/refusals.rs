//! Closes that the vendor does not have: requested each night while cells may wait for them, and once a
//! week after that.

use chrono::TimeDelta;
use plimsoll::app::{FetchOutcome, RequestedCloses};

use crate::vendor::Books;

/// Books with a security of which no close ever came, and one with a hole long ago.
const WORLD: &str = "\
now = 2026-01-08T18:00:00-05:00
[risk]
benchmark = \"MKT\"
[securities]
DEAD = {}
[prices]
DEAD = { 2025-12-22 = \"missing\" }
NIMB = { 2025-12-23 = \"missing\", 2026-01-07 = 101, 2026-01-08 = \"missing\" }
[portfolios]
A = { inception = 2025-12-22, cash = 1_000, holdings = { NIMB = 100, DEAD = 10 } }
";

#[test]
fn a_symbol_without_an_answer_is_requested_once_a_week() {
    let books = Books::new(WORLD, "right", "NIMB,2026-01-08,102\n", 1);
    let fetched = books.fetch(RequestedCloses::Open);
    assert_eq!((fetched.symbols, fetched.received), (2, 1), "{fetched}");
    let dead = books.requested()[0].clone();
    assert!(
        dead.starts_with("DEAD 2025-12-22 ") && dead.ends_with(" 2026-01-08"),
        "{dead}"
    );
    // The hole of the other symbol is not requested again either, but its next close is.
    let fetched = books.fetch(RequestedCloses::Open);
    assert!(
        matches!(fetched.outcome, FetchOutcome::NothingRequested),
        "{fetched}"
    );
    assert_eq!((fetched.refused_symbols, books.attempts()), (2, 0));
    books.app.environment.clock.advance(TimeDelta::days(1));
    books.fetch(RequestedCloses::Open);
    assert_eq!(books.requested(), ["MKT 2026-01-09", "NIMB 2026-01-09"]);
    // By hand, all of them are.
    let all = books.fetch(RequestedCloses::All);
    assert_eq!(all.symbols, 3, "{:?}", books.requested());
    books
        .app
        .environment
        .clock
        .advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    books.fetch(RequestedCloses::Open);
    assert!(
        !books
            .requested()
            .iter()
            .any(|line| line.starts_with("DEAD")),
        "{:?}",
        books.requested()
    );
    books.app.environment.clock.advance(TimeDelta::seconds(1));
    books.fetch(RequestedCloses::Open);
    assert!(
        books
            .requested()
            .iter()
            .any(|line| line.starts_with("DEAD")),
        "{:?}",
        books.requested()
    );
}

#[test]
fn a_late_close_is_requested_while_cells_may_wait_for_it() {
    // The last sessions up to the target, 5 by default, begin on 2026-01-02.
    let world = WORLD.replace("inception = 2025-12-22", "inception = 2026-01-02");
    let books = Books::new(&world, "empty", "", 1);
    for _ in 0..3 {
        let fetched = books.fetch(RequestedCloses::Open);
        assert!(
            matches!(fetched.outcome, FetchOutcome::NoCloses),
            "{fetched}"
        );
        let [dead, nimb] = &books.requested()[..] else {
            panic!("{:?}", books.requested());
        };
        assert!(dead.starts_with("DEAD 2026-01-02 "), "{dead}");
        assert_eq!(nimb, "NIMB 2026-01-08");
    }
    // On the next session the first of the days is given up, and with it the symbol.
    books.app.environment.clock.advance(TimeDelta::days(1));
    books.fetch(RequestedCloses::Open);
    books.fetch(RequestedCloses::Open);
    assert_eq!(
        books.requested(),
        ["MKT 2026-01-09", "NIMB 2026-01-08 2026-01-09"]
    );
}

#[test]
fn a_symbol_whose_old_closes_were_imported_is_requested_again() {
    let books = Books::new(WORLD, "right", "", 1);
    books.fetch(RequestedCloses::Open);
    let days = ["22", "23", "24", "26", "29", "30", "31"].map(|day| format!("2025-12-{day}"));
    for day in days {
        books.add_close(&format!("DEAD,{day},10"));
    }
    books.fetch(RequestedCloses::All);
    assert!(
        books.requested()[0].starts_with("DEAD 2025-12-22"),
        "{:?}",
        books.requested()
    );
    books.fetch(RequestedCloses::Open);
    let asked = books.requested();
    assert_eq!(
        asked[0],
        "DEAD 2026-01-02 2026-01-05 2026-01-06 2026-01-07 2026-01-08"
    );
}
