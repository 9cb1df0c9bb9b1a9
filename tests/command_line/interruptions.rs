//! Runs that are killed, interrupted or started twice: the next run completes, and the books equal
//! those of one undisturbed run.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, ExitStatus};
use std::time::Duration;

use crate::workspace::Workspace;

/// About 1,500 cells, committed in transactions of eight.
const WORLD: &str = "description = \"many cells\"\nnow = 2026-01-08T18:00:00-05:00\nseed = 3\n[portfolios]\n\
    \"P1..P12\" = { inception = 2025-07-08, style = \"equity\" }\n";
const SMALL_BATCHES: &str = "[run]\nbatch-cells = 8\n";

fn workspace() -> Workspace {
    let workspace = Workspace::from_world(WORLD);
    workspace.write("plimsoll.toml", SMALL_BATCHES);
    workspace
}

/// Starts a run and waits until it has printed that `tenths` of its cells are committed.
fn start_and_wait(workspace: &Workspace, tenths: usize) -> Child {
    start_and_read(workspace, tenths).0
}

/// Starts a run like [`start_and_wait`], and returns its open standard error too.
fn start_and_read(workspace: &Workspace, tenths: usize) -> (Child, BufReader<ChildStderr>) {
    let mut child = workspace.command(&["run"]).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let (mut seen, mut line) = (0, String::new());
    while seen < tenths && err.read_line(&mut line).unwrap() > 0 {
        seen += usize::from(line.contains(" cells ("));
        line.clear();
    }
    (child, err)
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Returns a run that `interrupt` ended after `tenths` of its cells. A run can end before the
/// signal arrives; then another one is started.
fn interrupted_run(tenths: usize, interrupt: impl Fn(&mut Child)) -> (Workspace, ExitStatus) {
    for _ in 0..10 {
        let workspace = workspace();
        let mut child = start_and_wait(&workspace, tenths);
        interrupt(&mut child);
        let status = child.wait().unwrap();
        if !status.success() {
            return (workspace, status);
        }
    }
    panic!("ten runs ended before they could be interrupted");
}

#[test]
fn a_killed_run_is_completed_by_the_next_run() {
    let clean = workspace();
    clean.run_ok(&["run"]);
    let books = clean.books();
    for tenths in [1, 4, 8] {
        let (workspace, _) = interrupted_run(tenths, |child| child.kill().unwrap());
        let next = workspace.run(&["run"]);
        assert_eq!(next.code, 0, "{}", next.stderr);
        assert!(next.stdout.contains("abandoned"), "{}", next.stdout);
        assert_eq!(workspace.books(), books, "killed after {tenths} tenths");
        workspace.run_ok(&["verify", "--all"]);
    }
}

#[test]
fn a_run_whose_file_is_deleted_or_replaced_fails() {
    let delete = |workspace: &Workspace| {
        std::fs::remove_file(workspace.path("plimsoll.db")).unwrap();
    };
    let replace = |workspace: &Workspace| {
        let other = workspace.path("other.db");
        workspace.run_ok(&["--db", other.to_str().unwrap(), "init"]);
        std::fs::rename(other, workspace.path("plimsoll.db")).unwrap();
    };
    for lose in [&delete as &dyn Fn(&Workspace), &replace] {
        let mut lost = None;
        // A run can end before its file is lost; then another one is started.
        for _ in 0..10 {
            let workspace = workspace();
            let (mut child, mut err) = start_and_read(&workspace, 2);
            lose(&workspace);
            let code = child.wait().unwrap().code();
            if code != Some(0) {
                let mut text = String::new();
                err.read_to_string(&mut text).unwrap();
                assert!(text.contains("was deleted, moved or replaced"), "{text}");
                lost = code;
                break;
            }
        }
        assert_eq!(lost, Some(5));
    }
}

#[test]
fn a_killed_init_leaves_no_database_or_a_whole_one() {
    let init = ["--quiet", "init"];
    let mut present = 0;
    for delay in 0..60 {
        let workspace = Workspace::new();
        let mut child = workspace.command(&init).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(1_000 * delay));
        child.kill().unwrap();
        child.wait().unwrap();
        if workspace.path("plimsoll.db").exists() {
            present += 1;
        } else {
            workspace.run_ok(&init);
        }
        workspace.run_ok(&["verify", "--all"]);
        let names = std::fs::read_dir(workspace.path("")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = names
            .filter(|name| name.to_string_lossy().contains("unfinished"))
            .collect();
        assert!(left.is_empty(), "{left:?} after {delay}");
    }
    assert!(present < 60, "every init ended before it was killed");
}

#[test]
fn ctrl_c_stops_after_the_current_transaction_and_closes_the_run() {
    let (workspace, status) = interrupted_run(2, |child| signal(child, "-INT"));
    assert_eq!(status.code(), Some(1));
    let runs = workspace.run_ok(&["runs"]);
    assert!(runs.contains("cancelled"), "{runs}");
    workspace.run_ok(&["verify"]);
    workspace.run_ok(&["run"]);
    let clean = crate::interruptions::workspace();
    clean.run_ok(&["run"]);
    assert_eq!(workspace.books(), clean.books());
}

/// The first run is stopped by a signal while the second tries. If the first ended before the signal
/// arrived, there was no lease, and the test tries again.
#[test]
fn a_second_run_is_busy_while_the_first_is_running() {
    let was_busy = (0..10).any(|_| {
        let workspace = workspace();
        let mut child = start_and_wait(&workspace, 1);
        signal(&child, "-STOP");
        let second = workspace.run(&["run"]);
        workspace.run_ok(&["status"]);
        signal(&child, "-CONT");
        assert_eq!(child.wait().unwrap().code(), Some(0));
        workspace.run_ok(&["verify"]);
        if second.code == 4 {
            assert!(
                second.stderr.contains("holds the lease"),
                "{}",
                second.stderr
            );
        }
        second.code == 4
    });
    assert!(
        was_busy,
        "ten first runs ended before they could be stopped"
    );
}

#[test]
fn a_backup_taken_during_a_run_is_consistent() {
    let workspace = workspace();
    let mut child = start_and_wait(&workspace, 1);
    workspace.run_ok(&["backup", "copy.db"]);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    workspace.run_ok(&["--db", "copy.db", "run"]);
    workspace.run_ok(&["--db", "copy.db", "verify", "--all"]);
}
