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
run = [\"sqlite3\", \"-cmd\", \".timeout 60000\", \"{path}\", \"INSERT INTO snapshots SELECT id, '{target} 00:00:00', 'DONE' FROM portfolios WHERE true ON CONFLICT DO NOTHING\"]
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

/// Two tables of the snapshot, beside each other. The text is the statements of the job.
fn check_of_two_tables(statements: &str) -> (i32, String) {
    let workspace = Workspace::new("");
    let schema = "CREATE TABLE portfolios (id TEXT PRIMARY KEY, inception TEXT);
        CREATE TABLE navs (portfolio_id TEXT, day TEXT, PRIMARY KEY (portfolio_id, day));
        CREATE TABLE cash (portfolio_id TEXT, day TEXT, PRIMARY KEY (portfolio_id, day));";
    workspace.write("schema.sql", schema);
    let job = format!(
        "[database]\nschema = \"schema.sql\"\n\
         [map.portfolios]\nid = \"id\"\ninception = \"inception\"\n\
         [map.snapshots]\ntable = \"navs\"\nportfolio = \"portfolio_id\"\nday = \"day\"\n\
         [write]\nids = \"text\"\n[[write.rows]]\nfor = \"snapshot\"\ntable = \"cash\"\n\
         portfolio = \"portfolio_id\"\nday = \"day\"\n\
         [commands]\nrun = [\"sqlite3\", \"-cmd\", \".timeout 60000\", \"{{path}}\", \"{statements} -- {{target}}\"]\n"
    );
    workspace.write("job.toml", &job);
    // A night that wrote one table of two: the row of the snapshot is there, and the cell is open.
    let world = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
                 A = { inception = 2026-01-07, rows = 2026-01-07 }\n[[step]]\nrun = {}\n\
                 [step.expect]\nopen-cells = 0\n";
    workspace.write("half.toml", world);
    let output = workspace.run(&["scenario", "run", "half.toml", "--job", "job.toml"]);
    (output.code, output.stdout + &output.stderr)
}

#[test]
fn a_cell_is_done_with_a_row_in_each_table_of_its_phase() {
    let into = |table: &str| {
        format!(
            "INSERT INTO {table} SELECT id, d.column1 FROM portfolios, \
             (VALUES ('2026-01-07'), ('2026-01-08')) d WHERE true ON CONFLICT DO NOTHING;"
        )
    };
    let (code, text) = check_of_two_tables(&(into("navs") + &into("cash")));
    assert_eq!(code, 0, "{text}");
    let (code, text) = check_of_two_tables(&into("navs"));
    let left = "finds-every-needed-cell: 2026-01-07: 1 of 1 portfolio left behind (A); 2026-01-08";
    assert!(code == 1 && text.contains(left), "{text}");
}

#[test]
fn states_of_portfolios_may_be_words_and_views_are_refused() {
    let workspace = workspace();
    let map = MAP.replace(
        "inception = \"inception\"",
        "inception = \"inception\"\ndeleted-at = \"status\"\ndeleted-values = [\"GONE\", \"LIVE\"]",
    );
    let schema = SCHEMA.replace(
        "CREATE TABLE portfolios (id TEXT PRIMARY KEY,",
        "CREATE TABLE portfolios (id TEXT PRIMARY KEY, status TEXT NOT NULL,",
    );
    workspace.write("map.toml", &map);
    workspace.write("schema.sql", &schema);
    let job = JOB.replace("WHERE true", "WHERE status = 'LIVE'");
    workspace.write("job.toml", &job);
    workspace.write(
        "world.toml",
        "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { inception = 2026-01-07, complete = \"..2026-01-07\" }\n\
         B = { inception = 2026-01-07, complete = \"..2026-01-07\", deleted-at = 2026-01-08T09:00:00-05:00 }\n\
         [[step]]\nrun = {}\nexpect = { processed.\"2026-01-08\" = \"A\" }\n",
    );
    let played = workspace.run(&["scenario", "run", "world.toml", "--job", "job.toml"]);
    assert_eq!(played.code, 0, "{}{}", played.stdout, played.stderr);

    let database = rusqlite::Connection::open(workspace.path("app.db")).unwrap();
    let rows =
        "INSERT INTO portfolios VALUES ('A', 'LIVE', '2026-01-05'), ('B', 'GONE', '2026-01-05');";
    database.execute_batch(&format!("{schema}{rows}")).unwrap();
    let capture = ["capture", "--from-sqlite", "app.db", "--map", "map.toml"];
    let captured = workspace.run(&capture);
    assert_eq!(
        captured.stdout.matches("deleted-at").count(),
        1,
        "{}{}",
        captured.stdout,
        captured.stderr
    );

    let view = "ALTER TABLE portfolios RENAME TO all_portfolios; \
                CREATE VIEW portfolios AS SELECT * FROM all_portfolios;";
    workspace.write("schema.sql", &format!("{schema}{view}"));
    let check = workspace.run(&["job", "check", "job.toml"]);
    let says = "line 1 of the map: `portfolios` is a view";
    assert!(
        check.code == 3 && check.stderr.contains(says),
        "{}",
        check.stderr
    );
}

#[test]
fn values_without_a_thing_and_unknown_calendars_are_refused() {
    let rows = |keys: &str| format!("{JOB}[[write.rows]]\ntable = \"days\"\n{keys}\n");
    for (job, says) in [
        (
            rows("for = \"session\"\nvalues = { day = \"{day}\", name = \"{name}\" }"),
            "unknown placeholder `{name}`",
        ),
        (
            rows("for = \"session\"\nportfolio = \"id\""),
            "the rows of `days` have no portfolio",
        ),
        (
            format!("calendar = \"new-yrk\"\n{JOB}"),
            "line 1 of `job.toml`: unknown calendar `new-yrk`; did you mean `new-york`?",
        ),
        (
            JOB.replace("map.toml", "maps.toml"),
            "line 2 of `job.toml`: failed to read the map",
        ),
        (
            rows("for = \"world\"\nvalues = { a = 1 }"),
            "line 11 of `job.toml`: the table `days` refused a row",
        ),
    ] {
        let workspace = workspace();
        workspace.write("job.toml", &job);
        let output = workspace.run(&["job", "check", "job.toml"]);
        assert!(
            output.code == 3 && output.stderr.contains(says),
            "{}",
            output.stderr
        );
    }
}
