//! Errors of a server, a login, a table or a URL, which never contain a password.

use std::process::Output;

use crate::incident::{MAP, capture_command, output_text, start_incident_server};
use crate::server::{PASSWORD, free_port};

fn run_capture(url: &str, map: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = capture_command(folder.path(), map);
    command.args(["--from-postgres", url, "--map", "map.toml", "-vvv"]);
    command.output().unwrap()
}

/// Returns the output of a refused capture, on one line.
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
        "line 11 of the map: no table `portfolio_snapshot`; did you mean `portfolio_snapshots`?",
    );
    let column = refusal_text(&url, &MAP.replace("\"snapshot_date\"", "\"snapshot_day\""));
    assert_contains(
        &column,
        "line 13 of the map: no column `snapshot_day` in table `portfolio_snapshots`; did you \
         mean `snapshot_date`? (it has id, portfolio_id, snapshot_date, net_asset_value, \
         is_complete)",
    );
    let value = refusal_text(
        &url,
        &MAP.replace("\"snapshot_date\"", "\"net_asset_value\""),
    );
    assert_contains(
        &value,
        "line 13 of the map: column `net_asset_value` of table `portfolio_snapshots` holds \
         `1000000` in row 1 (expected a day)",
    );
    let name = refusal_text(
        &url,
        &MAP.replace("\"portfolios\"", "'a\"; DROP TABLE portfolios; --'"),
    );
    assert_contains(&name, "no table `a\"; DROP TABLE portfolios; --`");
    assert_eq!(run_capture(&url, MAP).status.code(), Some(0));
}

#[test]
fn missing_permission_is_named() {
    let Some(server) = start_incident_server() else {
        return;
    };
    server.execute(&format!(
        "CREATE ROLE limited LOGIN PASSWORD '{PASSWORD}';
         GRANT SELECT ON portfolios, batch_run_history TO limited;
         GRANT SELECT (portfolio_id, snapshot_date) ON portfolio_snapshots TO limited;
         CREATE SCHEMA closed; CREATE TABLE closed.runs (started_at date);
         CREATE VIEW broken AS SELECT id, 1 / (length(name) - length(name)) AS name, deleted_at
             FROM portfolios;
         GRANT SELECT ON broken TO limited;"
    ));
    let url = server.url("limited");
    let column = refusal_text(&url, MAP);
    assert_contains(
        &column,
        "line 14 of the map: the user of the URL may not read column `is_complete` of table \
         `portfolio_snapshots`",
    );
    assert_contains(
        &column,
        "hint: the owner of the table can run: GRANT SELECT (\"is_complete\")",
    );
    let without = MAP.replace("complete = \"is_complete\"\n", "");
    assert_eq!(run_capture(&url, &without).status.code(), Some(0));
    let schema = refusal_text(
        &url,
        &without.replace("\"batch_run_history\"", "\"closed.runs\""),
    );
    assert_contains(
        &schema,
        "line 16 of the map: failed to read table `closed.runs`: permission denied for schema \
         closed",
    );
    let broken = refusal_text(&url, &without.replace("\"portfolios\"", "\"broken\""));
    assert_contains(
        &broken,
        "line 5 of the map: failed to read table `broken`: division by zero",
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
        "refused the connection: password authentication failed for user",
    );
    assert!(!wrong.contains("an0ther-0ne"), "{wrong}");
    // The server repeats the user name, which is the password here.
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
    let expected = format!("failed to reach the PostgreSQL server at `127.0.0.1:{port}`: ");
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
            "invalid PostgreSQL URL",
        ),
        (
            format!("host=h password=a {PASSWORD}=b"),
            "invalid PostgreSQL URL",
        ),
        (
            format!("postgres://h/d?{PASSWORD}=1"),
            "invalid PostgreSQL URL",
        ),
        (format!("password={PASSWORD}"), "names no host"),
        (
            format!("postgres://owner:{PASSWORD}@h/d?gssencmode=require"),
            "option `gssencmode`",
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
    assert_contains(&output_text(&none), "--from-postgres needs a URL");
    assert_eq!(none.status.code(), Some(2));
    // The variable alone does not select PostgreSQL as the source.
    let own = capture_command(folder.path(), MAP)
        .env("PLIMSOLL_POSTGRES", &url)
        .output()
        .unwrap();
    assert_contains(&output_text(&own), "there is no database at");
}
