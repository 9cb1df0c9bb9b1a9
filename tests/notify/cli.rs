//! Tests the notifications of the built program, started as cron does: with a working directory and
//! a secret in the environment.

use std::path::Path;
use std::process::{Command, Output};

use chrono::TimeDelta;
use plimsoll::environment::Environment;
use plimsoll::store::{Store, StoreError};

use crate::receiver::FakeReceiver;

fn plimsoll(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("PLIMSOLL_DB")
        .env_remove("PLIMSOLL_CONFIG")
        // Nothing listens on port 1, so the webhook of these tests always fails.
        .env("THE_HOOK", "http://127.0.0.1:1/secret-hook")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Creates a database with a portfolio of the future: nothing is due, and nothing needs attention.
fn init(path: &Path) {
    std::fs::write(path.join("p.csv"), "name,inception\nLater,2035-01-02\n").unwrap();
    for arguments in [&["init"][..], &["import", "portfolios", "p.csv"]] {
        assert!(plimsoll(path, arguments).status.success());
    }
}

#[test]
fn a_run_from_cron_notifies_and_a_dead_channel_fails_nothing() {
    let receiver = FakeReceiver::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("ping"), receiver.url("/secret-ping\n")).unwrap();
    let config = "[alerts.ping]\nurl-file = \"ping\"\n[alerts.webhook]\nurl-env = \"THE_HOOK\"\n";
    std::fs::write(path.join("plimsoll.toml"), config).unwrap();
    init(path);
    let ran = plimsoll(path, &["run"]);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    assert_eq!(
        receiver.take_request_lines(),
        ["POST /secret-ping/start?", "POST /secret-ping?"]
    );

    let tested = plimsoll(path, &["alerts", "test"]);
    assert_eq!(tested.status.code(), Some(1));
    let output = text(&tested.stdout);
    assert!(output.contains("ping     ok"), "{output}");
    assert!(output.contains("webhook  failed"), "{output}");
    assert_eq!(receiver.take_request_lines(), ["POST /secret-ping/log"]);

    let shown = text(&plimsoll(path, &["alerts"]).stdout);
    assert!(shown.contains("webhook (127.0.0.1:1)"), "{shown}");
    for output in [&ran, &tested] {
        let printed = text(&output.stdout) + &text(&output.stderr) + &shown;
        assert!(!printed.contains("secret-"), "{printed}");
    }
}

#[test]
fn a_message_that_is_given_up_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let config = "[alerts.webhook]\nurl-env = \"THE_HOOK\"\n";
    std::fs::write(path.join("plimsoll.toml"), config).unwrap();
    init(path);
    let message = r#"{"letter":"news","title":"t","text":"x","tone":"worse","body":{}}"#;
    let store = Store::open(path.join("plimsoll.db")).unwrap();
    let now = Environment::system(None).wall_clock.now();
    let mut writer = store.writer().unwrap();
    let added = writer.write(|writing| {
        // The new message is tried again, and each attempt reports only what it tried.
        for created in [now - TimeDelta::hours(25), now] {
            writing.outbox().add("webhook", message, created)?;
        }
        Ok::<_, StoreError>(())
    });
    added.unwrap();
    drop(writer);
    let ran = plimsoll(path, &["run"]);
    let output = text(&ran.stderr);
    let given_up = output.matches("given up after a day").count();
    let pending = output.matches("the next run tries again").count();
    assert_eq!((given_up, pending), (1, 1), "{output}");
}

#[test]
fn a_missing_secret_does_not_prevent_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(
        path.join("plimsoll.toml"),
        "[alerts.ping]\nurl-file = \"none\"\n",
    )
    .unwrap();
    init(path);
    let ran = plimsoll(path, &["run"]);
    assert_eq!(ran.status.code(), Some(0));
    let output = text(&ran.stderr);
    assert!(output.contains("no notifications for this run"), "{output}");
    assert!(output.contains("alerts.ping.url"), "{output}");
    let shown = plimsoll(path, &["alerts"]);
    assert_eq!(shown.status.code(), Some(3), "{}", text(&shown.stderr));
}

/// Writes a configuration with an inbox, a webhook and a dead man's switch.
fn configure_inbox(path: &Path, receiver: &FakeReceiver) {
    let (ping, hook) = (receiver.url("/ping"), receiver.url("/hook"));
    let config = format!(
        "[inbox]\nfolder = \"inbox\"\n[alerts.ping]\nurl = \"{ping}\"\n\
         [alerts.webhook]\nurl = \"{hook}\"\n"
    );
    std::fs::write(path.join("plimsoll.toml"), config).unwrap();
    std::fs::create_dir(path.join("inbox")).unwrap();
}

/// Returns the bodies of the messages to the webhook since the last call.
fn hooks(receiver: &FakeReceiver) -> Vec<serde_json::Value> {
    let requests = receiver.take_requests().into_iter();
    let hooks = requests.filter(|request| request.request_line.starts_with("POST /hook"));
    hooks.map(|request| request.json()).collect()
}

#[test]
fn a_second_rejected_file_sends_a_second_message() {
    let receiver = FakeReceiver::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    configure_inbox(path, &receiver);
    init(path);
    let rejected = path.join("inbox/rejected/prices");
    std::fs::create_dir_all(&rejected).unwrap();
    std::fs::write(rejected.join("a.csv"), "").unwrap();
    plimsoll(path, &["run"]);
    assert_eq!(hooks(&receiver)[0]["raised"][0], "rejected-files");
    plimsoll(path, &["run"]);
    assert_eq!(hooks(&receiver).len(), 0);
    std::fs::write(rejected.join("b.csv"), "").unwrap();
    plimsoll(path, &["run"]);
    let spread = hooks(&receiver);
    assert_eq!(spread[0]["spread"][0], "rejected-files");
    let message = spread[0]["text"].as_str().unwrap();
    assert!(message.contains("b.csv"), "{message}");
}

#[test]
fn an_inbox_that_cannot_be_listed_stops_the_run_and_notifies() {
    let receiver = FakeReceiver::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    configure_inbox(path, &receiver);
    init(path);
    let inbox = path.join("inbox");
    // First the inbox itself, then the folder of a kind, which is a file here.
    for damage in [
        (|inbox: &Path| std::fs::remove_dir_all(inbox).unwrap()) as fn(&Path),
        |inbox| {
            std::fs::remove_dir(inbox.join("prices")).unwrap();
            std::fs::write(inbox.join("prices"), "").unwrap();
        },
        |inbox| {
            std::fs::remove_dir_all(inbox.join("prices")).unwrap();
            std::os::unix::fs::symlink("absent", inbox.join("prices")).unwrap();
        },
    ] {
        damage(&inbox);
        let refused = plimsoll(path, &["run"]);
        assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stderr));
        let requests = receiver.take_requests();
        let lines: Vec<_> = requests.iter().map(|sent| &sent.request_line).collect();
        assert!(lines[0].starts_with("POST /ping/fail"), "{lines:?}");
        let hook = requests[1].json();
        assert_eq!(hook["raised"][0], "inbox-unreadable", "{hook}");
        assert_eq!(plimsoll(path, &["check"]).status.code(), Some(1));

        let _ = std::fs::remove_file(inbox.join("prices"));
        std::fs::create_dir_all(&inbox).unwrap();
        assert!(plimsoll(path, &["run"]).status.success());
        assert_eq!(hooks(&receiver)[0]["cleared"][0], "inbox-unreadable");
    }
}

#[test]
fn a_run_without_an_active_portfolio_is_refused_and_notifies() {
    let receiver = FakeReceiver::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    configure_inbox(path, &receiver);
    init(path);
    assert!(
        plimsoll(path, &["portfolio", "delete", "Later"])
            .status
            .success()
    );
    let refused = plimsoll(path, &["run"]);
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused.stderr));
    let requests = receiver.take_requests();
    let lines: Vec<_> = requests.iter().map(|sent| &sent.request_line).collect();
    assert!(lines[0].starts_with("POST /ping/fail"), "{lines:?}");
    let hook = requests[1].json();
    assert_eq!(hook["raised"][0], "no-active-portfolios", "{hook}");
    assert!(
        plimsoll(path, &["portfolio", "restore", "Later"])
            .status
            .success()
    );
    assert!(plimsoll(path, &["run"]).status.success());
    assert_eq!(hooks(&receiver)[0]["cleared"][0], "no-active-portfolios");
}
