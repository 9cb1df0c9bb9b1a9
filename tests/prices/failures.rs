//! Commands that fail: attempts, pauses, limits, and what is recorded.

use chrono::TimeDelta;
use plimsoll::app::{FetchOutcome, RequestedCloses};

use crate::vendor::{Books, CLOSES, WORLD, failed};

#[test]
fn a_command_that_is_rate_limited_is_tried_again_after_pauses() {
    let books = Books::new(WORLD, "limited 2", CLOSES, 3);
    let before = books.app.environment.wall_clock.now();
    let fetched = books.fetch(RequestedCloses::Open);
    assert_eq!((fetched.received, books.attempts()), (4, 3), "{fetched}");
    // The clock of the environment moved by the pauses, 5 and 10 seconds.
    let after = books.app.environment.wall_clock.now();
    assert_eq!(after - before, TimeDelta::seconds(15));
    assert_eq!(books.failure(), None);
}

#[test]
fn pauses_and_attempts_are_bounded() {
    let books = Books::new(WORLD, "limited 99", CLOSES, 8);
    let before = books.app.environment.wall_clock.now();
    let fetched = books.fetch(RequestedCloses::Open);
    assert_eq!(books.attempts(), 8);
    let after = books.app.environment.wall_clock.now();
    assert_eq!(
        after - before,
        TimeDelta::seconds(5 + 10 + 20 + 40 + 60 + 60 + 60)
    );
    let reason = "it ended with code 1, the last of 8 attempts: HTTP 429 for \
                  https://vendor.example/closes?***";
    assert_eq!(failed(&fetched), reason);
    assert_eq!(books.failure().as_deref(), Some(reason));
}

#[test]
fn a_failure_ends_with_an_answer_or_when_nothing_is_missing() {
    let books = Books::new(WORLD, "down", CLOSES, 1);
    books.fetch(RequestedCloses::Open);
    let reason = "it ended with code 1: retry later, key=***";
    let shown = books.failure().unwrap();
    assert!(
        shown == reason || shown.ends_with("retry later, key="),
        "{shown}"
    );
    books.set_mode("right");
    books.fetch(RequestedCloses::Open);
    assert_eq!(books.failure(), None);

    let books = Books::new(WORLD, "down", CLOSES, 1);
    books.fetch(RequestedCloses::Open);
    assert!(books.failure().is_some());
    // A file of the inbox has the closes.
    let rows: Vec<_> = CLOSES.lines().collect();
    let text = format!("symbol,date,close\n{}\n", rows.join("\n"));
    std::fs::create_dir(books.path("inbox/prices")).unwrap();
    let path = books.path("inbox/prices/by-hand.csv");
    std::fs::write(&path, text).unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    books.app.import_inbox(&|_| {}).unwrap();
    let fetched = books.fetch(RequestedCloses::Open);
    assert!(matches!(fetched.outcome, FetchOutcome::NothingRequested));
    assert_eq!((books.failure(), books.attempts()), (None, 0));
}

#[test]
fn an_endless_answer_and_a_missing_program_are_not_tried_again() {
    let books = Books::new(WORLD, "endless", CLOSES, 3);
    let fetched = books.fetch(RequestedCloses::Open);
    assert_eq!(failed(&fetched), "its answer had more than 64 MB");
    assert_eq!(books.attempts(), 1);
    let mut books = Books::new(WORLD, "right", CLOSES, 3);
    if let Some(feed) = &mut books.app.price_feed {
        feed.command = vec!["./no-such-program".to_owned()];
    }
    let before = books.app.environment.wall_clock.now();
    let fetched = books.fetch(RequestedCloses::Open);
    let reason = failed(&fetched);
    assert!(
        reason.starts_with("it could not be started: No such file"),
        "{reason}"
    );
    assert_eq!(books.app.environment.wall_clock.now(), before);
}

#[test]
fn requests_that_no_run_makes_come_half_an_hour_apart_and_later_after_setbacks() {
    let books = Books::new(WORLD, "empty", CLOSES, 1);
    let is_due = || books.app.may_request_prices().unwrap();
    let advance = |minutes| {
        books
            .app
            .environment
            .clock
            .advance(TimeDelta::minutes(minutes))
    };
    assert!(is_due());
    books.fetch(RequestedCloses::Open);
    assert!(!is_due());
    advance(29);
    assert!(!is_due());
    advance(1);
    assert!(is_due());
    // Each refused answer is a file, so that they become rare.
    books.set_mode("wrong");
    for pause in [60, 120, 240, 480, 480] {
        books.fetch(RequestedCloses::Open);
        advance(pause - 1);
        assert!(!is_due(), "{pause}");
        advance(1);
        assert!(is_due(), "{pause}");
    }
    books.set_mode("right");
    books.fetch(RequestedCloses::Open);
    advance(30);
    assert!(is_due(), "an answer ends the doubling");
}
