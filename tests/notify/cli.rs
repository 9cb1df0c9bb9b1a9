//! The program as cron starts it.

use std::path::Path;
use std::process::{Command, Output};

use crate::receiver::FakeReceiver;

fn plimsoll(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("PLIMSOLL_DB")
        .env_remove("PLIMSOLL_CONFIG")
        .env("THE_HOOK", "http://127.0.0.1:1/secret-hook")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_run_from_cron_notifies_and_a_dead_channel_fails_nothing() {
    let outside = FakeReceiver::new();
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("ping"), outside.url("/secret-ping\n")).unwrap();
    let config = "[alerts.ping]\nurl-file = \"ping\"\n[alerts.webhook]\nurl-env = \"THE_HOOK\"\n";
    std::fs::write(here.join("plimsoll.toml"), config).unwrap();
    assert!(plimsoll(here, &["init"]).status.success());
    let ran = plimsoll(here, &["run"]);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    assert_eq!(
        outside.take_request_lines(),
        ["POST /secret-ping/start?", "POST /secret-ping?"]
    );

    let tested = plimsoll(here, &["alerts", "test"]);
    assert_eq!(tested.status.code(), Some(1));
    let said = text(&tested.stdout);
    assert!(said.contains("ping     took it"), "{said}");
    assert!(said.contains("webhook  did not take it"), "{said}");
    assert_eq!(outside.take_request_lines(), ["POST /secret-ping/log"]);

    let shown = text(&plimsoll(here, &["alerts"]).stdout);
    assert!(shown.contains("webhook (127.0.0.1:1)"), "{shown}");
    for output in [&ran, &tested] {
        let all = text(&output.stdout) + &text(&output.stderr) + &shown;
        assert!(!all.contains("secret-"), "{all}");
    }
}

#[test]
fn a_missing_secret_does_not_prevent_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(
        here.join("plimsoll.toml"),
        "[alerts.ping]\nurl-file = \"none\"\n",
    )
    .unwrap();
    assert!(plimsoll(here, &["init"]).status.success());
    let ran = plimsoll(here, &["run"]);
    assert_eq!(ran.status.code(), Some(0));
    let said = text(&ran.stderr);
    assert!(said.contains("nobody is told of this run"), "{said}");
    assert!(said.contains("alerts.ping.url"), "{said}");
    let shown = plimsoll(here, &["alerts"]);
    assert_eq!(shown.status.code(), Some(3), "{}", text(&shown.stderr));
}
