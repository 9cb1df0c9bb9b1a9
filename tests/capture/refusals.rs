//! Errors in a map or a source, which name the column and the line of the map.

use std::error::Error;

use plimsoll::capture::{CaptureError, CaptureTime, Map, capture_exports, capture_sqlite};
use plimsoll::engine::Settings;

use crate::incident::{Incident, MAP, now};

/// Returns the text of an error with its causes.
fn error_text(error: &CaptureError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn refusal_text(incident: &Incident, map: &str) -> String {
    error_text(&incident.capture(map).unwrap_err())
}

#[test]
fn missing_table_or_column_is_named_with_line_and_suggestion() {
    let incident = Incident::new();
    assert_eq!(
        refusal_text(
            &incident,
            &MAP.replace("\"portfolio_snapshots\"", "\"portfolio_snapshot\"")
        ),
        "line 11 of the map: no table `portfolio_snapshot`; did you mean `portfolio_snapshots`?"
    );
    assert_eq!(
        refusal_text(
            &incident,
            &MAP.replace("\"snapshot_date\"", "\"snapshot_day\"")
        ),
        "line 13 of the map: no column `snapshot_day` in table `portfolio_snapshots`; did you \
         mean `snapshot_date`? (it has id, portfolio_id, snapshot_date, net_asset_value, \
         is_complete)"
    );
}

#[test]
fn invalid_value_is_named_with_column_line_and_row() {
    for (change, expected) in [
        (
            "UPDATE portfolio_snapshots SET snapshot_date = 1767830400 WHERE id = 3",
            "line 13 of the map: column `snapshot_date` of table `portfolio_snapshots` holds \
             `1767830400` in row 3 (expected a day)",
        ),
        (
            "UPDATE portfolio_snapshots SET is_complete = 'perhaps' WHERE id = 2",
            "line 14 of the map: column `is_complete` of table `portfolio_snapshots` holds \
             `perhaps` in row 2 (expected yes or no, or one of `complete-values`)",
        ),
        (
            "UPDATE portfolio_snapshots SET portfolio_id = '' WHERE id = 1",
            "line 12 of the map: column `portfolio_id` of table `portfolio_snapshots` holds `` in \
             row 1 (expected the id of a portfolio)",
        ),
        (
            "UPDATE portfolios SET deleted_at = 'last year' WHERE name = 'Individual'",
            "line 8 of the map: column `deleted_at` of table `portfolios` holds `last year` in \
             row 5 (expected an instant)",
        ),
        (
            "UPDATE batch_run_history SET status = 'limbo' WHERE id = 2",
            "line 20 of the map: column `status` of table `batch_run_history` holds `limbo` in \
             row 2 (expected a run state; `[runs.states]` of the map can name other words)",
        ),
    ] {
        let incident = Incident::new();
        incident.execute(change);
        assert_eq!(refusal_text(&incident, MAP), expected);
    }
    let incident = Incident::new();
    incident.execute("UPDATE batch_run_history SET status = 'limbo' WHERE id = 2");
    let map = format!("{MAP}\n[runs.states]\nlimbo = \"abandoned\"\n");
    let text = incident.capture(&map).unwrap().to_world_toml().unwrap();
    assert!(text.contains("state = \"abandoned\""), "{text}");
}

#[test]
fn duplicate_portfolio_ids_are_refused() {
    let incident = Incident::new();
    let map = MAP.replace("id = \"id\"", "id = \"name\"");
    incident.execute("UPDATE portfolios SET name = 'same'");
    let text = refusal_text(&incident, &map);
    assert!(text.starts_with("line 6 of the map: "), "{text}");
    assert!(text.contains("holds `same` in row 2"), "{text}");
}

#[test]
fn unreadable_source_is_named() {
    let incident = Incident::new();
    let map = Map::parse(MAP).unwrap();
    let read = |name: &str| {
        let path = incident.path(name);
        let settings = Settings::new_york();
        error_text(&capture_sqlite(&path, &map, &settings, CaptureTime::At(now())).unwrap_err())
    };
    assert!(read("no.db").starts_with("there is no database at `"));
    std::fs::write(
        incident.path("text.db"),
        "a text and no database ".repeat(90),
    )
    .unwrap();
    assert!(read("text.db").ends_with("text.db` is not a SQLite database"));
}

#[test]
fn missing_extra_and_broken_exports_are_named() {
    let incident = Incident::new();
    let map = Map::parse(MAP).unwrap();
    let files = |roles: &[(&str, &str)]| {
        incident.exports();
        let files = roles.iter();
        let files = files.map(|(role, name)| ((*role).to_owned(), incident.path(name)));
        let exports = files.collect();
        error_text(
            &capture_exports(
                &exports,
                &map,
                &Settings::new_york(),
                CaptureTime::At(now()),
            )
            .unwrap_err(),
        )
    };
    let portfolios = ("portfolios", "portfolios.csv");
    let snapshots = ("snapshots", "portfolio_snapshots.csv");
    assert_eq!(
        files(&[portfolios, snapshots]),
        "line 17 of the map: no export of `runs` is given"
    );
    let risk = files(&[portfolios, snapshots, ("risk", "portfolios.csv")]);
    assert!(
        risk.ends_with("is given as an export of `risk`, but the map has no `risk`"),
        "{risk}"
    );
    let absent = files(&[("portfolios", "no.csv"), snapshots, portfolios]);
    assert!(
        absent.starts_with("failed to read `") && absent.contains("no.csv`"),
        "{absent}"
    );
}

#[cfg(not(feature = "postgres"))]
#[test]
fn build_without_postgres_refuses_url_without_password() {
    let bench = crate::bench::Workspace::new();
    let url = "postgres://app:s3cr3t@db/books";
    let output = bench.run(&["capture", "--from-postgres", url, "--map", "map.toml"]);
    assert_eq!(output.code, 2, "{}", output.stderr);
    assert!(
        output.stderr.contains("built without PostgreSQL"),
        "{}",
        output.stderr
    );
    assert!(!output.stderr.contains("s3cr3t"), "{}", output.stderr);
}
