//! Another program keeps a read transaction open, so that the log cannot be emptied.

use crate::workspace::Workspace;

const WORLD: &str = r#"
now = 2026-01-12T23:00:00Z
[portfolios]
"A..C" = { inception = 2026-01-05, cash = 1_000, holdings = { NIMB = 100 } }
"#;

fn reader(workspace: &Workspace) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(workspace.path("plimsoll.db")).unwrap();
    connection
        .execute_batch("BEGIN; SELECT * FROM run")
        .unwrap();
    connection
}

#[test]
fn runs_and_imports_go_on_under_an_open_reader() {
    let workspace = Workspace::from_world(WORLD);
    workspace.run_ok(&["run"]);
    let reader = reader(&workspace);
    for (night, day) in (1..).zip(["2026-01-08", "2026-01-09", "2026-01-12"]) {
        let rows = format!("symbol,date,close\nNIMB,{day},{night}0\n");
        workspace.write("closes.csv", &rows);
        let accepted = ["--allow-jumps", "--allow-restatement"];
        workspace.run_ok(&[&["import", "prices", "closes.csv"][..], &accepted].concat());
        workspace.run_ok(&["run"]);
    }
    assert!(workspace.path("plimsoll.db-wal").exists());
    drop(reader);
    workspace.run_ok(&["run"]);
    let verified = workspace.run(&["verify", "--all"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    for name in ["plimsoll.db-wal", "plimsoll.db-synced"] {
        assert!(!workspace.path(name).exists(), "{name}");
    }
}

#[test]
fn after_a_crash_the_process_that_holds_the_log_is_named() {
    let workspace = Workspace::from_world(WORLD);
    workspace.run_ok(&["run"]);
    let reader = reader(&workspace);
    workspace.run_ok(&[
        "run",
        "--force",
        "--from",
        "2026-01-08",
        "--to",
        "2026-01-09",
    ]);
    // As if the run had been killed.
    std::fs::remove_file(workspace.path("plimsoll.db-synced")).unwrap();
    let refused = workspace.run(&["run"]);
    assert_eq!(refused.code, 5, "{}", refused.stderr);
    let holder = format!("process {} (", std::process::id());
    for text in [
        holder.as_str(),
        "running since 20",
        "hint: end its read transaction",
    ] {
        assert!(refused.stderr.contains(text), "{text}: {}", refused.stderr);
    }
    drop(reader);
    workspace.run_ok(&["run"]);
}
