//! Damaged rows are found, and fixed by the command that `verify` names. Backups replace a
//! database.

use crate::workspace::Workspace;

const WORLD: &str = r#"
now = 2026-01-12T23:00:00Z
[portfolios]
"A..C" = { inception = 2026-01-05, complete = "..2026-01-12", cash = 1_000, holdings = { NIMB = 100 } }
"#;

fn change(workspace: &Workspace, sql: &str) {
    let connection = rusqlite::Connection::open(workspace.path("plimsoll.db")).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
}

/// Verifies the damage, and returns the text with the commands that fix it.
fn broken(workspace: &Workspace) -> String {
    let verified = workspace.run(&["verify", "--all"]);
    assert_eq!(verified.code, 1, "{}{}", verified.stdout, verified.stderr);
    verified.stdout
}

#[test]
fn damaged_outputs_and_bookkeeping_are_repaired_and_computed_again() {
    for sql in [
        "UPDATE snapshot SET nav = nav + 1 WHERE cell = (SELECT min(cell) FROM snapshot)",
        "DELETE FROM risk WHERE cell = (SELECT max(cell) FROM risk)",
        "UPDATE security_statistics SET session_return = 9",
        "UPDATE lifecycle_index SET day = day + 1 WHERE kind = 3",
        "UPDATE run SET report = report || ' '",
    ] {
        let workspace = Workspace::from_world(WORLD);
        let books = workspace.books();
        change(&workspace, sql);
        let text = broken(&workspace);
        assert!(text.contains("plimsoll repair\n"), "{sql}: {text}");
        workspace.run_ok(&["repair"]);
        workspace.run_ok(&["run"]);
        let verified = workspace.run(&["verify", "--all"]);
        assert_eq!(verified.code, 0, "{sql}: {}", verified.stdout);
        let after = workspace.books();
        assert_eq!(after, books, "{sql}");
    }
}

#[test]
fn a_damaged_set_of_the_ledger_is_dropped_and_its_cells_are_computed_again() {
    for phase in 2..=6 {
        for set in ["count = count + 1", "ids = zeroblob(3)", "phase = 99"] {
            let sql = format!(
                "UPDATE ledger SET {set} WHERE phase = {phase} AND day = (SELECT min(day) FROM ledger)"
            );
            let workspace = Workspace::from_world(WORLD);
            let books = workspace.books();
            change(&workspace, &sql);
            let text = broken(&workspace);
            assert!(text.contains("plimsoll repair\n"), "{sql}: {text}");
            let repaired = workspace.run_ok(&["repair"]);
            assert!(repaired.contains("invalidated"), "{sql}: {repaired}");
            // Dropped, so the cells are open until a run.
            assert_eq!(workspace.run(&["check", "--max-lag", "0"]).code, 1, "{sql}");
            workspace.run_ok(&["run"]);
            workspace.run_ok(&["check", "--max-lag", "0"]);
            let verified = workspace.run(&["verify", "--all"]);
            assert_eq!(verified.code, 0, "{sql}: {}", verified.stdout);
            assert_eq!(workspace.books(), books, "{sql}");
        }
    }
}

#[test]
fn a_missing_row_of_bookkeeping_is_named_with_its_file() {
    let workspace = Workspace::from_world(WORLD);
    change(&workspace, "DELETE FROM revision");
    for arguments in [&["status"][..], &["check"], &["run"]] {
        let refused = workspace.run(arguments);
        assert_eq!(refused.code, 5, "{arguments:?}: {}", refused.stdout);
        for text in [
            "`plimsoll.db`",
            "table `revision`",
            "`plimsoll restore BACKUP`",
        ] {
            assert!(refused.stderr.contains(text), "{}", refused.stderr);
        }
    }
    assert!(broken(&workspace).contains("plimsoll repair\n"));
    workspace.run_ok(&["repair"]);
    workspace.run_ok(&["run"]);
    workspace.run_ok(&["verify", "--all"]);
}

#[test]
fn a_cell_without_its_output_is_not_complete() {
    let workspace = Workspace::from_world(WORLD);
    change(&workspace, "DELETE FROM risk");
    let text = workspace.run_ok(&["explain", "A", "2026-01-08"]);
    assert!(text.contains("damaged"), "{text}");
    assert!(text.contains("plimsoll repair"), "{text}");
}

#[test]
fn changed_sources_are_restored_from_a_backup_or_accepted() {
    let workspace = Workspace::from_world(WORLD);
    workspace.run_ok(&["backup", "good.db"]);
    for sql in [
        "UPDATE portfolio SET name = 'B2' WHERE name = 'B'",
        "UPDATE price SET close = close + 1",
        "UPDATE entry SET reference = reference || 'x'",
    ] {
        change(&workspace, sql);
        let text = broken(&workspace);
        assert!(text.contains("plimsoll restore BACKUP\n"), "{sql}: {text}");
        assert_eq!(workspace.run(&["repair"]).code, 3, "{sql}");
        workspace.run_ok(&["restore", "good.db"]);
        workspace.run_ok(&["verify", "--all"]);

        change(&workspace, sql);
        workspace.run_ok(&["repair", "--accept-changes"]);
        workspace.run_ok(&["run"]);
        workspace.run_ok(&["verify", "--all"]);
        workspace.run_ok(&["restore", "good.db"]);
    }
}

#[test]
fn a_damaged_calendar_is_found() {
    let workspace = Workspace::from_world(WORLD);
    change(&workspace, "UPDATE calendar SET count = count + 1");
    assert!(broken(&workspace).contains("plimsoll restore BACKUP\n"));
}

#[test]
fn commands_leave_no_log_and_a_copied_backup_is_read_as_it_is() {
    let created = Workspace::new();
    created.run_ok(&["init"]);
    assert!(!created.path("plimsoll.db-wal").exists());
    let workspace = Workspace::from_world(WORLD);
    workspace.run_ok(&["backup", "good.db"]);
    let good = workspace.run_ok(&["show", "A"]);
    let range = ["--from", "2026-01-05", "--to", "2026-01-12"];
    workspace.run_ok(&[&["run", "--force"], range.as_slice()].concat());
    for arguments in [&["status"][..], &["check"], &["verify"], &["plan"]] {
        workspace.run(arguments);
        assert!(!workspace.path("plimsoll.db-wal").exists(), "{arguments:?}");
    }
    std::fs::copy(workspace.path("good.db"), workspace.path("plimsoll.db")).unwrap();
    assert_eq!(workspace.run_ok(&["show", "A"]), good);
    workspace.run_ok(&["verify", "--all"]);
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let workspace = Workspace::from_world(WORLD);
    workspace.run_ok(&["backup", "bad.db"]);
    let connection = rusqlite::Connection::open(workspace.path("bad.db")).unwrap();
    connection
        .execute("UPDATE security SET name = 'other'", [])
        .unwrap();
    drop(connection);
    let books = workspace.books();
    let restored = workspace.run(&["restore", "bad.db"]);
    assert_eq!(restored.code, 3, "{}", restored.stderr);
    assert!(
        restored.stderr.contains("hint: restore an older backup"),
        "{}",
        restored.stderr
    );
    assert_eq!(workspace.books(), books);
}
