//! Requests that a run refuses, which leave no run behind, and ranges that it cannot fill.

use crate::workspace::{Workspace, words};

const WORLD: &str = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
    A = { complete = \"..2026-01-06\" }\nB = { complete = \"..2026-01-07\" }\n\
    Gone = { inception = 2026-01-02, deleted-at = 2026-01-05T09:00:00-05:00 }\n";

fn number_of_runs(workspace: &Workspace) -> usize {
    let runs = workspace.run_ok(&["runs", "--json"]);
    let runs: serde_json::Value = serde_json::from_str(&runs).unwrap();
    runs.as_array().unwrap().len()
}

#[test]
fn a_refused_request_leaves_no_run() {
    let workspace = Workspace::from_world(WORLD);
    let before = number_of_runs(&workspace);
    for target in ["2026-01-09", "2027-01-01"] {
        let refused = workspace.run(&["run", "--target", target]);
        assert_eq!(refused.code, 3, "{}", refused.stderr);
    }
    assert_eq!(number_of_runs(&workspace), before);
    let status = workspace.run_ok(&["status"]);
    assert!(!status.contains("the last run failed"), "{status}");
}

#[test]
fn a_risk_model_of_an_unknown_security_is_refused_by_plan_and_run_alike() {
    let workspace = Workspace::from_world(WORLD);
    let before = number_of_runs(&workspace);
    workspace.write("plimsoll.toml", "[risk]\nbenchmark = \"ABSENT\"\n");
    for command in ["plan", "run"] {
        let refused = workspace.run(&[command]);
        assert_eq!(refused.code, 3, "{command}: {}", refused.stdout);
        let reason = "no security has the benchmark's symbol `ABSENT`";
        assert!(refused.stderr.contains(reason), "{}", refused.stderr);
    }
    assert_eq!(number_of_runs(&workspace), before);
    workspace.write("plimsoll.toml", "");
    workspace.run_ok(&["run"]);
}

#[test]
fn a_run_of_a_deleted_portfolio_is_refused_unless_it_is_skipped() {
    let workspace = Workspace::from_world(WORLD);
    let forced = ["--force", "--from", "2026-01-05", "--to", "2026-01-06"];
    for arguments in [
        &["run", "-p", "Gone"][..],
        &["run", "-p", "A", "-p", "Gone"],
        &[&["run", "-p", "Gone"], &forced[..]].concat(),
        &["run", "--skip-unknown", "-p", "Gone"],
        &["plan", "-p", "Gone"],
        &[&["invalidate", "-p", "Gone", "--reason", "x"], &forced[1..]].concat(),
        &["onboard", "Gone"],
    ] {
        let refused = workspace.run(arguments);
        assert_eq!(refused.code, 3, "{arguments:?}: {}", refused.stdout);
        assert!(
            refused.stderr.contains("deleted portfolio `Gone`")
                && refused
                    .stderr
                    .contains("hint: `plimsoll portfolio restore Gone`"),
            "{}",
            refused.stderr
        );
    }
    workspace.run_ok(&["run", "--skip-unknown", "-p", "A", "-p", "Gone"]);
    workspace.run_ok(&["portfolio", "restore", "Gone"]);
    workspace.run_ok(&["run", "-p", "Gone"]);
}

#[test]
fn a_run_without_an_active_portfolio_is_refused_unless_that_is_allowed() {
    let empty = Workspace::new();
    empty.run_ok(&["init"]);
    let deleted = Workspace::from_world(
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         Gone = { inception = 2026-01-02, deleted-at = 2026-01-05T09:00:00-05:00 }\n",
    );
    for (workspace, reason, hint) in [
        (
            &empty,
            "no active portfolio: the database has none",
            "plimsoll import portfolios",
        ),
        (
            &deleted,
            "no active portfolio: the only one is deleted",
            "plimsoll portfolio restore",
        ),
    ] {
        let before = number_of_runs(workspace);
        for command in ["run", "plan"] {
            let refused = workspace.run(&[command]);
            assert_eq!(refused.code, 3, "{command}: {}", refused.stdout);
            for text in [reason, hint] {
                assert!(refused.stderr.contains(text), "{}", refused.stderr);
            }
        }
        let check = workspace.run(&["check"]);
        assert!(check.stdout.contains(reason), "{}", check.stdout);
        assert_eq!(number_of_runs(workspace), before);
        workspace.run_ok(&["plan", "--allow-empty"]);
        workspace.run_ok(&["run", "--allow-empty"]);
        assert_eq!(number_of_runs(workspace), before + 1);
    }
}

#[test]
fn a_database_is_not_restored_from_itself() {
    let workspace = Workspace::from_world(WORLD);
    let refused = workspace.run(&["restore", "plimsoll.db"]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    let reason = "`plimsoll.db` is the database itself";
    assert!(refused.stderr.contains(reason), "{}", refused.stderr);
}

#[test]
fn days_that_a_run_cannot_fill_are_said() {
    let workspace = Workspace::from_world(WORLD);
    let late = ["--from", "2026-01-08", "--to", "2026-01-12"];
    let weekend = ["--force", "--from", "2026-01-03", "--to", "2026-01-04"];
    for (range, remark) in [
        (
            &late[..],
            "2026-01-09 to 2026-01-12 not due: the target is 2026-01-08",
        ),
        (
            &weekend[..],
            "no session that is due on 2026-01-03 to 2026-01-04",
        ),
    ] {
        let plan = workspace.run_ok(&[&["plan"], range].concat());
        assert!(plan.contains(remark), "{plan}");
        let json = workspace.run_ok(&[&["plan", "--json"], range].concat());
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["remarks"], serde_json::json!([remark]));
        let run = workspace.run_ok(&[&["run"], range].concat());
        assert!(run.contains(remark), "{run}");
    }
    let late = [&["invalidate", "--reason", "wrong closes"], &late[..]].concat();
    let remark = "2026-01-09 to 2026-01-12 not due: the target is 2026-01-08";
    let invalidated = workspace.run_ok(&late);
    assert!(
        invalidated.contains(&format!("note: {remark}\n")),
        "{invalidated}"
    );
    let json = workspace.run_ok(&[&late[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["remarks"], serde_json::json!([remark]));
}

#[test]
fn a_run_is_refused_while_all_portfolios_are_deleted() {
    let workspace = Workspace::from_world(WORLD);
    let before = number_of_runs(&workspace);
    for name in ["A", "B"] {
        workspace.run_ok(&["portfolio", "delete", name]);
    }
    let refused = workspace.run(&["run"]);
    assert_eq!(refused.code, 3, "{}", refused.stdout);
    let reason = "error: no active portfolio: all 3 are deleted\n";
    assert!(refused.stderr.contains(reason), "{}", refused.stderr);
    assert_eq!(number_of_runs(&workspace), before);
    workspace.run_ok(&["portfolio", "restore", "B"]);
    workspace.run_ok(&["run"]);
}

#[test]
fn a_portfolio_is_named_by_each_of_its_ids() {
    let workspace = Workspace::new();
    workspace.run_ok(&["init"]);
    workspace.write(
        "p.csv",
        "id,name,inception\nacct-7,Growth,2026-01-05\nGrowth,Income,2026-01-05\n",
    );
    workspace.run_ok(&["import", "portfolios", "p.csv"]);
    let list = workspace.run_ok(&["portfolio", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let id = list[0]["id"].as_str().unwrap();
    for name in ["acct-7", id, &id[..8], &id[..12].to_uppercase(), "Income"] {
        workspace.run_ok(&["status", "-p", name]);
    }
    let short = workspace.run(&["status", "-p", &id[..7]]);
    assert_eq!(short.code, 3, "{}", short.stdout);
    // A name, and the id of another portfolio in its import file.
    let ambiguous = workspace.run(&["show", "Growth"]);
    assert_eq!(ambiguous.code, 3, "{}", ambiguous.stdout);
    for part in ["`Growth` (", "`Income` (", id] {
        assert!(ambiguous.stderr.contains(part), "{}", ambiguous.stderr);
    }
}

#[test]
fn an_inception_before_the_calendar_stops_no_other_portfolio() {
    let workspace = Workspace::from_world(WORLD);
    workspace.write("p.csv", "id,name,inception\nx,Old,1985-03-01\n");
    let imported = words(&workspace.run_ok(&["import", "portfolios", "p.csv"]));
    assert!(
        imported.contains("is before the calendar, so the portfolio has cells from 1990-01-01 on"),
        "{imported}"
    );
    let list = workspace.run_ok(&["portfolio", "list"]);
    assert!(list.contains("cells from"), "{list}");
    workspace.run_ok(&["run"]);
    workspace.run_ok(&["check"]);
    let before = workspace.run(&["explain", "Old", "1985-03-04"]);
    assert!(
        before.stdout.contains("the calendar begins on 1990-01-01"),
        "{}{}",
        before.stdout,
        before.stderr
    );
}

#[test]
fn a_transfer_of_more_than_is_held_is_explained_with_the_commands_that_correct_it() {
    let workspace = Workspace::from_world(
        "now = 2026-01-06T18:00:00-05:00\n[portfolios]\n\
         A = { inception = 2026-01-05, cash = 1_000, holdings = { WIDE = 10 } }\n",
    );
    workspace.write(
        "t.csv",
        "id,portfolio,date,kind,symbol,quantity\nout,A,2026-01-06,transfer-out,WIDE,11\n",
    );
    let imported = workspace.run_ok(&["import", "transactions", "t.csv"]);
    assert!(
        imported.contains("transfers out 11 WIDE of 10 held"),
        "{imported}"
    );
    assert_eq!(workspace.run(&["run"]).code, 1);
    let status = workspace.run(&["status"]).stdout;
    assert!(status.contains("plimsoll explain A 2026-01-06"), "{status}");
    let explained = workspace.run(&["explain", "A", "2026-01-06"]).stdout;
    for command in [
        "plimsoll transaction history out",
        "plimsoll import transactions TRANSACTIONS.csv --correct",
    ] {
        assert!(explained.contains(command), "{explained}");
    }
    // After the correction a run is enough.
    workspace.write(
        "t.csv",
        "id,portfolio,date,kind,symbol,quantity\nout,A,2026-01-06,transfer-out,WIDE,9\n",
    );
    workspace.run_ok(&["import", "transactions", "t.csv", "--correct"]);
    let explained = workspace.run(&["explain", "A", "2026-01-06"]).stdout;
    assert!(!explained.contains("transaction history"), "{explained}");
    workspace.run_ok(&["run"]);
}
