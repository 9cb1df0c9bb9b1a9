//! The promises that each example job keeps and breaks.

use std::collections::BTreeSet;

use crate::workspace::Workspace;

/// A hole, a newcomer, a half-done day, a deleted portfolio that is ahead, and one that is behind.
const WORLD: &str = "\
now = 2026-01-08T18:00:00-05:00
[portfolios]
HOLE = { inception = 2026-01-02, complete = \"..2026-01-07\", holes = 2026-01-06 }
NEW = { inception = 2026-01-06 }
HALF = { inception = 2026-01-02, complete = \"..2026-01-06\", phases.\"2026-01-07\" = \"snapshot\" }
GONE = { inception = 2026-01-02, complete = \"..2026-01-07\", deleted-at = 2026-01-08T09:00:00-05:00 }
BEHIND = { inception = 2026-01-02, complete = \"..2026-01-05\" }
[[step]]
run = {}
";

fn broken(script: &str) -> BTreeSet<String> {
    let workspace = Workspace::of_example(script);
    workspace.write("scenarios/world.toml", WORLD);
    let output = workspace.run(&["--json", "scenario", "run", "--job", "job.toml"]);
    let json: serde_json::Value = serde_json::from_str(&output.stdout).expect(&output.stderr);
    let findings = json["scenarios"][0]["findings"].as_array();
    let findings = findings.into_iter().flatten();
    let promises = findings.map(|found| {
        let text = found["says"].as_str().unwrap();
        text.split(':').next().unwrap().to_owned()
    });
    promises.collect()
}

#[test]
fn a_correct_job_keeps_all_promises() {
    assert_eq!(broken("every_missing_day.py"), BTreeSet::new());
}

#[test]
fn the_fix_of_the_incident_does_not_see_holes_newcomers_and_half_done_days() {
    let found = broken("oldest_newest.py");
    for promise in [
        "finds-every-needed-cell",
        "no-snapshot-without-analytics",
        "failed-run-heals",
        "killed-run-heals",
        "unknown-ids-never-widen",
    ] {
        assert!(found.contains(promise), "{promise}: {found:?}");
    }
}

#[test]
fn a_job_that_looks_at_the_target_only_loses_backfill() {
    let found = broken("target_only.py");
    assert!(found.contains("finds-every-needed-cell"), "{found:?}");
    assert!(!found.contains("does-nothing-twice"), "{found:?}");
}

#[test]
fn a_promise_that_is_switched_off_is_not_checked() {
    let workspace = Workspace::of_example("target_only.py");
    let job = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
    let off = [
        "finds-every-needed-cell",
        "no-snapshot-without-analytics",
        "scope-is-honoured",
    ];
    let off: String = off.map(|promise| format!("{promise} = false\n")).concat();
    workspace.write("job.toml", &format!("{job}\n[promises]\n{off}"));
    workspace.write(
        "scenarios/world.toml",
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { inception = 2026-01-05, complete = \"..2026-01-06\" }\n[[step]]\nrun = {}\n",
    );
    let output = workspace.run(&["scenario", "run", "--job", "job.toml"]);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
}

#[test]
fn a_drawn_world_is_made_small_and_replays() {
    let workspace = Workspace::of_example("newest_of_any.py");
    let fuzz = [
        "job",
        "fuzz",
        "job.toml",
        "--budget",
        "30s",
        "--seed",
        "1",
        "-o",
        "scenarios/found.toml",
    ];
    let found = workspace.run(&fuzz);
    assert_eq!(found.code, 1, "{}{}", found.stdout, found.stderr);
    assert!(found.stdout.contains("BROKEN  "), "{}", found.stdout);
    let small = std::fs::read_to_string(workspace.path("scenarios/found.toml")).unwrap();
    let lines = small.lines().filter(|line| !line.is_empty()).count();
    assert!(lines <= 15, "{small}");
    let replayed = workspace.run(&[
        "scenario",
        "run",
        "scenarios/found.toml",
        "--job",
        "job.toml",
    ]);
    assert_eq!(replayed.code, 1, "{}", replayed.stdout);
    assert!(workspace.scratch_files().is_empty());
}

/// A correct job that stays up: it does all open cells of each line that it gets.
const SERVED: &str = r#"
import json, sqlite3, sys
OPEN = """SELECT p.id, d.day FROM portfolios p
    JOIN trading_days d ON d.day BETWEEN p.inception AND coalesce(p.closed_on, '9999')
    WHERE p.deleted_at IS NULL AND d.day <= ?1 AND (
        SELECT count(*) FROM (SELECT portfolio_id, day FROM snapshots WHERE is_complete
            UNION ALL SELECT portfolio_id, day FROM positions
            UNION ALL SELECT portfolio_id, day FROM exposures
            UNION ALL SELECT portfolio_id, day FROM risk)
        WHERE portfolio_id = p.id AND day = d.day) < 4"""
for line in sys.stdin:
    run = json.loads(line)
    db = sqlite3.connect(run["path"])
    cells = db.execute(OPEN, (run["target"],)).fetchall()
    db.executemany("INSERT OR REPLACE INTO snapshots VALUES (?, ?, 1, 1)", cells)
    for table in ["positions", "exposures", "risk"]:
        db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, 1)", cells)
    db.commit()
    db.close()
    print(json.dumps({"exit": 0, "output": run["command"]}), flush=True)
"#;

#[test]
fn a_served_job_makes_many_runs_in_one_process() {
    let workspace = Workspace::new(
        "run = \"false {path} {target}\"\nserve = [\"python3\", \"served.py\"]\n\
         [promises]\nkilled-run-heals = false\ntwo-runs-do-each-cell-once = false\n",
    );
    workspace.write("served.py", SERVED);
    let check = workspace.run(&["job", "check", "job.toml"]);
    assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);
    // One batch: four worlds for each thread.
    let fuzz = workspace.run(&[
        "--json", "job", "fuzz", "job.toml", "--budget", "1ms", "--jobs", "4", "--seed", "1",
    ]);
    let json: serde_json::Value = serde_json::from_str(&fuzz.stdout).expect(&fuzz.stderr);
    assert!(json["worlds"].as_u64() > Some(8), "{json}");
    assert_eq!(fuzz.code, 0, "{json}");
}

#[test]
fn faults_at_all_writes_show_the_crash_between_phases() {
    let fixed = Workspace::of_example("oldest_newest.py");
    let found = fixed.run(&["job", "faults", "job.toml"]);
    assert_eq!(found.code, 1, "{}{}", found.stdout, found.stderr);
    assert!(
        found.stdout.contains("BROKEN  failed-run-heals: write"),
        "{}",
        found.stdout
    );
    assert!(
        found.stdout.contains("BROKEN  killed-run-heals: write"),
        "{}",
        found.stdout
    );

    let correct = Workspace::of_example("every_missing_day.py");
    let kept = correct.run(&["job", "faults", "job.toml"]);
    assert_eq!(kept.code, 0, "{}{}", kept.stdout, kept.stderr);
    assert!(
        kept.stdout.contains("48 faults at 24 writes"),
        "{}",
        kept.stdout
    );
}

/// A job that does the missing cells of its target, and counts them: as they are, all portfolios of the
/// day, none in a row that says `running` for ever, in a run that `failed`, or without progress of the
/// day.
const COUNTED: &str = r#"
import sqlite3, sys
db, target, counting = sqlite3.connect(sys.argv[1], isolation_level=None), sys.argv[2], sys.argv[3]
ids = [id for id, in db.execute("SELECT id FROM portfolios WHERE inception <= ?", (target,))]
done = [id for id, in db.execute("SELECT portfolio_id FROM snapshots WHERE day = ?", (target,))]
todo = [id for id in ids if id not in done]
db.execute("BEGIN")
for id in todo:
    db.execute("INSERT INTO snapshots (portfolio_id, day, nav) VALUES (?, ?, 1)", (id, target))
    for table in ["positions", "exposures", "risk"]:
        db.execute(f"INSERT INTO {table} VALUES (?, ?, 1)", (id, target))
count = len(ids if counting == "active" else todo)
status = {"unended": "running", "failed": "failed"}.get(counting, "completed")
run = db.execute(
    "INSERT INTO runs (started_at, status, target, processed) VALUES (?, ?, ?, ?)",
    (target, status, target, count),
).lastrowid
if counting not in ("unended", "uncounted"):
    db.execute("INSERT INTO progress VALUES (?, ?, ?)", (run, target, count))
db.execute("COMMIT")
"#;

#[test]
fn progress_that_counts_skipped_portfolios_is_no_progress() {
    for (counting, says) in [
        ("done", None),
        (
            "active",
            Some("the progress of 2026-01-08 says 2 cells, and the run wrote 1"),
        ),
        ("unended", Some("the run ended, but its row says running")),
        (
            "failed",
            Some("the run did all its cells, but its row says failed"),
        ),
        (
            "uncounted",
            Some("the run wrote 1 cell of 2026-01-08, and 2026-01-08 has no progress"),
        ),
    ] {
        let workspace = Workspace::new(&format!(
            "run = [\"python3\", \"job.py\", \"{{path}}\", \"{{target}}\", \"{counting}\"]\n\
             [promises]\ntwo-runs-do-each-cell-once = false\n\
             [map.runs]\nstarted = \"started_at\"\nstate = \"status\"\ndone = \"processed\"\n\
             [map.progress]\nday = \"day\"\ndone = \"processed\"\n"
        ));
        workspace.write("job.py", COUNTED);
        workspace.write(
            "scenarios/world.toml",
            "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
             A = { inception = 2026-01-07, complete = \"..2026-01-08\" }\n\
             B = { inception = 2026-01-07, complete = \"..2026-01-07\" }\n[[step]]\nrun = {}\n",
        );
        let played = workspace.run(&["--json", "scenario", "run", "--job", "job.toml"]);
        let json: serde_json::Value = serde_json::from_str(&played.stdout).expect(&played.stderr);
        let findings = json["scenarios"][0]["findings"].as_array();
        let found: Vec<_> = findings.into_iter().flatten().collect();
        match says {
            None => assert!(found.is_empty(), "{found:?}"),
            Some(says) => {
                let expected = format!("progress-rows-are-true: {says}");
                let holds = |found: &&serde_json::Value| found["says"] == expected.as_str();
                assert!(found.iter().any(holds), "{found:?}");
            }
        }
    }
}

/// A job that does the missing cells of its target, and then as its last argument says.
const FAULTY: &str = r#"
import sqlite3, sys
db, target = sqlite3.connect(sys.argv[1]), sys.argv[2]
scope, fault = sys.argv[3].split(","), sys.argv[4]
ids = [id for id, in db.execute("SELECT id FROM portfolios WHERE inception <= ?", (target,))]
done = [id for id, in db.execute("SELECT portfolio_id FROM snapshots WHERE day = ?", (target,))]
todo = [id for id in ids if id not in done and scope in ([""], [id])]
if fault == "disarmed":
    db.execute("DELETE FROM plimsoll_fault")
if fault == "orphans":
    todo += [id for id in scope if id and id not in ids]
for id in todo:
    for table in ["snapshots (portfolio_id, day, nav)", "positions", "exposures", "risk"]:
        db.execute(f"INSERT INTO {table} VALUES (?, ?, 1)", (id, target))
if fault == "states":
    db.execute("UPDATE snapshots SET is_complete = 7")
if fault == "idle" and not todo:
    raise SystemExit("nothing to do")
db.commit()
"#;

fn of_faulty(fault: &str) -> Workspace {
    let command = |scope: &str| {
        format!("[\"python3\", \"job.py\", \"{{path}}\", \"{{target}}\", \"{scope}\", \"{fault}\"]")
    };
    let (run, scope) = (command(""), command("{portfolios}"));
    let workspace = Workspace::new(&format!(
        "run = {run}\nscope = {scope}\n[promises]\ntwo-runs-do-each-cell-once = false\n"
    ));
    workspace.write("job.py", FAULTY);
    for name in ["one", "two"] {
        let world = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
             A = { inception = 2026-01-07, complete = \"..2026-01-07\" }\n\
             B = { inception = 2026-01-07, complete = \"..2026-01-07\" }\n[[step]]\nrun = {}\n";
        workspace.write(&format!("scenarios/{name}.toml"), world);
    }
    workspace
}

#[test]
fn a_fault_that_a_run_does_not_reach_is_not_healed() {
    let workspace = of_faulty("disarmed");
    let output = workspace.run(&["--json", "job", "faults", "job.toml", "scenarios/one.toml"]);
    let json: serde_json::Value = serde_json::from_str(&output.stdout).expect(&output.stderr);
    let broken = json["broken"].as_array().into_iter().flatten();
    let says: Vec<_> = broken
        .map(|broken| broken["says"].as_str().unwrap())
        .collect();
    let expected = "write 1 was not reached: the run ended well, with all cells";
    // One that fails, and one in which the run is killed.
    assert_eq!(says[..2], [expected; 2], "{says:?}");
}

fn played(fault: &str) -> String {
    let played = of_faulty(fault).run(&["scenario", "run", "--job", "job.toml"]);
    assert_eq!(played.code, i32::from(fault != "none"), "{}", played.stderr);
    played.stdout + &played.stderr
}

#[test]
fn rows_of_unknown_portfolios_and_failures_of_a_second_run_break_promises() {
    played("none");
    let text = played("orphans");
    let says =
        "unknown-ids-never-widen: a scope of one unknown id wrote rows of no known portfolio";
    assert!(text.contains(says), "{text}");
    let text = played("idle");
    let says = "second-run-writes-nothing: of the second run, the command of line";
    assert!(text.contains(says), "{text}");
}

#[test]
fn a_value_that_cannot_be_read_ends_its_scenario_and_no_other() {
    let text = played("states");
    let says = "column `is_complete` of table `snapshots` holds `7`";
    assert_eq!(text.matches(says).count(), 2, "{text}");
    let fuzz =
        of_faulty("states").run(&["job", "fuzz", "job.toml", "--budget", "1ms", "--seed", "1"]);
    assert_eq!(fuzz.code, 3, "{}", fuzz.stdout);
    assert!(
        fuzz.stderr.contains("the world of seed "),
        "{}",
        fuzz.stderr
    );
}

#[test]
fn a_job_that_deletes_moves_or_adds_portfolios_breaks_a_promise() {
    for (change, found) in [
        ("DELETE FROM portfolios WHERE name = 'B'", "deleted: B"),
        (
            "UPDATE portfolios SET inception = '2026-01-06' WHERE name = 'B'",
            "changed: B",
        ),
        (
            "INSERT INTO portfolios VALUES ('x', 'X', '2026-01-05', NULL, NULL)",
            "added: `x`",
        ),
    ] {
        let job = format!("run = [\"sqlite3\", \"{{path}}\", \"{change}; -- {{target}}\"]\n");
        let workspace = Workspace::new(&job);
        workspace.write(
            "scenarios/world.toml",
            "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
             \"A..B\" = { inception = 2026-01-05, complete = \"..2026-01-08\" }\n[[step]]\nrun = {}\n",
        );
        let output = workspace.run(&["scenario", "run", "--job", "job.toml"]);
        let found = format!("leaves-portfolios-alone: {found}");
        assert!(
            output.code == 1 && output.stdout.contains(&found),
            "{}",
            output.stdout
        );
    }
}
