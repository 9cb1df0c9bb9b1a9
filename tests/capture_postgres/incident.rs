//! The incident's tables, with PostgreSQL's own types.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use plimsoll::capture::{CaptureTime, Map, capture_postgres, capture_sqlite};
use plimsoll::engine::Settings;
use plimsoll::store::{LibpqVariables, PostgresUrl};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::server::{PASSWORD, Server};

pub(crate) const MAP: &str = include_str!("../../docs/examples/incident-map.toml");

/// The SQLite tables of `tests/capture/incident.sql`, from which the rows are copied.
const FILL: &str = include_str!("../capture/incident.sql");

const TABLES: &str = "
    CREATE TABLE portfolios (id uuid PRIMARY KEY, name varchar NOT NULL, deleted_at timestamp);
    CREATE TABLE portfolio_snapshots (
        id serial PRIMARY KEY, portfolio_id char(36) NOT NULL, snapshot_date date NOT NULL,
        net_asset_value numeric NOT NULL, is_complete boolean NOT NULL
    );
    CREATE TABLE batch_run_history (
        id serial PRIMARY KEY, started_at timestamptz NOT NULL, completed_at timestamptz,
        status text NOT NULL
    );
    SET TimeZone = 'UTC';
    SET DateStyle = 'ISO, YMD';
";

/// Starts a server with the incident's tables; `None` if PostgreSQL is not installed.
pub(crate) fn start_incident_server() -> Option<Server> {
    let server = Server::start()?;
    fill_incident(&server);
    Some(server)
}

/// Creates and fills the incident's tables.
pub(crate) fn fill_incident(server: &Server) {
    let file = Connection::open_in_memory().unwrap();
    file.execute_batch(FILL).unwrap();
    let mut sql = TABLES.to_owned();
    for table in ["portfolios", "portfolio_snapshots", "batch_run_history"] {
        sql += &inserts(&file, table);
    }
    server.execute(&sql);
}

/// Returns an INSERT statement with the rows of a table, in their physical order.
fn inserts(file: &Connection, table: &str) -> String {
    let mut statement = file.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let count = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values = (0..count).map(|at| match row.get(at).unwrap() {
            Value::Null => "NULL".to_owned(),
            Value::Integer(number) => format!("'{number}'"),
            Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
            other => panic!("no table holds {other:?}"),
        });
        Ok(format!("({})", values.collect::<Vec<_>>().join(", ")))
    });
    let rows: Vec<_> = rows.unwrap().map(Result::unwrap).collect();
    format!("INSERT INTO {table} VALUES {};\n", rows.join(",\n"))
}

/// Captures the server's tables as the text of a world.
fn capture_toml(server: &Server, map: &str) -> String {
    let map = Map::parse(map).unwrap();
    let now = "2026-01-08T23:00:00Z".parse().unwrap();
    let url = PostgresUrl::from(server.url("owner"));
    let state = capture_postgres(
        &url,
        &LibpqVariables::default(),
        &map,
        &Settings::new_york(),
        CaptureTime::At(now),
    )
    .unwrap();
    state.to_world_toml().unwrap()
}

/// Prepares `plimsoll capture` in a folder with a map.
pub(crate) fn capture_command(folder: &Path, map: &str) -> Command {
    std::fs::write(folder.join("map.toml"), map).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.current_dir(folder);
    for name in ["PLIMSOLL_DB", "PLIMSOLL_CONFIG", "PLIMSOLL_POSTGRES"] {
        command.env_remove(name);
    }
    for name in ["PGPASSWORD", "PGPASSFILE", "PGSSLMODE", "PGSSLROOTCERT"] {
        command.env_remove(name);
    }
    command.env("HOME", folder);
    command.args(["--now", "2026-01-08T23:00:00Z", "capture"]);
    command
}

/// Returns all output, and asserts that it does not contain the password.
pub(crate) fn output_text(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains(PASSWORD), "{text}");
    text
}

fn body(text: &str) -> &str {
    text.split_once('\n').unwrap().1
}

#[test]
fn postgres_gives_same_state_as_sqlite() {
    let Some(server) = start_incident_server() else {
        return;
    };
    let text = capture_toml(&server, MAP);
    assert!(text.contains("the PostgreSQL database of another program"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch(FILL)
        .unwrap();
    let now = "2026-01-08T23:00:00Z".parse().unwrap();
    let map = Map::parse(MAP).unwrap();
    let file = capture_sqlite(&path, &map, &Settings::new_york(), CaptureTime::At(now)).unwrap();
    assert_eq!(body(&text), body(&file.to_world_toml().unwrap()));
}

#[test]
fn instants_are_read_as_utc_days() {
    let Some(server) = start_incident_server() else {
        return;
    };
    server.execute(
        "CREATE VIEW midnights AS SELECT portfolio_id, is_complete,
             snapshot_date::timestamp AT TIME ZONE 'UTC' AS snapshot_date
         FROM portfolio_snapshots",
    );
    let map = MAP.replace("\"portfolio_snapshots\"", "\"midnights\"");
    assert_eq!(capture_toml(&server, &map), capture_toml(&server, MAP));
}

#[test]
fn url_comes_from_argument_or_environment_and_is_never_printed() {
    let Some(server) = start_incident_server() else {
        return;
    };
    let (folder, url) = (tempfile::tempdir().unwrap(), server.url("owner"));
    let text = capture_toml(&server, MAP);
    let given = capture_command(folder.path(), MAP)
        .args(["--from-postgres", &url, "--map", "map.toml", "-vvv"])
        .args(["-o", "given.toml"])
        .output()
        .unwrap();
    output_text(&given);
    let found = capture_command(folder.path(), MAP)
        .args(["--from-postgres", "--map", "map.toml"])
        .env("PLIMSOLL_POSTGRES", &url)
        .output()
        .unwrap();
    assert_eq!(output_text(&found), text);
    let written = std::fs::read_to_string(folder.path().join("given.toml"));
    assert_eq!(written.unwrap(), text);
    let help = capture_command(folder.path(), MAP)
        .arg("--help")
        .env("PLIMSOLL_POSTGRES", &url)
        .output()
        .unwrap();
    assert!(output_text(&help).contains("PLIMSOLL_POSTGRES"));
}

#[test]
fn capture_reads_one_state_during_writes() {
    let Some(server) = start_incident_server() else {
        return;
    };
    // Portfolios are read first; the slow view leaves time to write before the snapshots are read.
    server.execute(
        "CREATE SCHEMA slow;
         CREATE VIEW slow.\"Books\" AS
             SELECT p.* FROM (SELECT pg_sleep(2) OFFSET 0) AS wait, portfolios AS p",
    );
    let before = capture_toml(&server, MAP);
    let map = MAP.replace("table = \"portfolios\"", "table = \"slow.Books\"");
    let mut writer = server.connect_as_owner();
    let mut writing = writer.transaction().unwrap();
    writing
        .execute("DELETE FROM portfolio_snapshots", &[])
        .unwrap();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| capture_toml(&server, &map));
        let reading = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'plimsoll'
                       AND state = 'active' AND query LIKE '%FROM slow.\"Books\"%'";
        let mut watcher = server.connect_as_owner();
        while watcher.query(reading, &[]).unwrap().is_empty() {
            assert!(!reader.is_finished(), "the reader was not seen reading");
            std::thread::sleep(Duration::from_millis(20));
        }
        writing.commit().unwrap();
        assert!(
            !reader.is_finished(),
            "the write must commit before the reader ends"
        );
        assert_eq!(reader.join().unwrap(), before);
    });
    assert_ne!(capture_toml(&server, MAP), before);
}
