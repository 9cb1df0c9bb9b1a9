//! Promises that are not checked are never called kept, and commands that do not work are not taken as
//! right.

use crate::workspace::Workspace;

/// Returns the job file of a workspace with more text at its end.
fn with(workspace: &Workspace, more: &str) {
    let job = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
    workspace.write("job.toml", &format!("{job}{more}\n"));
}

/// A job that does the open cells of its target. With a range it does what the last argument says.
const FORCED: &str = r#"
import sqlite3, sys
db, target, first, last, fault = sqlite3.connect(sys.argv[1]), *sys.argv[2:6]
if first and fault == "fails":
    raise SystemExit("no such range")
range_ = {"all": ("0001-01-01", "9999-12-31"), "nothing": ("9", "0")}.get(fault, (first, last))
cells = db.execute("""SELECT p.id, d.day FROM portfolios p JOIN trading_days d ON d.day >= p.inception
    WHERE d.day <= ?1 AND (CASE WHEN ?2 <> '' THEN d.day BETWEEN ?3 AND ?4 ELSE NOT EXISTS (
        SELECT 1 FROM snapshots s WHERE (s.portfolio_id, s.day) = (p.id, d.day)) END)""",
    (target, first, *range_)).fetchall()
for cell in cells:
    db.execute("INSERT OR REPLACE INTO snapshots (portfolio_id, day, nav) VALUES (?, ?, 1)", cell)
    for table in ["positions", "exposures", "risk"]:
        db.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, 1)", cell)
db.commit()
"#;

fn of_forced(fault: &str) -> Workspace {
    let command = |range: &str| {
        format!("[\"python3\", \"job.py\", \"{{path}}\", \"{{target}}\", {range}, \"{fault}\"]")
    };
    let workspace = Workspace::new(&format!(
        "run = {}\nforce = {}\n[promises]\ntwo-runs-do-each-cell-once = false\n",
        command("\"\", \"\""),
        command("\"{from}\", \"{to}\"")
    ));
    workspace.write("job.py", FORCED);
    workspace.write(
        "scenarios/world.toml",
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { inception = 2026-01-06, complete = \"..2026-01-07\" }\n[[step]]\nrun = {}\n",
    );
    workspace
}

#[test]
fn a_forced_run_that_fails_does_nothing_or_too_much_breaks_its_promise() {
    for (fault, says) in [
        (
            "fails",
            "forced-run-repeats-amounts: of a forced run of 2026-01-08, the command of line",
        ),
        (
            "nothing",
            "forced-run-repeats-amounts: a forced run of 2026-01-08 did not do it again",
        ),
        (
            "all",
            "no-write-outside-range: a forced run of 2026-01-08: up to 2026-01-08, but written",
        ),
    ] {
        let output = of_forced(fault).run(&["scenario", "run", "--job", "job.toml"]);
        assert!(
            output.code == 1 && output.stdout.contains(says),
            "{}",
            output.stdout
        );
    }
    let output = of_forced("none").run(&["scenario", "run", "--job", "job.toml"]);
    assert_eq!(output.code, 0, "{}", output.stdout);
}

#[test]
fn each_command_is_tried() {
    let check = of_forced("fails").run(&["job", "check", "job.toml"]);
    let says = "problem: `force`: the command of line";
    assert!(
        check.code == 1 && check.stdout.contains(says),
        "{}",
        check.stdout
    );
    let check = of_forced("nothing").run(&["job", "check", "job.toml"]);
    assert!(
        check.code == 1 && check.stdout.contains("wrote nothing"),
        "{}",
        check.stdout
    );
    for key in ["scope", "onboard"] {
        let workspace = Workspace::of_example("every_missing_day.py");
        let job = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
        let lines = job.lines().filter(|line| !line.starts_with(key));
        let job: String = lines.map(|line| format!("{line}\n")).collect();
        let command = format!(
            "{key} = [\"no-such-program\", \"{{path}}\", \"{{target}}\", \"{{portfolios}}\"]\n"
        );
        workspace.write("job.toml", &(job + &command));
        let check = workspace.run(&["job", "check", "job.toml"]);
        let says = "failed to start `no-such-program`";
        assert!(
            check.code == 3 && check.stderr.contains(says),
            "{}",
            check.stderr
        );
    }
}

#[test]
fn promises_that_are_not_checked_are_listed() {
    let workspace = Workspace::of_example("every_missing_day.py");
    let off = "[promises]\nkilled-run-heals = false\ntwo-runs-do-each-cell-once = false";
    with(&workspace, off);
    let listed = [
        "not checked  killed-run-heals: switched off in the job file",
        "not checked  later-days-do-not-count: the map has no `nav`, `cash` or `pnl`",
        "not checked  progress-rows-are-true: the map has no `runs` and no `progress`",
    ];
    workspace.write(
        "scenarios/world.toml",
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = {}\n[[step]]\nrun = {}\n",
    );
    let fuzz = [
        "job", "fuzz", "job.toml", "--budget", "1ms", "--jobs", "1", "--seed", "1",
    ];
    let scenarios = [
        "scenario",
        "run",
        "--job",
        "job.toml",
        "--junit",
        "results.xml",
    ];
    for arguments in [&["job", "check", "job.toml"][..], &fuzz, &scenarios] {
        let text = workspace.run(arguments);
        for line in listed {
            assert!(text.stdout.contains(line), "{arguments:?}: {}", text.stdout);
        }
        assert!(
            !text.stdout.contains("all promises kept"),
            "{}",
            text.stdout
        );
        let json = workspace.run(&[&["--json"], arguments].concat()).stdout;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let unchecked = json["unchecked"].as_array().unwrap();
        assert!(
            unchecked
                .iter()
                .any(|of| of["promise"] == "killed-run-heals"),
            "{json}"
        );
    }
    let junit = std::fs::read_to_string(workspace.path("results.xml")).unwrap();
    assert!(junit.contains("not checked: killed-run-heals"), "{junit}");
    let faults = workspace.run(&["job", "faults", "job.toml"]);
    assert_eq!(faults.code, 0, "{}", faults.stdout);
    assert!(
        faults.stdout.contains("24 faults") && faults.stdout.contains(listed[0]),
        "{}",
        faults.stdout
    );
}

#[test]
fn a_job_file_without_promises_is_refused() {
    let workspace = Workspace::of_example("newest_of_any.py");
    let off = plimsoll::job::Promise::ALL.map(|promise| format!("{promise} = false\n"));
    with(&workspace, &format!("[promises]\n{}", off.concat()));
    let output = workspace.run(&["job", "faults", "job.toml"]);
    assert!(
        output.code == 3 && output.stderr.contains("no promise is checked"),
        "{}",
        output.stderr
    );

    let workspace = Workspace::of_example("newest_of_any.py");
    with(
        &workspace,
        "[promises]\nfailed-run-heals = false\nkilled-run-heals = false",
    );
    let output = workspace.run(&["job", "faults", "job.toml"]);
    assert!(
        output.code == 3 && output.stderr.contains("no fault would be checked"),
        "{}",
        output.stderr
    );
}
