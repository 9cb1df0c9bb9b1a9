//! A folder with a job file for the tables of the example jobs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The tables of the example jobs, and the values that a world does not have.
const TABLES: &str = r#"
[map.portfolios]
id = "id"
name = "name"
inception = "inception"
closed = "closed_on"
deleted-at = "deleted_at"
[map.snapshots]
portfolio = "portfolio_id"
day = "day"
complete = "is_complete"
[map.analytics]
positions = { portfolio = "portfolio_id", day = "day" }
exposures = { portfolio = "portfolio_id", day = "day" }
risk = { portfolio = "portfolio_id", day = "day" }
[write.values]
snapshots = { nav = 100 }
positions = { value = 1 }
exposures = { value = 1 }
risk = { value = 1 }
"#;

pub(crate) struct Workspace {
    folder: tempfile::TempDir,
}

/// The exit code and output of a command.
pub(crate) struct CommandOutput {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Returns the folder of the example jobs.
pub(crate) fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/jobs")
}

impl Workspace {
    /// Creates a folder with a job file for these commands.
    pub(crate) fn new(commands: &str) -> Self {
        let workspace = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let schema = examples().join("schema.sql");
        let job = format!(
            "[database]\nschema = {:?}\n{TABLES}\n[commands]\n{commands}\n",
            schema.display().to_string()
        );
        workspace.write("job.toml", &job);
        workspace
    }

    /// Creates a folder with a job file for an example in Python.
    pub(crate) fn of_example(script: &str) -> Self {
        let words = |more: &str| {
            format!(
                "[\"python3\", \"{script}\", \"--db\", \"{{path}}\", \"--target\", \"{{target}}\"{more}]"
            )
        };
        Self::new(&format!(
            "directory = {:?}\ntimeout = \"60s\"\nrun = {}\nscope = {}\nforce = {}\n",
            examples().display().to_string(),
            words(""),
            words(", \"--portfolios\", \"{portfolios}\""),
            words(
                ", \"--from\", \"{from}\", \"--to\", \"{to}\", \"--portfolios\", \"{portfolios}\""
            ),
        ))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            // Scratch databases are made here, so that a test sees whether they are removed.
            .env("TMPDIR", self.scratch())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> CommandOutput {
        let output = self.command(arguments).output().unwrap();
        CommandOutput {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Returns the names of the scratch databases that were not removed.
    pub(crate) fn scratch_files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.scratch()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect()
    }

    fn scratch(&self) -> PathBuf {
        let path = self.path("scratch");
        std::fs::create_dir_all(&path).unwrap();
        path
    }
}
