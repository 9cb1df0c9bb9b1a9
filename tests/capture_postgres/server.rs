//! Starts a temporary PostgreSQL server on a free port of 127.0.0.1, with its data in a temporary
//! folder.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use postgres::{Client, NoTls};

/// Password of all users of the server. It must not be part of any other text.
pub(crate) const PASSWORD: &str = "s3cr3t-0f-all";

/// A server that runs until it is dropped.
pub(crate) struct Server {
    process: Child,
    port: u16,
    /// Keeps the data until the server is dropped.
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts an empty server. Without an installed PostgreSQL prints a message and returns `None`.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = postgres_bin_dir() else {
            // Written to the stream directly, since the test runner captures `eprintln!` of a test
            // that passes.
            let message = "skipped: no PostgreSQL server in /usr/lib/postgresql";
            let mut error = std::io::stderr();
            writeln!(error, "{message}").unwrap();
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let password = folder.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        let user = unprivileged_user();
        if let Some(user) = user {
            let mut own = Command::new("chown");
            run_checked(own.args(["-R", user]).arg(folder.path()));
        }
        let state = folder.path().join("state");
        let mut make = command_as_user(user, &programs.join("initdb"));
        make.arg("-D").arg(&state).arg("--pwfile").arg(&password);
        make.args(["-U", "owner", "-A", "scram-sha-256", "-E", "UTF8"]);
        run_checked(make.args(["--locale=C", "--no-sync"]));
        let port = free_port();
        let mut run = command_as_user(user, &programs.join("postgres"));
        run.arg("-D").arg(&state).args(["-p", &port.to_string()]);
        // Unusual formats of dates and times, so that a reader that does not set its own fails.
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "timezone=America/New_York",
            "datestyle=SQL, DMY",
        ] {
            run.args(["-c", setting]);
        }
        let process = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let server = Self {
            process: process.unwrap(),
            port,
            _folder: folder,
        };
        let mut tries = 0;
        while let Err(error) = Client::connect(&server.url("owner"), NoTls) {
            tries += 1;
            assert!(tries < 1200, "no server after a minute: {error}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    /// Returns the URL for a user, with the password.
    pub(crate) fn url(&self, user: &str) -> String {
        let port = self.port;
        format!("postgres://{user}:{PASSWORD}@127.0.0.1:{port}/postgres")
    }

    pub(crate) fn connect_as_owner(&self) -> Client {
        Client::connect(&self.url("owner"), NoTls).unwrap()
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.connect_as_owner().batch_execute(sql).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // On SIGINT the server ends its child processes; on SIGKILL it could not.
        let id = self.process.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let _ = self.process.wait();
    }
}

/// Returns a port of 127.0.0.1 on which nothing listens.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Returns the program folder of the newest installed server.
fn postgres_bin_dir() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    folders
        .filter(|folder| folder.join("initdb").exists())
        .max()
}

/// Returns the user that runs the server if the tests run as root, since the server refuses to run
/// as root.
fn unprivileged_user() -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        return None;
    }
    let known = Command::new("id").arg("postgres").output().unwrap();
    Some(if known.status.success() {
        "postgres"
    } else {
        "nobody"
    })
}

fn command_as_user(user: Option<&str>, program: &Path) -> Command {
    let Some(user) = user else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", user, "--clear-groups"])
        .arg(program);
    command.current_dir("/");
    command
}

fn run_checked(command: &mut Command) {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
}
