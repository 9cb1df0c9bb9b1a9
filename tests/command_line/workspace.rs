//! A temporary folder, in which tests run the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use plimsoll::engine::Settings;
use plimsoll::scenario::load;
use plimsoll::scenario::world::World;

pub(crate) struct Workspace {
    folder: tempfile::TempDir,
}

/// The exit code and output of a command.
pub(crate) struct CommandOutput {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Creates a folder with the database of a world.
    pub(crate) fn from_world(text: &str) -> Self {
        let workspace = Self::new();
        let world = World::read(text).unwrap();
        load(
            &world,
            "test",
            workspace.path("plimsoll.db"),
            &Settings::new_york(),
            &|_| {},
        )
        .unwrap();
        workspace
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("PLIMSOLL_DB")
            .env_remove("PLIMSOLL_CONFIG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> CommandOutput {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(arguments).output().unwrap();
        CommandOutput {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Runs a command that must end with 0, and returns its standard output.
    pub(crate) fn run_ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(
            output.code, 0,
            "{arguments:?}: {}{}",
            output.stdout, output.stderr
        );
        output.stdout
    }

    /// Returns every row of every output and of the ledger as text.
    pub(crate) fn books(&self) -> Vec<String> {
        books(&self.path("plimsoll.db"))
    }
}

/// Returns every row of every output and of the ledger of a database as text.
pub(crate) fn books(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let tables = [
        "ledger",
        "snapshot",
        "foreign_cash",
        "position",
        "exposure",
        "risk",
        "security_statistics",
    ];
    let mut rows = Vec::new();
    for table in tables {
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
            .unwrap();
        let columns = statement.column_count();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values = (0..columns).map(|at| format!("{:?}", row.get_ref(at).unwrap()));
            rows.push(format!("{table} {}", values.collect::<Vec<_>>().join(" ")));
        }
    }
    rows
}

/// Returns a text without its line breaks and indents.
pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
