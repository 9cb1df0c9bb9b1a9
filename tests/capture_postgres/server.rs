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
    /// Whether the tests' own connections use a socket in the folder, which has no TLS.
    has_socket: bool,
    /// Keeps the data until the server is dropped.
    folder: tempfile::TempDir,
}

impl Server {
    /// Starts an empty server. Without an installed PostgreSQL prints a message and returns `None`.
    pub(crate) fn start() -> Option<Self> {
        Self::start_configured(|_, _, _| Vec::new(), false)
    }

    /// Starts a server that accepts connections with TLS only. With an `authority`, the user
    /// `certified` logs in with a certificate that it signed.
    pub(crate) fn start_with_tls(
        certificate: &Path,
        key: &Path,
        authority: Option<&Path>,
    ) -> Option<Self> {
        let configure = |user: Option<&str>, folder: &Path, state: &Path| {
            let copy = |from: &Path, name: &str| {
                let to = folder.join(name);
                std::fs::copy(from, &to).unwrap();
                run_checked(Command::new("chmod").arg("600").arg(&to));
                if let Some(user) = user {
                    run_checked(Command::new("chown").arg(user).arg(&to));
                }
                to.display().to_string()
            };
            let access = "local all all trust\nhostssl all certified all cert\n\
                          hostssl all all all scram-sha-256\n";
            std::fs::write(state.join("pg_hba.conf"), access).unwrap();
            let mut settings = vec![
                "ssl=on".to_owned(),
                format!("ssl_cert_file={}", copy(certificate, "server.crt")),
                format!("ssl_key_file={}", copy(key, "server.key")),
            ];
            settings.push(match authority {
                Some(file) => format!("ssl_ca_file={}", copy(file, "clients.crt")),
                // A line with `cert` needs an authority.
                None => format!("ssl_ca_file={}", copy(certificate, "clients.crt")),
            });
            settings
        };
        Self::start_configured(configure, true)
    }

    /// Starts a server with the settings that `configure` returns for the user and the folders of
    /// the server.
    fn start_configured(
        configure: impl FnOnce(Option<&str>, &Path, &Path) -> Vec<String>,
        has_socket: bool,
    ) -> Option<Self> {
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
        let settings = configure(user, folder.path(), &state);
        let port = free_port();
        let mut run = command_as_user(user, &programs.join("postgres"));
        run.arg("-D").arg(&state).args(["-p", &port.to_string()]);
        // Unusual formats of dates and times, so that a reader that does not set its own fails.
        for setting in [
            "listen_addresses=127.0.0.1",
            "fsync=off",
            "timezone=America/New_York",
            "datestyle=SQL, DMY",
        ] {
            run.args(["-c", setting]);
        }
        let sockets = match has_socket {
            true => folder.path().display().to_string(),
            false => String::new(),
        };
        run.args(["-c", &format!("unix_socket_directories={sockets}")]);
        for setting in &settings {
            run.args(["-c", setting]);
        }
        let process = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let server = Self {
            process: process.unwrap(),
            port,
            has_socket,
            folder,
        };
        let mut tries = 0;
        while let Err(error) = server.try_connect() {
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
        self.try_connect().unwrap()
    }

    fn try_connect(&self) -> Result<Client, postgres::Error> {
        match self.has_socket {
            false => Client::connect(&self.url("owner"), NoTls),
            true => {
                let (folder, port) = (self.folder.path().display(), self.port);
                let socket = format!("host={folder} port={port} user=owner dbname=postgres");
                Client::connect(&socket, NoTls)
            }
        }
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
