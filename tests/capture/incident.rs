//! Tests that the tables of the system that had the incident of January 2026 are captured, both
//! from its SQLite file and from CSV exports of it.

use std::path::{Path, PathBuf};

use plimsoll::capture::{CaptureTime, Exports, Map, State, capture_exports, capture_sqlite};
use plimsoll::engine::Settings;
use plimsoll::plan::PolicyName;
use rusqlite::Connection;

use crate::bench::Workspace;
use crate::harness::{JAN_8, harness};
use crate::support::{capture_toml, plan_decisions};

pub(crate) const MAP: &str = include_str!("../../docs/examples/incident-map.toml");

/// The tables on the evening of the incident. Names and days are those of the fixture [`JAN_8`].
/// Unlike the fixture, they contain a deleted portfolio and an incomplete snapshot row.
const TABLES: &str = include_str!("incident.sql");

/// A SQLite file with [`TABLES`], in a temporary folder.
pub(crate) struct Incident {
    folder: tempfile::TempDir,
}

impl Incident {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let incident = Self { folder };
        incident.execute(TABLES);
        incident
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn open(&self) -> Connection {
        Connection::open(self.path("app.db")).unwrap()
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.open().execute_batch(sql).unwrap();
    }

    pub(crate) fn capture(&self, map: &str) -> Result<State, plimsoll::capture::CaptureError> {
        let map = Map::parse(map).unwrap();
        capture_sqlite(
            &self.path("app.db"),
            &map,
            &Settings::new_york(),
            CaptureTime::At(now()),
        )
    }

    /// Writes each table to a CSV file, with an empty field for `NULL`, and returns the paths by
    /// the table's role in the map.
    pub(crate) fn exports(&self) -> Exports {
        let tables = [
            ("portfolios", "portfolios"),
            ("snapshots", "portfolio_snapshots"),
            ("runs", "batch_run_history"),
        ];
        let written = tables.map(|(role, table)| {
            let path = self.path(&format!("{table}.csv"));
            export(&self.open(), table, &path);
            (role.to_owned(), path)
        });
        written.into_iter().collect()
    }

    /// Copies the database and its exports to a folder.
    pub(crate) fn copy_files(&self, folder: &Workspace) {
        self.exports();
        let files = [
            ("app.db", "app.db"),
            ("portfolios.csv", "p.csv"),
            ("portfolio_snapshots.csv", "s.csv"),
            ("batch_run_history.csv", "r.csv"),
        ];
        for (from, to) in files {
            std::fs::copy(self.path(from), folder.path(to)).unwrap();
        }
    }
}

pub(crate) fn now() -> chrono::DateTime<chrono::Utc> {
    "2026-01-08T23:00:00Z".parse().unwrap()
}

fn export(connection: &Connection, table: &str, path: &Path) {
    let mut statement = connection
        .prepare(&format!("SELECT * FROM {table}"))
        .unwrap();
    let mut text = statement.column_names().join(",") + "\n";
    let count = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let values = (0..count).map(
            |at| match row.get::<_, rusqlite::types::Value>(at).unwrap() {
                rusqlite::types::Value::Null => String::new(),
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Real(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => format!("\"{text}\""),
                rusqlite::types::Value::Blob(_) => panic!("no table has blobs"),
            },
        );
        text += &(values.collect::<Vec<_>>().join(",") + "\n");
    }
    std::fs::write(path, text).unwrap();
}

#[test]
fn incident_is_captured_from_sqlite() {
    let text = Incident::new()
        .capture(MAP)
        .unwrap()
        .to_world_toml()
        .unwrap();
    insta::with_settings!({ snapshot_path => "../../snapshots/capture", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("incident", text);
    });
    assert_eq!(
        Incident::new()
            .capture(MAP)
            .unwrap()
            .to_world_toml()
            .unwrap(),
        text
    );
}

#[test]
fn policies_on_captured_state_match_production() {
    let text = Incident::new()
        .capture(MAP)
        .unwrap()
        .to_world_toml()
        .unwrap();
    let (loaded, fixture) = (harness(&text), harness(JAN_8));
    let chosen = |harness, policy| -> Vec<(String, String)> {
        let decisions = plan_decisions(harness, policy).into_iter();
        let recent = decisions.filter(|((day, portfolio), _)| {
            day.as_str() >= "2026-01-06" && !portfolio.starts_with("Closed Out")
        });
        // Removes the id at the end (a blank and 36 characters), which the fixture does not share.
        let name = |portfolio: &str| portfolio[..portfolio.len() - 37].to_owned();
        recent
            .map(|((day, portfolio), decision)| (format!("{day} {}", name(&portfolio)), decision))
            .collect()
    };
    for policy in [
        PolicyName::GlobalMax,
        PolicyName::TargetOnly,
        PolicyName::PerCell,
    ] {
        assert_eq!(
            chosen(&loaded, policy),
            chosen(&fixture, policy),
            "{policy}"
        );
    }
    // A second capture must give the same text, except for the header comment, which names the
    // source.
    let body = |text: &str| text.split_once("\n\n").unwrap().1.to_owned();
    assert_eq!(body(&capture_toml(&loaded)), body(&text));
}

#[test]
fn exports_give_same_state_as_sqlite_file() {
    let incident = Incident::new();
    let map = Map::parse(MAP).unwrap();
    let settings = Settings::new_york();
    let exported =
        capture_exports(&incident.exports(), &map, &settings, CaptureTime::At(now())).unwrap();
    let body = |text: String| text.split_once('\n').unwrap().1.to_owned();
    assert_eq!(
        body(exported.to_world_toml().unwrap()),
        body(incident.capture(MAP).unwrap().to_world_toml().unwrap())
    );
}

#[test]
fn capture_reads_committed_state_during_writes() {
    let incident = Incident::new();
    incident.execute("PRAGMA journal_mode = wal");
    let before = incident.capture(MAP).unwrap().to_world_toml().unwrap();
    let writer = incident.open();
    writer
        .execute_batch("BEGIN IMMEDIATE; DELETE FROM portfolio_snapshots")
        .unwrap();
    assert_eq!(
        incident.capture(MAP).unwrap().to_world_toml().unwrap(),
        before
    );
    writer.execute_batch("COMMIT").unwrap();
    assert_ne!(
        incident.capture(MAP).unwrap().to_world_toml().unwrap(),
        before
    );
}

#[test]
fn mapped_analytics_are_separate_from_snapshot() {
    let incident = Incident::new();
    incident.execute(
        "CREATE TABLE risk (portfolio_id, calculation_date, ok);
         INSERT INTO risk SELECT portfolio_id, snapshot_date || ' 00:00:00', 1 FROM portfolio_snapshots
         WHERE snapshot_date < '2026-01-05';
         INSERT INTO risk SELECT id, '2026-01-05', 0 FROM portfolios;",
    );
    let map = format!(
        "{MAP}\n[analytics.risk]\nportfolio = \"portfolio_id\"\nday = \"calculation_date\"\ncomplete = \"ok\"\n"
    );
    let text = incident.capture(&map).unwrap().to_world_toml().unwrap();
    let growth = text
        .lines()
        .find(|line| line.starts_with("\"Tech Growth\""))
        .unwrap();
    let phases =
        "phases = { \"2026-01-05..2026-01-06\" = [\"snapshot\", \"positions\", \"exposures\"] }";
    assert!(
        growth.contains("complete = \"..2026-01-02\"") && growth.contains(phases),
        "{growth}"
    );
}

#[test]
fn analytics_without_a_complete_snapshot_are_counted_in_header() {
    let incident = Incident::new();
    incident.execute(
        "CREATE TABLE risk (portfolio_id, calculation_date);
         INSERT INTO risk SELECT id, '2026-01-08' FROM portfolios WHERE name = 'Individual';",
    );
    let map = format!(
        "{MAP}\n[analytics.risk]\nportfolio = \"portfolio_id\"\nday = \"calculation_date\"\n"
    );
    let text = incident.capture(&map).unwrap().to_world_toml().unwrap();
    let expected = "the risk of 1 cell without a complete snapshot";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn rows_of_unknown_portfolios_are_counted_in_header() {
    let incident = Incident::new();
    incident.execute("DELETE FROM portfolios WHERE name IN ('Tech Growth', 'Individual')");
    let text = incident.capture(MAP).unwrap().to_world_toml().unwrap();
    let expected = "rows of 2 portfolios missing from the portfolios table";
    assert!(text.contains(expected), "{text}");
    assert!(!text.contains("Tech Growth"));
}
