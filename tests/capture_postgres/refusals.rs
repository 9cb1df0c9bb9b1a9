//! What is wrong with a server, a login, a table or a URL is said, and never with a password.

use std::process::Output;

use crate::incident::{MAP, capture_command, output_text, start_incident_server};
use crate::server::{PASSWORD, free_port};

fn run_capture(url: &str, map: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = capture_command(folder.path(), map);
    command.args(["--from-postgres", url, "--map", "map.toml", "-vvv"]);
    command.output().unwrap()
}

/// What is said of a capture that is refused, on one line.
fn refusal_text(url: &str, map: &str) -> String {
    let output = run_capture(url, map);
    let text = output_text(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn assert_contains(text: &str, expected: &str) {
    assert!(text.contains(expected), "`{expected}` is not in: {text}");
}

#[test]
fn invalid_table_column_or_value_is_named_with_map_line() {
    let Some(server) = start_incident_server() else {
        return;
    };
    let url = server.url("owner");
    let table = refusal_text(
        &url,
        &MAP.replace("\"portfolio_snapshots\"", "\"portfolio_snapshot\""),
    );
    assert_contains(
        &table,
        "there is no table `portfolio_snapshot`, which line 11 of the map names; did you mean \
         `portfolio_snapshots`?",
    );
    let column = refusal_text(&url, &MAP.replace("\"snapshot_date\"", "\"snapshot_day\""));
    assert_contains(
        &column,
        "`portfolio_snapshots` has no column `snapshot_day`, which line 13 of the map names; did \
         you mean `snapshot_date`? (it has id, portfolio_id, snapshot_date, net_asset_value, \
         is_complete)",
    );
    let value = refusal_text(
        &url,
        &MAP.replace("\"snapshot_date\"", "\"net_asset_value\""),
    );
    assert_contains(
        &value,
        "the column `net_asset_value` of `portfolio_snapshots`, line 13 of the map, holds \
         `1000000` in row 1 (expected a day)",
    );
    let name = refusal_text(
        &url,
        &MAP.replace("\"portfolios\"", "'a\"; DROP TABLE portfolios; --'"),
    );
    assert_contains(&name, "there is no table `a\"; DROP TABLE portfolios; --`");
    assert_eq!(run_capture(&url, MAP).status.code(), Some(0));
}

#[test]
fn missing_permission_is_named() {
    let Some(server) = start_incident_server() else {
        return;
    };
    server.execute(&format!(
        "CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}';
         GRANT SELECT ON portfolios, batch_run_history TO guest;
         GRANT SELECT (portfolio_id, snapshot_date) ON portfolio_snapshots TO guest;
         CREATE SCHEMA closed; CREATE TABLE closed.runs (started_at date);
         CREATE VIEW broken AS SELECT id, 1 / (length(name) - length(name)) AS name, deleted_at
             FROM portfolios;
         GRANT SELECT ON broken TO guest;"
    ));
    let url = server.url("guest");
    let column = refusal_text(&url, MAP);
    assert_contains(
        &column,
        "the column `is_complete` of `portfolio_snapshots`, line 14 of the map, may not be read",
    );
    assert_contains(
        &column,
        "hint: its owner can allow it: GRANT SELECT (\"is_complete\")",
    );
    let without = MAP.replace("complete = \"is_complete\"\n", "");
    assert_eq!(run_capture(&url, &without).status.code(), Some(0));
    let schema = refusal_text(
        &url,
        &without.replace("\"batch_run_history\"", "\"closed.runs\""),
    );
    assert_contains(
        &schema,
        "`closed.runs`, which line 16 of the map names, cannot be read: permission denied for \
         schema closed",
    );
    let broken = refusal_text(&url, &without.replace("\"portfolios\"", "\"broken\""));
    assert_contains(
        &broken,
        "`broken`, which line 5 of the map names, cannot be read: division by zero",
    );
}

#[test]
fn refused_login_differs_from_unreachable_server() {
    let Some(server) = start_incident_server() else {
        return;
    };
    let url = server.url("owner");
    let wrong = refusal_text(&url.replace(PASSWORD, "an0ther-0ne"), MAP);
    assert_contains(
        &wrong,
        "refuses the connection: password authentication failed for user",
    );
    assert!(!wrong.contains("an0ther-0ne"), "{wrong}");
    // The server repeats the user, which here is the password.
    let repeated = refusal_text(&server.url(PASSWORD), MAP);
    assert_contains(&repeated, "failed for user \"***\"");
    let database = refusal_text(
        &(url.trim_end_matches("postgres").to_owned() + "nowhere"),
        MAP,
    );
    assert_contains(&database, "database \"nowhere\" does not exist");
}

#[test]
fn unreachable_server_is_named() {
    let port = free_port();
    let url = format!("postgres://owner:{PASSWORD}@127.0.0.1:{port}/postgres");
    let text = refusal_text(&url, MAP);
    let expected = format!("the PostgreSQL server at `127.0.0.1:{port}` cannot be reached: ");
    assert_contains(&text, &expected);
    assert_contains(&text, "Connection refused");
}

#[test]
fn invalid_url_is_not_repeated() {
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
        assert_contains(&refusal_text(&url, MAP), expected);
    }
}

#[test]
fn misplaced_url_is_refused_without_password() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("postgres://owner:{PASSWORD}@h/d");
    let stray = capture_command(folder.path(), MAP)
        .arg(&url)
        .output()
        .unwrap();
    assert_contains(
        &output_text(&stray),
        "unexpected argument 'postgres://owner:***@h/d' found",
    );
    assert_eq!(stray.status.code(), Some(2));
    let none = capture_command(folder.path(), MAP)
        .args(["--from-postgres", "--map", "map.toml"])
        .output()
        .unwrap();
    assert_contains(&output_text(&none), "--from-postgres has no URL");
    assert_eq!(none.status.code(), Some(2));
    // That the variable is set chooses no source.
    let own = capture_command(folder.path(), MAP)
        .env("PLIMSOLL_POSTGRES", &url)
        .output()
        .unwrap();
    assert_contains(&output_text(&own), "there is no database at");
}
