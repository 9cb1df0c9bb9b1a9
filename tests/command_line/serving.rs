//! `plimsoll serve` as a process: tokens, runs, signals and the schedule.

use crate::server_process::{ServerProcess, serve, serve_with};
use crate::workspace::Workspace;

const WORLD: &str = "description = \"many cells\"\nnow = 2026-01-08T18:00:00-05:00\nseed = 3\n[portfolios]\n\
    \"P01..P24\" = { inception = 2025-07-08 }\n";

const SMALL_WORLD: &str =
    "now = 2026-01-08T18:00:00-05:00\n[portfolios]\nA = { complete = \"..2026-01-06\" }\n";

#[test]
fn a_token_is_shown_once_listed_without_its_secret_and_revoked() {
    let workspace = Workspace::new();
    workspace.run_ok(&["init"]);
    let token = workspace.run_ok(&["-q", "token", "new", "night job", "--scope", "admin"]);
    let secret = token.trim().rsplit('_').next().unwrap();
    assert_eq!(secret.len(), 64);
    let list = workspace.run_ok(&["token", "list"]);
    assert!(
        list.contains("night job") && list.contains("admin"),
        "{list}"
    );
    let json = workspace.run_ok(&["token", "list", "--json"]);
    assert!(!list.contains(secret) && !json.contains(secret));
    let again = workspace.run(&["token", "new", "night job"]);
    assert_eq!(again.code, 3);
    assert!(again.stderr.contains("exists already") && again.stderr.contains("hint:"));
    workspace.run_ok(&["token", "revoke", "night job"]);
    assert!(workspace.run_ok(&["token", "list"]).contains("revoked"));
    assert_eq!(workspace.run(&["token", "revoke", "night job"]).code, 3);
    assert_eq!(
        workspace
            .run(&["token", "new", "x", "--scope", "write"])
            .code,
        2
    );
    assert_eq!(workspace.run(&["token", "new", "x", "--days", "0"]).code, 2);
}

#[test]
fn a_stopped_server_closes_its_run_and_logs_no_secret() {
    let workspace = Workspace::from_world(WORLD);
    workspace.write("plimsoll.toml", "[run]\nbatch-cells = 8\n");
    let token = workspace.run_ok(&["-q", "token", "new", "me", "--scope", "admin"]);
    let token = token.trim();
    let serving = serve(&workspace);
    let health = serving.request("GET", "/healthz", "");
    assert!(health.contains("\"status\":\"ok\""), "{health}");
    let started = serving.request("POST", "/api/v1/admin/batch/run", token);
    assert!(started.starts_with("HTTP/1.1 202"), "{started}");
    wait_until_running(&serving, token);
    let (code, log) = serving.stop("-TERM");
    assert_eq!(code, Some(0), "{log}");
    assert!(
        log.contains("ending:") && log.contains("POST /api/v1/admin/batch/run 202"),
        "{log}"
    );
    assert!(
        !log.contains(token.rsplit('_').next().unwrap()),
        "a secret is in the log"
    );
    let runs = workspace.run_ok(&["runs"]);
    assert!(runs.contains("cancelled"), "{runs}");
    workspace.run_ok(&["run"]);
    workspace.run_ok(&["verify"]);
}

#[test]
fn listen_keeps_the_other_keys_of_the_serve_section() {
    let workspace = Workspace::from_world(SMALL_WORLD);
    workspace.write(
        "plimsoll.toml",
        "[serve]\naddress = \"192.0.2.1:80\"\nanonymous = \"none\"\n",
    );
    let serving = serve_with(&workspace, &["--no-schedule"]);
    for path in ["/", "/plan", "/runs", "/health", "/progress", "/metrics"] {
        let answer = serving.request_anonymously("localhost", path);
        let expected = if path == "/metrics" { "401" } else { "303" };
        assert_eq!(answer.split(' ').nth(1), Some(expected), "{path}: {answer}");
    }
    serving.stop("-TERM");

    workspace.write(
        "plimsoll.toml",
        "[serve]\npublic-url = \"https://books.example.com\"\nanonymous = \"read\"\n",
    );
    let serving = serve_with(&workspace, &["--no-schedule"]);
    let page = serving.request_anonymously("books.example.com", "/");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    serving.stop("-TERM");
}

#[test]
fn an_address_in_use_is_refused_with_a_hint() {
    let workspace = Workspace::new();
    workspace.run_ok(&["init"]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let refused = workspace.run(&["serve", "--listen", &address]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(
        refused.stderr.contains(&address) && refused.stderr.contains("hint:"),
        "{}",
        refused.stderr
    );
}

/// Polls the active run until it has committed cells.
fn wait_until_running(serving: &ServerProcess, token: &str) {
    loop {
        let current = serving.request("GET", "/api/v1/admin/batch/run/current", token);
        if current.contains("\"state\":\"running\"") && !current.contains("\"done\":0,") {
            return;
        }
        assert!(
            !current.contains("\"run\":null"),
            "the run ended before it could be observed"
        );
    }
}

#[test]
fn a_server_killed_during_a_run_resumes_after_restart() {
    let workspace = Workspace::from_world(WORLD);
    workspace.write("plimsoll.toml", "[run]\nbatch-cells = 8\n");
    let token = workspace.run_ok(&["-q", "token", "new", "me", "--scope", "admin"]);
    let token = token.trim();
    let killed = serve(&workspace);
    killed.request("POST", "/api/v1/admin/batch/run", token);
    wait_until_running(&killed, token);
    let (code, _) = killed.stop("-KILL");
    assert_eq!(code, None, "the signal ended the server");

    let serving = serve(&workspace);
    // Committed cells stay, and no run is active.
    let current = serving.request("GET", "/api/v1/admin/batch/run/current", token);
    assert!(current.contains("\"run\":null"), "{current}");
    let started = serving.request("POST", "/api/v1/admin/batch/run", token);
    assert!(started.starts_with("HTTP/1.1 202"), "{started}");
    let done = loop {
        let last = serving.request("GET", "/api/v1/admin/batch/history/last", token);
        if !last.contains("\"state\":\"running\"") {
            break last;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert!(done.contains("\"state\":\"complete\""), "{done}");
    assert!(done.contains("it is marked abandoned"), "{done}");
    let (code, _) = serving.stop("-TERM");
    assert_eq!(code, Some(0));
    workspace.run_ok(&["verify", "--all"]);
    workspace.run_ok(&["check", "--max-lag", "0"]);
}

#[test]
fn a_started_server_catches_up_on_schedule() {
    let workspace = Workspace::new();
    workspace.run_ok(&["init"]);
    workspace.write(
        "portfolios.csv",
        "name,inception,currency\nCash,2026-01-02,USD\n",
    );
    workspace.run_ok(&["import", "portfolios", "portfolios.csv"]);
    let header = "id,portfolio,date,kind,symbol,quantity,price,amount\n";
    let deposit = format!("{header}d1,Cash,2026-01-02,deposit,,,,1000\n");
    workspace.write("transactions.csv", &deposit);
    workspace.run_ok(&["import", "transactions", "transactions.csv"]);
    assert_eq!(workspace.run(&["check"]).code, 1);
    let serving = serve(&workspace);
    while !workspace.run(&["runs"]).stdout.contains("complete") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    workspace.run_ok(&["check", "--max-lag", "0"]);
    let health = loop {
        let health = serving.request("GET", "/healthz", "");
        if !health.contains("\"next_run\":null") {
            break health;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert!(health.contains("\"next_run\":\"20"), "{health}");
    let page = serving.request("GET", "/", "");
    assert!(page.contains("Next scheduled run: "), "{page}");
    let (code, log) = serving.stop("-TERM");
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("started by the schedule"), "{log}");

    let idle = Workspace::new();
    idle.run_ok(&["init"]);
    idle.write("plimsoll.toml", "[schedule]\nruns = \"never\"\n");
    let serving = serve(&idle);
    assert!(
        serving
            .request("GET", "/healthz", "")
            .contains("\"next_run\":null")
    );
    serving.stop("-TERM");
    assert!(
        idle.run_ok(&["runs"]).contains("no run"),
        "{}",
        idle.run_ok(&["runs"])
    );
}
