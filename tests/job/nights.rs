//! Jobs whose faults show in later nights or in old days, and scenarios that are made small with a job.

use crate::workspace::Workspace;

/// A job that does the open cells after its own watermark, which it keeps in a table.
const MARK: &str = "BEGIN IMMEDIATE;
CREATE TEMP TABLE todo AS SELECT p.id, d.day FROM portfolios p
JOIN trading_days d ON d.day BETWEEN p.inception AND coalesce(p.closed_on, '9999')
WHERE p.deleted_at IS NULL AND d.day <= '{target}' AND d.day > (SELECT coalesce(max(day), '') FROM mark)
AND NOT EXISTS (SELECT 1 FROM snapshots s JOIN positions USING (portfolio_id, day)
    JOIN exposures USING (portfolio_id, day) JOIN risk USING (portfolio_id, day)
    WHERE s.portfolio_id = p.id AND s.day = d.day AND s.is_complete);
INSERT OR REPLACE INTO snapshots SELECT id, day, 1, 1 FROM todo;
INSERT OR REPLACE INTO positions SELECT id, day, 1 FROM todo;
INSERT OR REPLACE INTO exposures SELECT id, day, 1 FROM todo;
INSERT OR REPLACE INTO risk SELECT id, day, 1 FROM todo;
INSERT INTO mark VALUES ('{target}');
SELECT count(*) || ' cells done' FROM todo;
COMMIT;";

/// Without the watermark, the job looks at the last days only.
fn of_lookback() -> String {
    let after = "(SELECT coalesce(max(day), '') FROM mark)";
    MARK.replace(after, "date('{target}', '-20 days')")
}

fn workspace(job: &str) -> Workspace {
    let workspace = Workspace::new(&format!(
        "run = [\"sqlite3\", \"-cmd\", \".timeout 60000\", \"{{path}}\", \"\"\"{job}\"\"\"]\n"
    ));
    let schema = std::fs::read_to_string(crate::workspace::examples().join("schema.sql")).unwrap();
    workspace.write("schema.sql", &(schema + "CREATE TABLE mark (day TEXT);\n"));
    let text = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
    let (_, rest) = text.split_once("[map.portfolios]").unwrap();
    let text = format!("[database]\nschema = \"schema.sql\"\n[map.portfolios]{rest}");
    workspace.write("job.toml", &text);
    workspace
}

#[test]
fn stored_watermarks_and_short_lookbacks_are_found() {
    for (job, sign) in [(MARK.to_owned(), "add"), (of_lookback(), "")] {
        let workspace = workspace(&job);
        let check = workspace.run(&["job", "check", "job.toml"]);
        assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);
        // It ends with the first world on which a promise breaks.
        let fuzz = [
            "job",
            "fuzz",
            "job.toml",
            "--budget",
            "300s",
            "--seed",
            "1",
            "-o",
            "found.toml",
        ];
        let fuzz = workspace.run(&fuzz);
        let broken = "BROKEN  finds-every-needed-cell";
        assert!(
            fuzz.code == 1 && fuzz.stdout.contains(broken),
            "{}{}",
            fuzz.stdout,
            fuzz.stderr
        );
        let small = std::fs::read_to_string(workspace.path("found.toml")).unwrap();
        assert!(small.contains(sign) || small.contains("restore"), "{small}");
        let replayed = workspace.run(&["scenario", "run", "found.toml", "--job", "job.toml"]);
        assert!(replayed.code == 1, "{}", replayed.stdout);
        assert!(
            replayed.stdout.contains("cells done"),
            "the output is kept: {}",
            replayed.stdout
        );
    }
}

const STATE: &str = "\
now = 2026-01-08T18:00:00-05:00
[portfolios]
\"Small Test\" = { inception = 2025-12-29, complete = \"..2026-01-05\" }
\"Tech Growth\" = { inception = 2025-12-29, complete = \"..2026-01-06\" }
\"Test Scott Y\" = { inception = 2025-12-29, complete = \"..2026-01-07\" }
OLD = { inception = 2025-12-29, complete = \"..2026-01-07\", closed = 2026-01-07 }
[[step]]
advance = \"1 hour\"
[[step]]
run = {}
";

#[test]
fn a_scenario_is_made_small_with_a_job_and_keeps_its_broken_promise() {
    let workspace = Workspace::of_example("newest_of_any.py");
    workspace.write("state.toml", STATE);
    let shrink = [
        "shrink",
        "state.toml",
        "--job",
        "job.toml",
        "-o",
        "small.toml",
    ];
    let output = workspace.run(&shrink);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    let small = std::fs::read_to_string(workspace.path("small.toml")).unwrap();
    let lines = small.lines().filter(|line| !line.is_empty()).count();
    assert!(lines <= 8 && small.contains("run = {}"), "{small}");
    assert!(small.contains("finds-every-needed-cell"), "{small}");
    let replayed = workspace.run(&["scenario", "run", "small.toml", "--job", "job.toml"]);
    let broken = "finds-every-needed-cell";
    assert!(
        replayed.code == 1 && replayed.stdout.contains(broken),
        "{}",
        replayed.stdout
    );
    assert!(workspace.scratch_files().is_empty());

    let correct = Workspace::of_example("every_missing_day.py");
    correct.write("state.toml", STATE);
    let passes = correct.run(&shrink);
    let says = "passes with the job";
    assert!(
        passes.code != 0 && passes.stderr.contains(says),
        "{}",
        passes.stderr
    );
    correct.write(
        "state.toml",
        &STATE.replace("advance = \"1 hour\"", "plan = {}"),
    );
    let other = correct.run(&shrink);
    let says = "does not apply to the job";
    assert!(
        other.code != 0 && other.stderr.contains(says),
        "{}",
        other.stderr
    );
    let both = correct.run(&[&shrink[..], &["--while", "left-behind"]].concat());
    assert_eq!(both.code, 2, "{}", both.stderr);
}

#[test]
fn an_unmet_expectation_is_kept() {
    let workspace = Workspace::of_example("every_missing_day.py");
    let expectation = STATE.to_owned() + "expect = { processed-cells = 1 }\n";
    workspace.write("state.toml", &expectation);
    let output = workspace.run(&["shrink", "state.toml", "--job", "job.toml"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(
        output.stdout.contains("processed-cells = 1"),
        "{}",
        output.stdout
    );
}

#[test]
fn a_scope_of_a_known_and_an_unknown_id_must_not_widen() {
    let workspace = Workspace::of_example("every_missing_day.py");
    let script = "import subprocess, sys\n\
        scope = sys.argv[3].split(',')\n\
        more = ['--portfolios', sys.argv[3]] if len(scope) == 1 else []\n\
        sys.exit(subprocess.run([sys.executable, 'every_missing_day.py', '--db', sys.argv[1],\n\
            '--target', sys.argv[2], *more]).returncode)\n";
    workspace.write("scope.py", script);
    let job = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
    let script = workspace.path("scope.py").display().to_string();
    let lines = job.lines().map(|line| match line.starts_with("scope") {
        true => format!(
            "scope = [\"python3\", {script:?}, \"{{path}}\", \"{{target}}\", \"{{portfolios}}\"]\n"
        ),
        false => format!("{line}\n"),
    });
    let job: String = lines.collect();
    workspace.write("job.toml", &job);
    workspace.write("scenarios/state.toml", STATE);
    let output = workspace.run(&["scenario", "run", "--job", "job.toml"]);
    let says = "unknown-ids-never-widen: a scope of one known and one unknown id wrote";
    assert!(
        output.code == 1 && output.stdout.contains(says),
        "{}",
        output.stdout
    );
}

#[test]
fn the_file_of_a_finding_is_checked_before_the_search() {
    let workspace = Workspace::of_example("newest_of_any.py");
    let fuzz = |output: &str| {
        workspace.run(&[
            "job", "fuzz", "job.toml", "--budget", "1ms", "--seed", "1", "-o", output,
        ])
    };
    let own = fuzz("./job.toml");
    assert!(
        own.code == 2 && own.stderr.contains("is the job file"),
        "{}",
        own.stderr
    );
    workspace.write("file", "");
    let missing = fuzz("file/found.toml");
    assert!(
        missing.code != 0 && missing.stdout.is_empty(),
        "{}",
        missing.stdout
    );
}
