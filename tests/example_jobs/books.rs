//! A database with the tables of the example jobs, and commands that run a job on it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;
use tempfile::TempDir;

pub(crate) struct Books {
    folder: TempDir,
    database: Connection,
}

fn jobs_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/jobs")
}

impl Books {
    pub(crate) fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Connection::open(folder.path().join("books.db")).unwrap();
        let schema = std::fs::read_to_string(jobs_folder().join("schema.sql")).unwrap();
        database.execute_batch(&schema).unwrap();
        Self { folder, database }
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.database.execute_batch(sql).unwrap();
    }

    /// Returns the single value of a query; empty if it is absent.
    pub(crate) fn text(&self, sql: &str) -> String {
        let text = self.database.query_row(sql, [], |row| row.get(0));
        text.map(Option::unwrap_or_default).unwrap()
    }

    /// Adds a portfolio whose days up to `done` have all rows.
    pub(crate) fn add(&self, id: &str, inception: &str, done: &str) {
        self.execute(&format!(
            "INSERT INTO portfolios (id, name, inception) VALUES ('{id}', '{id}', '{inception}')"
        ));
        for (table, value) in [
            ("snapshots", "nav"),
            ("positions", "value"),
            ("exposures", "value"),
            ("risk", "value"),
        ] {
            self.execute(&format!(
                "INSERT INTO {table} (portfolio_id, day, {value}) SELECT '{id}', day, 1 \
                 FROM trading_days WHERE day BETWEEN '{inception}' AND '{done}'"
            ));
        }
    }

    pub(crate) fn delete_cell(&self, id: &str, day: &str) {
        for table in ["snapshots", "positions", "exposures", "risk"] {
            self.execute(&format!(
                "DELETE FROM {table} WHERE portfolio_id = '{id}' AND day = '{day}'"
            ));
        }
    }

    /// Runs a job up to `target`, and returns whether it ended with 0.
    pub(crate) fn run(&self, job: &str, target: &str, arguments: &[&str]) -> bool {
        let path = jobs_folder().join(job);
        let database = self.folder.path().join("books.db");
        let mut command = match Path::new(job).extension().and_then(|name| name.to_str()) {
            Some("py") => {
                let mut command = Command::new("python3");
                command.arg(path).arg("--db").arg(database);
                command.args(["--target", target]);
                command
            }
            Some("sql") => {
                let mut command = Command::new("sqlite3");
                let parameter = format!(".parameter set @target \"'{target}'\"");
                let read = format!(".read {}", path.display());
                command.arg(database).args(["-cmd", &parameter, &read]);
                command
            }
            _ => {
                let mut command = Command::new(path);
                command.arg(database).arg(target);
                command
            }
        };
        let command = command.args(arguments).stdin(Stdio::null());
        let output = command.stderr(Stdio::null()).output();
        let output = output.expect("python3 and sqlite3 are installed");
        output.status.success()
    }

    /// Returns the portfolios that miss a row of a day up to `target`.
    pub(crate) fn left_behind(&self, target: &str) -> Vec<String> {
        let mut query = self.database.prepare(
            "SELECT DISTINCT p.id FROM portfolios p \
             JOIN trading_days d ON d.day BETWEEN p.inception AND ? \
             WHERE NOT EXISTS (SELECT 1 FROM snapshots s WHERE s.portfolio_id = p.id AND s.day = d.day) \
                OR NOT EXISTS (SELECT 1 FROM risk r WHERE r.portfolio_id = p.id AND r.day = d.day) \
             ORDER BY p.id",
        );
        let query = query.as_mut().unwrap();
        let ids = query.query_map([target], |row| row.get(0)).unwrap();
        ids.map(Result::unwrap).collect()
    }

    /// Returns the newest day of a portfolio with a snapshot.
    pub(crate) fn newest(&self, id: &str) -> String {
        self.text(&format!(
            "SELECT max(day) FROM snapshots WHERE portfolio_id = '{id}'"
        ))
    }
}
