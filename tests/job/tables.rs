//! The forms of values in the tables: a map that a job and a capture share, and days that differ between
//! tables.

use crate::workspace::{Workspace, examples};

const MAP: &str = "\
[portfolios]
id = \"id\"
inception = \"inception\"
[snapshots]
portfolio = \"portfolio_id\"
day = \"taken_at\"
complete = \"state\"
complete-values = [\"DONE\", \"PENDING\"]
";

const SCHEMA: &str = "
CREATE TABLE portfolios (id TEXT PRIMARY KEY, inception TEXT CHECK (length(inception) = 10));
CREATE TABLE snapshots (
    portfolio_id TEXT, taken_at TEXT CHECK (length(taken_at) = 19), state TEXT NOT NULL,
    PRIMARY KEY (portfolio_id, taken_at));
";

const JOB: &str = "
map-file = \"map.toml\"
[database]
schema = \"schema.sql\"
[write]
ids = \"text\"
days = { snapshots = \"timestamp\" }
[commands]
run = [\"sqlite3\", \"{path}\", \"INSERT INTO snapshots SELECT id, '{target} 00:00:00', 'DONE' FROM portfolios WHERE true ON CONFLICT DO NOTHING\"]
";

fn workspace() -> Workspace {
    let workspace = Workspace::new("");
    workspace.write("map.toml", MAP);
    workspace.write("schema.sql", SCHEMA);
    workspace.write("job.toml", JOB);
    workspace
}

#[test]
fn one_map_serves_a_job_and_a_capture() {
    let workspace = workspace();
    let check = workspace.run(&["job", "check", "job.toml"]);
    assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);

    let database = rusqlite::Connection::open(workspace.path("app.db")).unwrap();
    let rows = "INSERT INTO portfolios VALUES ('A', '2026-01-05');
                INSERT INTO snapshots VALUES ('A', '2026-01-05 00:00:00', 'DONE'),
                                             ('A', '2026-01-06 00:00:00', 'PENDING');";
    database.execute_batch(&format!("{SCHEMA}{rows}")).unwrap();
    let capture = [
        "capture",
        "--from-sqlite",
        "app.db",
        "--map",
        "map.toml",
        "-o",
        "world.toml",
    ];
    let captured = workspace.run(&capture);
    assert_eq!(captured.code, 0, "{}", captured.stderr);
    let world = std::fs::read_to_string(workspace.path("world.toml")).unwrap();
    assert!(world.contains("rows = 2026-01-06"), "{world}");
}

#[test]
fn forms_of_days_are_those_of_parts_of_the_map() {
    let workspace = workspace();
    workspace.write(
        "job.toml",
        &JOB.replace("snapshots = \"timestamp\"", "snapshot = \"date\""),
    );
    let output = workspace.run(&["job", "check", "job.toml"]);
    let problem = "the map has no part `snapshot` (it has portfolios, snapshots)";
    assert!(
        output.code == 3 && output.stderr.contains(problem),
        "{}",
        output.stderr
    );
}

#[test]
fn a_new_job_file_names_its_map_as_it_sees_it() {
    let workspace = Workspace::new("");
    let map = std::fs::read_to_string(examples().join("map.toml")).unwrap();
    workspace.write("maps/map.toml", &map);
    let new = workspace.run(&["job", "new", "jobs/nightly.toml", "--map", "maps/map.toml"]);
    assert_eq!(new.code, 0, "{}", new.stderr);
    let job = std::fs::read_to_string(workspace.path("jobs/nightly.toml")).unwrap();
    assert!(job.contains("map-file = \"../maps/map.toml\""), "{job}");
}

/// Draws worlds until a promise breaks, for a correct job that knows the sessions of New York only. The
/// texts come before and after its job file.
fn fuzz(before: &str, after: &str) -> (i32, String) {
    let workspace = Workspace::of_example("every_missing_day.py");
    let job = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
    workspace.write("job.toml", &format!("{before}\n{job}\n{after}"));
    let output = workspace.run(&["job", "fuzz", "job.toml", "--seed", "1", "--budget", "30s"]);
    (output.code, output.stdout + &output.stderr)
}

#[test]
fn drawn_worlds_have_the_calendars_that_the_job_can_have() {
    // Rows of sessions mean that the job finds them there, which this one does not.
    let sessions = "[[write.rows]]\nfor = \"session\"\ntable = \"progress\"\n\
                    values = { run_id = \"{number}\", day = \"{day}\", processed = 0 }\n";
    for (before, after) in [("", sessions), ("calendar = \"every-day\"", "")] {
        let (code, text) = fuzz(before, after);
        assert!(code == 1 && text.contains("BROKEN"), "{text}");
        let has_other = text.contains("calendar = \"every-day\"")
            || text.contains("calendar = \"XLON\"")
            || text.contains("calendar = \"XTKS\"");
        assert!(has_other, "{text}");
    }
}
