//! What is wrong with a server, a login, a table or a URL is said, and never with a password.

use std::process::Output;

use crate::incident::{MAP, incident, plimsoll, said};
use crate::server::{PASSWORD, free_port};

fn capture(url: &str, map: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = plimsoll(folder.path(), map);
    command.args(["--from-postgres", url, "--map", "map.toml", "-vvv"]);
    command.output().unwrap()
}

/// What is said of a capture that is refused, on one line.
fn refused(url: &str, map: &str) -> String {
    let output = capture(url, map);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn holds(text: &str, expected: &str) {
    assert!(text.contains(expected), "`{expected}` is not in: {text}");
}

#[test]
fn a_table_column_or_value_is_named_with_the_line_of_the_map() {
    let Some(server) = incident() else { return };
    let url = server.url("owner");
    let table = refused(
        &url,
        &MAP.replace("\"portfolio_snapshots\"", "\"portfolio_snapshot\""),
    );
    holds(
        &table,
        "there is no table `portfolio_snapshot`, which line 11 of the map names; did you mean \
         `portfolio_snapshots`?",
    );
    let column = refused(&url, &MAP.replace("\"snapshot_date\"", "\"snapshot_day\""));
    holds(
        &column,
        "`portfolio_snapshots` has no column `snapshot_day`, which line 13 of the map names; did \
         you mean `snapshot_date`? (it has id, portfolio_id, snapshot_date, net_asset_value, \
         is_complete)",
    );
    let value = refused(
        &url,
        &MAP.replace("\"snapshot_date\"", "\"net_asset_value\""),
    );
    holds(
        &value,
        "the column `net_asset_value` of `portfolio_snapshots`, line 13 of the map, holds \
         `1000000` in row 1 (expected a day)",
    );
    let name = refused(
        &url,
        &MAP.replace("\"portfolios\"", "'a\"; DROP TABLE portfolios; --'"),
    );
    holds(&name, "there is no table `a\"; DROP TABLE portfolios; --`");
    assert_eq!(capture(&url, MAP).status.code(), Some(0));
}

#[test]
fn what_may_not_be_read_is_named() {
    let Some(server) = incident() else { return };
    server.change(&format!(
        "CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}';
         GRANT SELECT ON portfolios, batch_run_history TO guest;
         GRANT SELECT (portfolio_id, snapshot_date) ON portfolio_snapshots TO guest;
         CREATE SCHEMA closed; CREATE TABLE closed.runs (started_at date);
         CREATE VIEW broken AS SELECT id, 1 / (length(name) - length(name)) AS name, deleted_at
             FROM portfolios;
         GRANT SELECT ON broken TO guest;"
    ));
    let url = server.url("guest");
    let column = refused(&url, MAP);
    holds(
        &column,
        "the column `is_complete` of `portfolio_snapshots`, line 14 of the map, may not be read",
    );
    holds(
        &column,
        "hint: its owner can allow it: GRANT SELECT (\"is_complete\")",
    );
    let without = MAP.replace("complete = \"is_complete\"\n", "");
    assert_eq!(capture(&url, &without).status.code(), Some(0));
    let schema = refused(
        &url,
        &without.replace("\"batch_run_history\"", "\"closed.runs\""),
    );
    holds(
        &schema,
        "`closed.runs`, which line 16 of the map names, cannot be read: permission denied for \
         schema closed",
    );
    let broken = refused(&url, &without.replace("\"portfolios\"", "\"broken\""));
    holds(
        &broken,
        "`broken`, which line 5 of the map names, cannot be read: division by zero",
    );
}

#[test]
fn a_login_that_is_refused_is_told_from_a_server_that_is_not_there() {
    let Some(server) = incident() else { return };
    let url = server.url("owner");
    let wrong = refused(&url.replace(PASSWORD, "an0ther-0ne"), MAP);
    holds(
        &wrong,
        "refuses the connection: password authentication failed for user",
    );
    assert!(!wrong.contains("an0ther-0ne"), "{wrong}");
    // The server repeats the user, which here is the password.
    let repeated = refused(&server.url(PASSWORD), MAP);
    holds(&repeated, "failed for user \"***\"");
    let database = refused(
        &(url.trim_end_matches("postgres").to_owned() + "nowhere"),
        MAP,
    );
    holds(&database, "database \"nowhere\" does not exist");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let port = free_port();
    let url = format!("postgres://owner:{PASSWORD}@127.0.0.1:{port}/postgres");
    let text = refused(&url, MAP);
    let expected = format!("the PostgreSQL server at `127.0.0.1:{port}` cannot be reached: ");
    holds(&text, &expected);
    holds(&text, "Connection refused");
}

#[test]
fn a_url_that_cannot_be_read_is_not_repeated() {
    for (url, expected) in [
        (
            format!("postgres://owner:a@{PASSWORD}@h/d"),
            "more than one `@`",
        ),
        (
            format!("postgres://owner:{PASSWORD}/d"),
            "invalid value for option `port`",
        ),
        (
            format!("host=h password=a {PASSWORD} user=b"),
            "cannot be read",
        ),
        (format!("host=h password=a {PASSWORD}=b"), "cannot be read"),
        (format!("postgres://h/d?{PASSWORD}=1"), "cannot be read"),
        (format!("password={PASSWORD}"), "names no host"),
        (
            format!("postgres://owner:{PASSWORD}@h/d?sslmode=require"),
            "does not speak",
        ),
        (
            format!("postgres://owner:{PASSWORD}@h/d?sslmode=verify"),
            "option `sslmode`",
        ),
    ] {
        holds(&refused(&url, MAP), expected);
    }
}

#[test]
fn an_address_in_the_wrong_place_is_refused_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("postgres://owner:{PASSWORD}@h/d");
    let stray = plimsoll(folder.path(), MAP).arg(&url).output().unwrap();
    holds(
        &said(&stray),
        "unexpected argument 'postgres://owner:***@h/d' found",
    );
    assert_eq!(stray.status.code(), Some(2));
    let none = plimsoll(folder.path(), MAP)
        .args(["--from-postgres", "--map", "map.toml"])
        .output()
        .unwrap();
    holds(&said(&none), "--from-postgres has no URL");
    assert_eq!(none.status.code(), Some(2));
    // That the variable is set chooses no source.
    let own = plimsoll(folder.path(), MAP)
        .env("PLIMSOLL_POSTGRES", &url)
        .output()
        .unwrap();
    holds(&said(&own), "there is no database at");
}
