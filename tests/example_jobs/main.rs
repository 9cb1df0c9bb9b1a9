//! Example jobs: each finds and misses the days that `examples/jobs/README.md` says.

mod books;
mod promises;
mod table;

use books::Books;

const PYTHON: [&str; 4] = [
    "newest_of_any.py",
    "oldest_newest.py",
    "target_only.py",
    "every_missing_day.py",
];
const ALL: [&str; 6] = [
    "newest_of_any.py",
    "oldest_newest.py",
    "target_only.py",
    "every_missing_day.py",
    "every_missing_day.sql",
    "newest_of_each.sh",
];

/// Runs each job on the books that `prepare` makes, and returns the portfolios left behind on
/// Jan 8.
fn left_behind<const N: usize>(jobs: [&str; N], prepare: impl Fn(&Books)) -> [usize; N] {
    jobs.map(|job| {
        let books = Books::create();
        prepare(&books);
        assert!(books.run(job, "2026-01-08", &[]), "{job}");
        books.left_behind("2026-01-08").len()
    })
}

#[test]
fn the_incident_leaves_twelve_of_thirteen_behind_under_the_newest_of_any() {
    let prepare = |books: &Books| {
        books.add("P01", "2025-12-29", "2026-01-07");
        books.add("P02", "2025-12-29", "2026-01-06");
        (3..=13).for_each(|at| books.add(&format!("P{at:02}"), "2025-12-29", "2026-01-05"));
    };
    assert_eq!(left_behind(ALL, prepare), [12, 0, 12, 0, 0, 0]);
}

#[test]
fn an_interior_hole_is_found_by_the_missing_days_only() {
    let prepare = |books: &Books| {
        books.add("A", "2025-12-29", "2026-01-07");
        books.delete_cell("A", "2026-01-05");
    };
    assert_eq!(left_behind(ALL, prepare), [1, 1, 1, 0, 0, 1]);
}

#[test]
fn the_start_of_a_newcomer_is_lost_behind_the_oldest_newest() {
    let prepare = |books: &Books| {
        books.add("A", "2025-12-29", "2026-01-07");
        books.add("NEW", "2026-01-05", "");
    };
    assert_eq!(left_behind(ALL, prepare), [1, 1, 1, 0, 0, 0]);
}

#[test]
fn a_half_done_day_is_done_for_rules_that_look_at_snapshots() {
    let prepare = |books: &Books| {
        books.add("A", "2025-12-29", "2026-01-08");
        books.execute("DELETE FROM risk WHERE day = '2026-01-08'");
    };
    assert_eq!(left_behind(ALL, prepare), [1, 1, 0, 0, 0, 1]);
}

#[test]
fn a_crash_between_the_phases_leaves_a_snapshot_without_analytics() {
    let after_crash = PYTHON.map(|job| {
        let books = Books::create();
        books.add("A", "2025-12-29", "2026-01-07");
        books.execute(
            "CREATE TRIGGER crash BEFORE INSERT ON exposures BEGIN SELECT RAISE(FAIL, 'x'); END",
        );
        assert!(!books.run(job, "2026-01-08", &[]), "{job}");
        books.execute("DROP TRIGGER crash");
        assert!(books.run(job, "2026-01-08", &[]), "{job}");
        books.left_behind("2026-01-08").len()
    });
    assert_eq!(after_crash, [1, 1, 0, 0]);
}

#[test]
fn a_missed_night_is_lost_if_only_the_target_is_looked_at() {
    let prepare = |books: &Books| books.add("A", "2025-12-29", "2026-01-06");
    assert_eq!(left_behind(ALL, prepare), [0, 0, 1, 0, 0, 0]);
}

#[test]
fn deleted_and_closed_portfolios_are_not_written() {
    for job in ALL {
        let books = Books::create();
        books.add("A", "2025-12-29", "2026-01-07");
        books.add("DELETED", "2025-12-29", "2025-12-30");
        books.add("CLOSED", "2025-12-29", "2025-12-30");
        books.execute("UPDATE portfolios SET deleted_at = '2026-01-02' WHERE id = 'DELETED'");
        books.execute("UPDATE portfolios SET closed_on = '2025-12-30' WHERE id = 'CLOSED'");
        assert!(books.run(job, "2026-01-08", &[]), "{job}");
        assert_eq!(books.newest("DELETED"), "2025-12-30", "{job}");
        assert_eq!(books.newest("CLOSED"), "2025-12-30", "{job}");
        assert_eq!(books.newest("A"), "2026-01-08", "{job}");
    }
}

#[test]
fn a_list_of_unknown_ids_becomes_all_portfolios_in_the_fix_only() {
    let newest = PYTHON.map(|job| {
        let books = Books::create();
        books.add("A", "2025-12-29", "2026-01-07");
        books.run(job, "2026-01-08", &["--portfolios", "NONE"]);
        books.newest("A")
    });
    assert_eq!(
        newest,
        ["2026-01-07", "2026-01-08", "2026-01-07", "2026-01-07"]
    );
}

#[test]
fn a_forced_range_writes_its_days_again() {
    for job in PYTHON {
        let books = Books::create();
        books.add("A", "2025-12-29", "2026-01-08");
        let days = ["--from", "2026-01-05", "--to", "2026-01-06"];
        assert!(books.run(job, "2026-01-08", &days), "{job}");
        let rewritten = books.text("SELECT group_concat(day) FROM snapshots WHERE nav > 1");
        assert_eq!(rewritten, "2026-01-05,2026-01-06", "{job}");
    }
}

#[test]
fn the_correct_job_writes_nothing_twice_and_counts_what_it_wrote() {
    let books = Books::create();
    books.add("A", "2025-12-29", "2026-01-06");
    books.execute("UPDATE snapshots SET is_complete = 0 WHERE day = '2026-01-05'");
    for _ in 0..2 {
        assert!(books.run("every_missing_day.py", "2026-01-08", &[]));
    }
    let processed = books.text("SELECT group_concat(processed) FROM runs");
    assert_eq!(processed, "3,0");
    let days = books.text("SELECT group_concat(day) FROM progress");
    assert_eq!(days, "2026-01-05,2026-01-07,2026-01-08");
}
