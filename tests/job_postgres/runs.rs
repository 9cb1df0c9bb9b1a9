//! Runs of jobs on PostgreSQL: cells, types of columns, faults and promises.

use crate::server::{PASSWORD, Server};
use crate::workspace::{CommandOutput, PSQL, Workspace, scenario, schema};

/// A world with one cell to do, which has two writes.
const ONE_CELL: &str = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
                        A = { inception = 2026-01-07, complete = \"..2026-01-07\" }\n\
                        [[step]]\nrun = {}\n";

fn json(output: &CommandOutput) -> serde_json::Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[test]
fn ids_and_days_have_the_types_of_their_columns() {
    let Some(server) = Server::start() else {
        return;
    };
    let workspace = Workspace::of_server(&server);
    for (ids, id, days, day) in [
        ("uuid", "uuid", "date", "date"),
        ("uuid-hex", "text", "date", "date"),
        ("uuid-blob", "bytea", "timestamp", "timestamp"),
        ("integer", "bigint", "timestamp", "timestamptz"),
        ("text", "varchar(80)", "date", "text"),
    ] {
        workspace.write("schema.sql", &schema(id, day));
        workspace.write_job("", &format!("ids = \"{ids}\"\ndays = \"{days}\""), PSQL);
        let output = workspace.check();
        assert_eq!(output.code, 0, "{id} {day}: {output:?}");
        let expected = "6 of 6 done cells are read back, 4 writes were seen";
        assert!(output.stdout.contains(expected), "{id}: {output:?}");
    }
}

#[test]
fn every_kind_of_write_is_recorded_and_a_rolled_back_one_is_not() {
    let Some(server) = Server::start() else {
        return;
    };
    let workspace = Workspace::of_server(&server);
    let writes = |sql: &str| {
        workspace.write("job.sql", sql);
        let output = workspace.run(&["--json", "job", "check", "job.toml"]);
        json(&output)["writes"].clone()
    };
    // A and B have three sessions each, with a row in two tables.
    assert_eq!(writes("UPDATE snapshots SET is_complete = is_complete;"), 6);
    assert_eq!(writes("BEGIN; DELETE FROM risk; ROLLBACK;"), 0);
    assert_eq!(writes("TRUNCATE risk;"), 6);
    assert_eq!(
        writes("SET session_replication_role = replica; DELETE FROM risk;"),
        6
    );
    let copied = "COPY snapshots (portfolio_id, day) FROM stdin;\n\
                  00000000-0000-4000-8000-000000000001\t2026-01-08\n\\.\n";
    let copied = format!("SET session_replication_role = replica;\n{copied}");
    assert_eq!(writes(&copied), 1);
    workspace.write("job.sql", "ALTER TABLE risk DISABLE TRIGGER ALL;");
    let output = workspace.check();
    assert!(
        output.stderr.contains("so its writes may not be seen"),
        "{output:?}"
    );
}

#[test]
fn a_correct_job_heals_after_every_fault_and_one_without_a_transaction_does_not() {
    let Some(server) = Server::start() else {
        return;
    };
    let workspace = Workspace::of_server(&server);
    workspace.write("world.toml", ONE_CELL);
    let faults = || workspace.run(&["--json", "job", "faults", "job.toml", "world.toml"]);
    let output = faults();
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(json(&output)["faults"], 4);

    // The days without a snapshot are processed, so that a snapshot without risk stays.
    workspace.write(
        "job.sql",
        "\\set ON_ERROR_STOP on
         CREATE TEMP TABLE work AS SELECT id FROM portfolios p WHERE NOT EXISTS (
             SELECT FROM snapshots s WHERE s.portfolio_id = p.id AND s.day = :'target');
         INSERT INTO snapshots (portfolio_id, day) SELECT id, :'target' FROM work;
         INSERT INTO risk SELECT id, :'target' FROM work;",
    );
    let output = faults();
    assert_eq!(output.code, 1, "{output:?}");
    let broken = json(&output)["broken"].as_array().unwrap().clone();
    let promises: Vec<_> = broken
        .iter()
        .map(|broken| broken["promise"].as_str())
        .collect();
    assert_eq!(
        promises,
        [Some("failed-run-heals"), Some("killed-run-heals")]
    );
    let text = broken[1]["says"].as_str().unwrap();
    assert!(
        text.starts_with("write 2 (A on 2026-01-08) killed it"),
        "{text}"
    );
}

#[test]
fn a_session_of_another_role_is_ended_after_its_process_was_killed() {
    let Some(server) = Server::start() else {
        return;
    };
    // The kinds of sessions of another role are hidden from the user of the harness.
    server.execute(&format!(
        "CREATE ROLE maker LOGIN CREATEDB PASSWORD '{PASSWORD}' IN ROLE pg_signal_backend;
         CREATE ROLE worker LOGIN PASSWORD '{PASSWORD}'"
    ));
    let workspace = Workspace::new(&server.url("maker"));
    let grant = "GRANT ALL ON ALL TABLES IN SCHEMA public TO worker;";
    workspace.write("schema.sql", &(schema("uuid", "date") + grant));
    let psql = r#"["psql", "-qX", "-U", "worker", "-d", "{database}", "-v", "target={target}", "-f", "job.sql"]"#;
    workspace.write_job("", "", &format!("run = {psql}"));
    workspace.write("world.toml", ONE_CELL);
    // A session that is left in its write has the lock that the next run waits for.
    let output = workspace.run(&["job", "faults", "job.toml", "world.toml"]);
    assert_eq!(output.code, 0, "{output:?}");
}

#[test]
fn a_correct_job_keeps_all_promises_also_when_two_runs_wait_for_each_other() {
    let Some(server) = Server::start() else {
        return;
    };
    let workspace = Workspace::of_server(&server);
    workspace.write("world.toml", ONE_CELL);
    let output = workspace.run(&["scenario", "run", "world.toml", "--job", "job.toml"]);
    assert_eq!(output.code, 0, "{output:?}");
}

#[test]
fn scenarios_of_the_incident_apply_to_a_job_on_postgres() {
    let Some(server) = Server::start() else {
        return;
    };
    let workspace = Workspace::of_server(&server);
    let name = "incident/twelve_of_thirteen_are_left_behind_in_production.toml";
    let path = scenario(name);
    let output = workspace.run(&["scenario", "run", &path, "--job", "job.toml"]);
    // The job looks at the target only, so all portfolios keep their older holes.
    assert_eq!(output.code, 1, "{output:?}");
    assert!(
        output.stdout.contains("finds-every-needed-cell"),
        "{output:?}"
    );
}
