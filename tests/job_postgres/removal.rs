//! Scratch databases are dropped after each end, and those of a killed run by the next one.

use std::process::Command;
use std::time::Duration;

use crate::server::Server;
use crate::workspace::{PSQL, Workspace};

fn scratch_databases(server: &Server) -> Vec<String> {
    let query = "SELECT datname::text FROM pg_database WHERE datname LIKE 'plimsoll%'";
    let rows = server.connect_as_owner().query(query, &[]).unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn signal(signal: &str, id: u32) {
    let sent = Command::new("kill")
        .args([signal, &id.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Waits until the job of a check runs: its template and its copy are there.
fn wait_for_databases(server: &Server) {
    for _ in 0..3000 {
        if scratch_databases(server).len() == 2 {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("no scratch database after a minute");
}

#[test]
fn databases_are_dropped_after_an_error_an_interrupt_and_by_the_run_after_a_kill() {
    let Some(server) = Server::start() else {
        return;
    };
    let workspace = Workspace::of_server(&server);
    assert_eq!(workspace.check().code, 0);
    assert!(scratch_databases(&server).is_empty());

    workspace.write_job(
        "",
        "",
        "run = [\"no-such-program\", \"{url}\", \"{target}\"]",
    );
    assert_eq!(workspace.check().code, 3);
    assert!(scratch_databases(&server).is_empty());

    // The job of the killed run ends by itself.
    let sleep = "run = \"exec sleep 100; : {url} {target}\"";
    workspace.write_job("", "", sleep);
    let mut interrupted = workspace.spawn(&["job", "check", "job.toml"]);
    wait_for_databases(&server);
    signal("-INT", interrupted.id());
    assert_eq!(interrupted.wait().unwrap().code(), Some(1));
    assert!(scratch_databases(&server).is_empty());

    let mut killed = workspace.spawn(&["job", "check", "job.toml"]);
    wait_for_databases(&server);
    signal("-KILL", killed.id());
    killed.wait().unwrap();
    let left = scratch_databases(&server);
    assert_eq!(left.len(), 2);
    let mark_as_made = |second: &str| {
        for name in &left {
            let run = &name["plimsoll_job_".len()..][..12];
            server.execute(&format!(
                "COMMENT ON DATABASE {name} IS 'plimsoll job, run {run}{run}00000000, made {second}'"
            ));
        }
    };
    // A database that another program made and named alike is not one of Plimsoll's.
    server.execute("CREATE DATABASE plimsoll_job_of_another_program");
    workspace.write_job("", "", PSQL);
    // Young ones may be those of a run that has just begun.
    mark_as_made("4102444800");
    let output = workspace.check();
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(scratch_databases(&server).len(), 3);
    mark_as_made("1");
    assert_eq!(workspace.check().code, 0);
    assert_eq!(
        scratch_databases(&server),
        ["plimsoll_job_of_another_program"]
    );
}

#[test]
fn a_job_that_leaves_connections_open_is_disconnected() {
    let Some(server) = Server::start() else {
        return;
    };
    let workspace = Workspace::of_server(&server);
    // A process without the environment of the command is not found, and so not killed.
    let commands = "run = \"\"\"\n\
                    env -i PATH=$PATH setsid psql -qX {url} -c 'SELECT pg_sleep(600)' \
                    >/dev/null 2>&1 &\n\
                    psql -qX {url} -v target={target} -f job.sql\"\"\"";
    workspace.write_job("", "", commands);
    let output = workspace.check();
    assert_eq!(output.code, 0, "{output:?}");
    assert!(scratch_databases(&server).is_empty());
    let query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%'
                 AND pid <> pg_backend_pid()";
    let sleeping: i64 = server
        .connect_as_owner()
        .query_one(query, &[])
        .unwrap()
        .get(0);
    assert_eq!(sleeping, 0);
}
