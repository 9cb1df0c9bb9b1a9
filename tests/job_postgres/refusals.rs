//! Servers, rights, schemas and URLs that cannot be used: each is refused with a clear error, and no
//! message has the password.

use crate::server::{PASSWORD, Server, free_port};
use crate::workspace::{PSQL, Workspace};

/// Returns the errors of a check that is refused.
fn refusal(workspace: &Workspace) -> String {
    let output = workspace.check();
    assert_eq!(output.code, 3, "{output:?}");
    assert!(!output.stderr.contains(PASSWORD), "{}", output.stderr);
    output.stderr
}

#[track_caller]
fn assert_says(text: &str, expected: &[&str]) {
    for expected in expected {
        assert!(text.contains(expected), "no `{expected}` in {text}");
    }
}

#[test]
fn a_server_that_cannot_be_used_is_refused_with_the_line_and_the_variable() {
    let Some(server) = Server::start() else {
        return;
    };
    let url = format!(
        "postgres://owner:{PASSWORD}@127.0.0.1:{}/postgres",
        free_port()
    );
    let text = refusal(&Workspace::new(&url));
    assert_says(
        &text,
        &[
            "line 2 of `job.toml`: failed to use the server of the variable `PLIMSOLL_JOB_SERVER`",
            "failed to reach the PostgreSQL server at `127.0.0.1:",
        ],
    );
    assert_says(
        &refusal(&Workspace::new("")),
        &["line 2 of `job.toml`: set `PLIMSOLL_JOB_SERVER` to the URL of a server"],
    );

    server.execute(&format!("CREATE USER reader PASSWORD '{PASSWORD}'"));
    assert_says(
        &refusal(&Workspace::new(&server.url("reader"))),
        &[
            "the user `reader` may not create databases",
            "ALTER ROLE the_user CREATEDB",
        ],
    );

    server.execute("CREATE DATABASE app");
    let url = server.url("owner");
    let app = format!("{}/app", url.strip_suffix("/postgres").unwrap());
    postgres::Client::connect(&app, postgres::NoTls)
        .unwrap()
        .batch_execute("CREATE TABLE snapshots (a int)")
        .unwrap();
    assert_says(
        &refusal(&Workspace::new(&app)),
        &[
            "the URL names the database `app`, which has a table `snapshots`: it may be in use",
            "hint: name a database without tables",
        ],
    );
}

#[test]
fn a_job_file_that_names_a_server_or_does_not_fit_is_refused() {
    let Some(server) = Server::start() else {
        return;
    };
    let workspace = Workspace::of_server(&server);
    for (database, commands, expected) in [
        (
            "server = \"postgres://app:secret@db/app\"",
            PSQL,
            "line 4 of `job.toml`: `server` is the name of an environment variable",
        ),
        (
            "server = \"NO_SUCH_VARIABLE\"",
            PSQL,
            "set `NO_SUCH_VARIABLE` to the URL",
        ),
        (
            "",
            "run = [\"psql\", \"postgres://app:secret@db/app\", \"{target}\", \"{url}\"]",
            "`postgres://…` is a database in use",
        ),
        (
            "",
            "run = [\"psql\", \"{target}\"]",
            "the command is not told its database: add `{url}` or `{database}`",
        ),
        (
            "",
            "run = [\"psql\", \"{path}\", \"{target}\"]",
            "unknown placeholder `{path}`",
        ),
        (
            "",
            "run = [\"psql\", \"{url}\", \"{target}\"]\nenvironment = { PGHOST = \"db\" }",
            "`PGHOST` is set for each scratch database",
        ),
    ] {
        workspace.write_job(database, "", commands);
        let text = refusal(&workspace);
        assert_says(&text, &[expected]);
        assert!(!text.contains("secret"), "{text}");
    }

    workspace.write_job("", "", PSQL);
    workspace.write(
        "schema.sql",
        "CREATE TABLE a (b int);\n\nCREATE TABLE c (d nothing);\n",
    );
    assert_says(
        &refusal(&workspace),
        &[
            "line 3 of `job.toml`: failed to make the database",
            "line 3 of the schema: type \"nothing\" does not exist",
        ],
    );
    workspace.write("schema.sql", "CREATE TABLE portfolios (id int);");
    assert_says(
        &refusal(&workspace),
        &["no column `name` in table `portfolios`"],
    );
}

#[test]
fn a_job_gets_the_password_in_its_environment_only() {
    let Some(server) = Server::start() else {
        return;
    };
    let workspace = Workspace::of_server(&server);
    let commands = "run = \"echo $PGPASSWORD > seen; echo $FULL >> seen; echo $PGPASSWORD $FULL; \
                    psql -qX -v target={target} -f job.sql; echo {url} >> seen; \
                    psql -qXc 'SELECT current_database()' -At >> seen; echo {database} >> seen\"\n\
                    environment = { FULL = \"{url}\" }";
    workspace.write_job("url-scheme = \"postgresql+psycopg\"", "", commands);
    let output = workspace.check();
    assert!(!output.stdout.contains(PASSWORD), "{}", output.stdout);
    assert_says(
        &output.stdout,
        &["*** postgresql+psycopg://owner:***@127.0.0.1:"],
    );
    let seen = std::fs::read_to_string(workspace.path("seen")).unwrap();
    let [password, full, url, connected, named] = seen.lines().collect::<Vec<_>>()[..] else {
        panic!("{seen}");
    };
    assert_eq!(password, PASSWORD);
    assert_says(
        full,
        &[&format!("postgresql+psycopg://owner:{PASSWORD}@127.0.0.1:")],
    );
    assert_says(url, &["postgresql+psycopg://owner@127.0.0.1:"]);
    assert_eq!(connected, named);
}
