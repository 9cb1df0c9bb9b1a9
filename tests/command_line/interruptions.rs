//! Killed, interrupted, started twice: the next run completes, and the books are those of one
//! clean run.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus};

use crate::bench::Bench;

/// Some 1,500 cells, taken in by transactions of eight.
const WORLD: &str = "description = \"many cells\"\nnow = 2026-01-08T18:00:00-05:00\nseed = 3\n[portfolios]\n\
    \"P1..P12\" = { inception = 2025-07-08, style = \"equity\" }\n";
const SMALL_BATCHES: &str = "[run]\nbatch-cells = 8\n";

fn bench() -> Bench {
    let bench = Bench::of_world(WORLD);
    bench.write("plimsoll.toml", SMALL_BATCHES);
    bench
}

/// Starts a run and waits until it has said that some of it is committed.
fn start_and_wait(bench: &Bench, tenths: usize) -> Child {
    let mut child = bench.command(&["run"]).spawn().unwrap();
    let err = BufReader::new(child.stderr.take().unwrap());
    let mut seen = 0;
    for line in err.lines().map_while(Result::ok) {
        seen += usize::from(line.contains(" cells ("));
        if seen >= tenths {
            break;
        }
    }
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// A run that was cut off after so many tenths: where it was through before it could be, another
/// is started.
fn cut_off(tenths: usize, cut: impl Fn(&mut Child)) -> (Bench, ExitStatus) {
    for _ in 0..10 {
        let bench = bench();
        let mut child = start_and_wait(&bench, tenths);
        cut(&mut child);
        let status = child.wait().unwrap();
        if !status.success() {
            return (bench, status);
        }
    }
    panic!("ten runs were through before they could be cut off");
}

#[test]
fn a_run_killed_at_any_moment_is_completed_by_the_next() {
    let clean = bench();
    clean.ok(&["run"]);
    let books = clean.books();
    for tenths in [1, 4, 8] {
        let (bench, _) = cut_off(tenths, |child| child.kill().unwrap());
        let said = bench.run(&["run"]);
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(said.out.contains("abandoned"), "{}", said.out);
        assert_eq!(bench.books(), books, "killed after {tenths} tenths");
        bench.ok(&["verify", "--all"]);
    }
}

#[test]
fn ctrl_c_stops_after_the_current_transaction_and_closes_the_run() {
    let (bench, status) = cut_off(2, |child| signal(child, "-INT"));
    assert_eq!(status.code(), Some(1));
    let runs = bench.ok(&["runs"]);
    assert!(runs.contains("cancelled"), "{runs}");
    bench.ok(&["verify"]);
    bench.ok(&["run"]);
    let clean = crate::interruptions::bench();
    clean.ok(&["run"]);
    assert_eq!(bench.books(), clean.books());
}

/// The first run is stopped in its tracks while the second tries; where it was through before the
/// stop reached it, there was nothing to be busy with, and it is tried again.
#[test]
fn a_second_run_is_busy_while_the_first_is_at_work() {
    let met = (0..10).any(|_| {
        let bench = bench();
        let mut child = start_and_wait(&bench, 1);
        signal(&child, "-STOP");
        let second = bench.run(&["run"]);
        bench.ok(&["status"]);
        signal(&child, "-CONT");
        assert_eq!(child.wait().unwrap().code(), Some(0));
        bench.ok(&["verify"]);
        if second.code == 4 {
            assert!(second.err.contains("holds the lease"), "{}", second.err);
        }
        second.code == 4
    });
    assert!(
        met,
        "ten first runs were through before they could be stopped"
    );
}

#[test]
fn a_backup_taken_during_a_run_is_consistent() {
    let bench = bench();
    let mut child = start_and_wait(&bench, 1);
    bench.ok(&["backup", "copy.db"]);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    bench.ok(&["--db", "copy.db", "run"]);
    bench.ok(&["--db", "copy.db", "verify", "--all"]);
}
