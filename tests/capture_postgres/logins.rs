//! TLS as `sslmode` says, and passwords from the environment and from files.

use std::path::Path;
use std::process::Command;

use crate::certificates::{Authority, Files, self_signed};
use crate::incident::{MAP, capture_command, fill_incident, output_text};
use crate::server::{PASSWORD, Server};

/// Runs a capture whose URL has `parameters`, and returns its exit code and output.
fn capture(server: &Server, host: &str, parameters: &str) -> (i32, String) {
    let url = server.url("owner").replace("127.0.0.1", host);
    capture_with(&format!("{url}?{parameters}"), |_, _| {})
}

fn capture_with(url: &str, prepare: impl FnOnce(&Path, &mut Command)) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = capture_command(folder.path(), MAP);
    prepare(folder.path(), &mut command);
    command.args(["--from-postgres", url, "--map", "map.toml", "-vvv"]);
    let output = command.output().unwrap();
    let text = output_text(&output);
    (output.status.code().unwrap(), text)
}

fn start_tls_server(files: &Files, authority: Option<&Path>) -> Option<Server> {
    let server = Server::start_with_tls(&files.certificate, &files.key, authority)?;
    fill_incident(&server);
    Some(server)
}

fn root(file: &Path) -> String {
    format!("sslrootcert={}", file.display())
}

#[test]
fn modes_check_chain_and_name_as_libpq_does() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let authority = Authority::create(folder, "authority");
    let other = Authority::create(folder, "other");
    let Some(server) = start_tls_server(&authority.sign(folder, "localhost"), None) else {
        return;
    };
    // The server accepts only connections with TLS.
    let (known, unknown) = (root(&authority.file), root(&other.file));
    for (host, parameters) in [
        ("127.0.0.1", "sslmode=allow".to_owned()),
        ("127.0.0.1", "sslmode=prefer".to_owned()),
        ("127.0.0.1", "connect_timeout=5".to_owned()),
        ("127.0.0.1", "sslmode=require".to_owned()),
        (
            "127.0.0.1",
            "sslmode=require&channel_binding=require".to_owned(),
        ),
        ("127.0.0.1", format!("sslmode=verify-ca&{known}")),
        ("localhost", format!("sslmode=verify-full&{known}")),
    ] {
        let (code, text) = capture(&server, host, &parameters);
        assert_eq!(code, 0, "{parameters}: {text}");
    }
    let authority_path = authority.file.display();
    for (host, parameters, expected) in [
        ("127.0.0.1", "sslmode=disable".to_owned(), "no encryption"),
        // A root file lets `require` check the chain.
        (
            "127.0.0.1",
            format!("sslmode=require&{unknown}"),
            "UnknownIssuer",
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-ca&{unknown}"),
            "UnknownIssuer",
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-full&{known}"),
            "not valid for name",
        ),
        (
            "localhost",
            "sslmode=verify-full&sslrootcert=system".to_owned(),
            "UnknownIssuer",
        ),
        (
            "localhost",
            "sslrootcert=system".to_owned(),
            "UnknownIssuer",
        ),
        (
            "localhost",
            "sslmode=require&sslrootcert=system".to_owned(),
            "needs `sslmode=verify-full`",
        ),
        ("localhost", "sslmode=verify-full".to_owned(), "root.crt"),
        (
            "localhost",
            "sslmode=verify-ca&sslrootcert=absent.crt".to_owned(),
            "absent.crt",
        ),
        (
            "localhost",
            format!("sslmode=require&sslcert={authority_path}"),
            "its key is missing",
        ),
    ] {
        let (code, text) = capture(&server, host, &parameters);
        assert_eq!(code, 3, "{parameters}: {text}");
        assert!(
            text.contains(expected),
            "{parameters}: `{expected}` is not in: {text}"
        );
        assert!(text.contains("hint: "), "{text}");
    }
}

#[test]
fn parameters_of_tls_come_from_the_environment_and_the_home_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let authority = Authority::create(folder, "authority");
    let Some(server) = start_tls_server(&authority.sign(folder, "localhost"), None) else {
        return;
    };
    let url = server.url("owner");
    let (code, text) = capture_with(&url, |_, command| {
        command.env("PGSSLMODE", "verify-full");
        command.env("PGSSLROOTCERT", &authority.file);
    });
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("not valid for name"), "{text}");
    let (code, text) = capture_with(&format!("{url}?sslmode=verify-ca"), |home, command| {
        std::fs::create_dir(home.join(".postgresql")).unwrap();
        let root = home.join(".postgresql/root.crt");
        std::fs::copy(&authority.file, root).unwrap();
        command.env("PGSSLMODE", "disable");
    });
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_certificate_that_signs_itself_is_its_own_authority() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let files = self_signed(folder, "localhost");
    let other = self_signed(folder, "elsewhere");
    let Some(server) = start_tls_server(&files, None) else {
        return;
    };
    for (file, host, code) in [
        (&files.certificate, "localhost", 0),
        (&files.certificate, "127.0.0.1", 3),
        (&other.certificate, "localhost", 3),
    ] {
        let parameters = format!("sslmode=verify-full&{}", root(file));
        let (found, text) = capture(&server, host, &parameters);
        assert_eq!(found, code, "{host}: {text}");
    }
}

#[test]
fn a_client_certificate_replaces_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let authority = Authority::create(folder, "authority");
    let files = authority.sign(folder, "localhost");
    let Some(server) = start_tls_server(&files, Some(&authority.file)) else {
        return;
    };
    let client = authority.sign(folder, "certified");
    server.execute(
        "CREATE ROLE certified LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO certified",
    );
    let url = server.url("certified").replace(&format!(":{PASSWORD}"), "");
    let (certificate, key) = (client.certificate.display(), client.key.display());
    let parameters = format!("sslmode=require&sslcert={certificate}&sslkey={key}");
    let (code, text) = capture_with(&format!("{url}?{parameters}"), |_, _| {});
    assert_eq!(code, 0, "{text}");
    assert_eq!(capture_with(&url, |_, _| {}).0, 3);
}

#[test]
fn a_server_without_tls_is_refused_if_it_is_required() {
    let Some(server) = Server::start() else {
        return;
    };
    fill_incident(&server);
    assert_eq!(capture(&server, "127.0.0.1", "sslmode=prefer").0, 0);
    let (code, text) = capture(&server, "127.0.0.1", "sslmode=require");
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("server does not support TLS"), "{text}");
}

#[test]
fn passwords_come_from_the_environment_and_from_password_files() {
    let Some(server) = Server::start() else {
        return;
    };
    fill_incident(&server);
    let url = server.url("owner").replace(&format!(":{PASSWORD}"), "");
    let (code, text) = capture_with(&url, |_, _| {});
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("PGPASSWORD or ~/.pgpass"), "{text}");
    let (code, text) = capture_with(&url, |_, command| {
        command.env("PGPASSWORD", PASSWORD);
    });
    assert_eq!(code, 0, "{text}");
    let write_file = |path: &Path| {
        std::fs::write(path, format!("127.0.0.1:*:*:owner:{PASSWORD}\n")).unwrap();
        let mut mode = Command::new("chmod");
        mode.arg("600").arg(path).status().unwrap();
    };
    let (code, text) = capture_with(&url, |home, _| write_file(&home.join(".pgpass")));
    assert_eq!(code, 0, "{text}");
    let (code, text) = capture_with(&url, |home, command| {
        write_file(&home.join("named"));
        command.env("PGPASSFILE", home.join("named"));
    });
    assert_eq!(code, 0, "{text}");
    // A wrong password of the environment is used, and not shown either.
    let (code, text) = capture_with(&url, |home, command| {
        write_file(&home.join(".pgpass"));
        command.env("PGPASSWORD", "an0ther-0ne");
    });
    assert_eq!(code, 3, "{text}");
    assert!(!text.contains("an0ther-0ne"), "{text}");
}
