//! Jobs that misbehave: each gives a clear error within a bounded time, and nothing stays behind.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use crate::workspace::{CommandOutput, Workspace};

#[expect(clippy::disallowed_methods, reason = "a bound of the time is tested")]
fn check(commands: &str) -> (CommandOutput, Workspace) {
    let workspace = Workspace::new(commands);
    let start = Instant::now();
    let output = workspace.run(&["job", "check", "job.toml"]);
    assert!(start.elapsed() < Duration::from_secs(60));
    assert!(workspace.scratch_files().is_empty());
    (output, workspace)
}

/// Returns the output of a check that finds a problem.
fn problem(commands: &str) -> String {
    let (output, _) = check(commands);
    assert_eq!(output.code, 1, "{}{}", output.stdout, output.stderr);
    output.stdout
}

/// Returns the errors of a job file that is refused.
fn refusal(commands: &str) -> String {
    let (output, _) = check(commands);
    assert_eq!(output.code, 3, "{}{}", output.stdout, output.stderr);
    output.stderr
}

#[test]
fn a_job_that_does_its_work_is_right() {
    let workspace = Workspace::of_example("every_missing_day.py");
    let output = workspace.run(&["job", "check", "job.toml"]);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    assert!(
        output
            .stdout
            .contains("6 of 6 done cells are read back, 8 writes"),
        "{}",
        output.stdout
    );
    assert!(output.stdout.contains("the job file is right"));
}

#[test]
fn a_missing_command_is_named_with_its_line() {
    let text = refusal("run = [\"no-such-program\", \"{path}\", \"{target}\"]");
    assert!(
        text.contains("line 25 of `job.toml`: failed to start `no-such-program`"),
        "{text}"
    );
}

#[test]
fn a_hanging_command_is_killed() {
    let text = problem("timeout = \"1s\"\nrun = \"sleep 100; : {path} {target}\"");
    assert!(
        text.contains("did not end within 1s and was killed"),
        "{text}"
    );
}

#[test]
fn an_endless_output_is_cut_and_exit_codes_are_shown() {
    let text =
        problem("run = \"head -c 200000000 /dev/zero; echo end; : {path} {target}; exit 7\"");
    assert!(text.contains("exited with 7"), "{text}");
    assert!(text.len() < 200_000);
}

#[test]
fn a_command_that_does_nothing_is_a_problem() {
    let text = problem("run = [\"true\", \"{path}\", \"{target}\"]");
    assert!(
        text.contains("the command wrote nothing to the tables"),
        "{text}"
    );
}

#[test]
fn left_processes_are_killed_and_named() {
    let text = problem("run = \"sleep 100 >/dev/null 2>&1 & : {path} {target}\"");
    assert!(
        text.contains("left processes running, which were killed"),
        "{text}"
    );
}

#[test]
fn a_dropped_table_is_an_error() {
    let text = refusal(
        "run = [\"python3\", \"-c\", \"import sqlite3, sys; \
         sqlite3.connect(sys.argv[1]).execute('DROP TABLE risk')\", \"{path}\", \"{target}\"]",
    );
    assert!(text.contains("made, changed or dropped a table"), "{text}");
    let text =
        refusal("run = [\"sqlite3\", \"{path}\", \"ALTER TABLE risk ADD COLUMN x; -- {target}\"]");
    assert!(
        text.contains("line 25 of `job.toml`: the command made, changed"),
        "{text}"
    );
}

#[test]
fn a_removed_database_is_an_error_of_the_command() {
    let text = refusal("run = \"rm {path}; : {target}\"");
    let says = "line 25 of `job.toml`: after the command, its database cannot be used";
    assert!(text.contains(says), "{text}");
}

#[test]
fn a_schema_that_attaches_another_file_is_refused() {
    let workspace = Workspace::of_example("every_missing_day.py");
    let ledger = rusqlite::Connection::open(workspace.path("ledger")).unwrap();
    ledger.execute_batch("CREATE TABLE t (a)").unwrap();
    let attach = format!(
        "ATTACH '{}' AS ledger; INSERT INTO ledger.t VALUES ('hacked');",
        workspace.path("ledger").display()
    );
    workspace.write("schema.sql", &attach);
    let job = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
    let (_, rest) = job.split_once("[map.portfolios]").unwrap();
    let job = format!("[database]\nschema = \"schema.sql\"\n[map.portfolios]{rest}");
    workspace.write("job.toml", &job);
    let output = workspace.run(&["job", "check", "job.toml"]);
    assert!(
        output.code == 3 && output.stderr.contains("the script attaches"),
        "{}{}",
        output.stdout,
        output.stderr
    );
    let rows = ledger.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0));
    assert_eq!(rows.unwrap(), 0);
}

#[test]
fn a_job_file_that_cannot_work_is_refused() {
    for (commands, expected) in [
        ("run = [\"true\", \"{target}\"]", "is not told its database"),
        ("run = [\"true\", \"{path}\"]", "is not told the time"),
        ("run = [\"true\", \"{paht}\"]", "did you mean `{path}`?"),
        ("run = []", "the command is empty"),
        (
            "run = [\"true\", \"{path}\", \"{now}\", \"--db=postgres://app:secret@db/app\"]",
            "`postgres://…` is a database in use",
        ),
        (
            "run = [\"true\", \"{path}\", \"{now}\"]\ntimeout = \"soon\"",
            "invalid time `soon`",
        ),
        (
            "run = [\"true\", \"{path}\", \"{now}\"]\ntimeout = \"0s\"",
            "line 26 of `job.toml`: invalid time `0s`",
        ),
        (
            "run = \"psql -d app -v db={path} -v t={now}\"",
            "`app` is a database in use",
        ),
        (
            "run = [\"job\", \"{path}\", \"{now}\", \"host=db dbname=app\"]",
            "`dbname=app` is a database in use",
        ),
        (
            "run = [\"true\", \"{path}\", \"{now}\"]\nenvironment = { PGHOST = \"db\" }",
            "`PGHOST` leads to a server",
        ),
        (
            "run = [\"true\", \"{path}\", \"{now}\"]\nruns = 1",
            "unknown field `runs`",
        ),
    ] {
        let text = refusal(commands);
        assert!(text.contains(expected), "{commands}: {text}");
    }
}

#[test]
fn a_map_that_does_not_fit_is_refused_with_its_line() {
    let workspace = Workspace::of_example("every_missing_day.py");
    let job = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
    workspace.write("job.toml", &job.replace("closed_on", "closed"));
    let output = workspace.run(&["job", "check", "job.toml"]);
    assert_eq!(output.code, 3);
    let text = &output.stderr;
    assert!(
        text.contains("line 8 of the map: no column `closed` in table `portfolios`"),
        "{text}"
    );
    workspace.write("job.toml", &job.replace("nav = 100", "price = 100"));
    let output = workspace.run(&["job", "check", "job.toml"]);
    assert!(
        output
            .stderr
            .contains("the table `snapshots` refused a row with"),
        "{}",
        output.stderr
    );
    assert!(workspace.scratch_files().is_empty());
}

#[test]
fn a_database_in_use_is_refused_and_its_variables_are_not_inherited() {
    let workspace = Workspace::new("");
    rusqlite::Connection::open(workspace.path("app.db"))
        .unwrap()
        .execute_batch("CREATE TABLE t (a)")
        .unwrap();
    let job = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
    let with = |commands: &str| workspace.write("job.toml", &format!("{job}{commands}\n"));
    with("run = [\"true\", \"{path}\", \"{now}\", \"app.db\"]");
    let output = workspace.run(&["job", "check", "job.toml"]);
    assert_eq!(output.code, 3);
    assert!(
        output.stderr.contains("`app.db` is a database in use"),
        "{}",
        output.stderr
    );

    // Where the command runs, with a space in its name, and as a URI.
    std::fs::create_dir(workspace.path("books")).unwrap();
    std::fs::copy(workspace.path("app.db"), workspace.path("books/my app.db")).unwrap();
    for named in ["my app.db", "file:../app.db?mode=rw"] {
        with(&format!(
            "directory = \"books\"\nrun = [\"true\", \"{{path}}\", \"{{now}}\", \"{named}\"]"
        ));
        let output = workspace.run(&["job", "check", "job.toml"]);
        assert_eq!(output.code, 3, "{named}: {}", output.stdout);
        assert!(output.stderr.contains("is a database in use"), "{named}");
    }

    with("run = \"echo got:$DATABASE_URL:$PGHOST:$BOOKS:$KEPT; : {path} {now}\"");
    let mut command = workspace.command(&["job", "check", "job.toml"]);
    command
        .env("DATABASE_URL", "postgresql://db/app")
        .env("BOOKS", workspace.path("app.db"))
        .env("PGHOST", "db")
        .env("KEPT", "yes");
    let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(output.contains("got::::yes"), "{output}");
}

#[test]
fn a_made_database_that_is_a_link_or_has_rows_is_refused() {
    let workspace = Workspace::of_example("every_missing_day.py");
    let job = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
    let schema = crate::workspace::examples().join("schema.sql");
    let prod = workspace.path("prod.db");
    let made = rusqlite::Connection::open(&prod).unwrap();
    made.execute_batch(&std::fs::read_to_string(schema).unwrap())
        .unwrap();
    let objects = |made: &rusqlite::Connection| {
        let count = "SELECT count(*) FROM sqlite_schema";
        made.query_row(count, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let before = objects(&made);
    let (_, rest) = job.split_once("[map.portfolios]").unwrap();
    // A command that named the file would be refused.
    workspace.write("link.sh", &format!("ln -sf {} \"$1\"", prod.display()));
    workspace.write("copy.sh", &format!("cp {} \"$1\"", prod.display()));
    let script = |name: &str| {
        let text = format!(
            "[database]\nmake = [\"sh\", {:?}, \"{{path}}\"]\n[map.portfolios]{rest}",
            workspace.path(name).display().to_string()
        );
        workspace.write("job.toml", &text);
        let output = workspace.run(&["job", "check", "job.toml"]);
        assert_eq!(output.code, 3, "{}", output.stdout);
        output.stderr
    };
    let text = script("link.sh");
    assert!(text.contains("is a link to another file"), "{text}");
    assert_eq!(objects(&made), before);
    made.execute_batch("INSERT INTO portfolios VALUES ('a', 'A', '2026-01-05', NULL, NULL)")
        .unwrap();
    let text = script("copy.sh");
    assert!(
        text.contains("the table `portfolios` has rows already"),
        "{text}"
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a bound of the time is tested")]
fn an_interrupt_removes_processes_and_scratch_databases() {
    let workspace = Workspace::new("run = \"sleep 100; : {path} {target}\"");
    let mut child = workspace
        .command(&["job", "check", "job.toml"])
        .spawn()
        .unwrap();
    let start = Instant::now();
    while workspace.scratch_files().len() < 2 {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = child.id().to_string();
    let kill = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    assert!(kill.unwrap().success());
    let status = child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(1), None));
    assert!(workspace.scratch_files().is_empty());
}

#[test]
fn a_dead_served_process_is_told_at_its_own_line() {
    let workspace = Workspace::new("run = \"true {path} {target}\"\nserve = \"exit 3\"");
    let job = std::fs::read_to_string(workspace.path("job.toml")).unwrap();
    let line = job
        .lines()
        .position(|line| line.starts_with("serve"))
        .unwrap()
        + 1;
    let output = workspace.run(&["job", "check", "job.toml"]);
    let found = format!("the command of line {line} exited with 3");
    assert!(
        output.code == 1 && output.stdout.contains(&found),
        "{}",
        output.stdout
    );
}

#[test]
fn folders_of_killed_runs_are_removed_by_the_next_one() {
    let workspace = Workspace::of_example("every_missing_day.py");
    workspace.write("scratch/plimsoll-job-dead/scratch.db", "");
    workspace.write("scratch/plimsoll-job-used/scratch.db", "");
    let used = std::fs::File::open(workspace.path("scratch/plimsoll-job-used")).unwrap();
    used.lock().unwrap();
    assert_eq!(workspace.run(&["job", "check", "job.toml"]).code, 0);
    assert_eq!(workspace.scratch_files(), ["plimsoll-job-used"]);
}
