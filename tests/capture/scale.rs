//! Measures time and memory of capturing a large state. Ignored by default: it writes gigabytes.
//!
//! `cargo test --release --test capture scale -- --ignored --nocapture`

use std::time::Instant;

use plimsoll::capture::{CaptureExtent, capture_books};
use plimsoll::domain::{DayRange, IdSet, Lifecycle, NewPortfolio, Phase};
use plimsoll::engine::Settings;
use plimsoll::environment::Environment;
use plimsoll::store::{Store, StoreError};

use crate::harness::day;

const PORTFOLIOS: u32 = 100_000;
const SESSIONS: usize = 500;

#[test]
#[ignore = "writes gigabytes"]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures"
)]
fn a_hundred_thousand_portfolios_over_five_hundred_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let store = fill_database(&path);
    let environment = Environment::fixed("2026-01-08T23:00:00Z".parse().unwrap(), 1);
    let before = peak_memory_kb();
    let start = Instant::now();
    let state = capture_books(
        &store,
        &Settings::new_york(),
        &environment,
        CaptureExtent::State,
    )
    .unwrap();
    let read = start.elapsed();
    let text = state.to_world_toml().unwrap();
    let total = start.elapsed();
    println!(
        "{PORTFOLIOS} portfolios × {SESSIONS} sessions: read {read:?}, with writing {total:?}; \
         {} lines, {} KB; peak memory {} MB, {} MB before",
        text.lines().count(),
        text.len() / 1024,
        peak_memory_kb() / 1024,
        before / 1024,
    );
    assert!(total.as_secs() < 60);
}

/// Makes a database whose ledger and rows lack one cell in a thousand.
fn fill_database(path: &std::path::Path) -> Store {
    let store = Store::create(path).unwrap();
    let calendar = Settings::new_york().calendar;
    let range = DayRange::new(day("2023-06-01"), day("2026-01-08")).unwrap();
    let sessions = calendar.sessions(range).unwrap();
    let sessions = &sessions[sessions.len() - SESSIONS..];
    let mut writer = store.writer().unwrap();
    let lifecycle = Lifecycle::new(sessions[0]);
    let filled: Result<(), StoreError> = writer.write(|writing| {
        let names = (1..=PORTFOLIOS).map(|number| format!("P{number:06}"));
        writing
            .portfolios()
            .add(names.map(|name| NewPortfolio::in_dollars(&name, lifecycle)))?;
        for (at, day) in (0..).zip(sessions) {
            let holes: IdSet = (1..=PORTFOLIOS)
                .filter(|id| (id * 7 + at * 13) % 1_000 == 0)
                .collect();
            let mut done: IdSet = (1..=PORTFOLIOS).collect();
            done -= holes;
            for phase in Phase::CELL_PHASES {
                writing.ledger().set_done(*day, phase, &done)?;
            }
        }
        Ok(())
    });
    filled.unwrap();
    drop(writer);
    rows(path, sessions.iter().map(|day| day.number()).collect());
    store
}

/// Inserts a snapshot row of typical width for each done cell.
fn rows(path: &std::path::Path, days: Vec<i32>) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA synchronous = 0; BEGIN")
        .unwrap();
    for (at, day) in (0_i64..).zip(days) {
        connection
            .execute(
                "WITH RECURSIVE p(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM p WHERE id < ?2)
                 INSERT INTO snapshot SELECT ?1 << 32 | id, 12345678, 1234567890, 0, 1234567890,
                     0, 1234567, 0.00123, 0, 1234567, 12345678, 30, 0, 0, 0, NULL
                 FROM p WHERE (id * 7 + ?3 * 13) % 1000 <> 0",
                (i64::from(day), PORTFOLIOS, at),
            )
            .unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
}

/// Returns the peak memory of this process in kilobytes; 0 if the system does not report it.
fn peak_memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
