//! A price feed that stops: every surface says so for as long as it lasts, and an operator can end
//! the wait.

use crate::server_process::serve_with;
use crate::walkthrough::{copy_examples, import_examples};
use crate::workspace::{Workspace, words};

/// The weekdays from January 9 to February 9, 2026, after the last close of the walkthrough. January
/// 19 is a holiday.
const MONTH: [&str; 22] = [
    "01-09", "01-12", "01-13", "01-14", "01-15", "01-16", "01-19", "01-20", "01-21", "01-22",
    "01-23", "01-26", "01-27", "01-28", "01-29", "01-30", "02-02", "02-03", "02-04", "02-05",
    "02-06", "02-09",
];

fn evening(day: &str) -> String {
    format!("2026-{day}T18:00:00-05:00")
}

/// The database of the walkthrough, complete up to January 8.
fn walkthrough() -> Workspace {
    let workspace = Workspace::new();
    copy_examples(&workspace.path("examples"));
    workspace.run_ok(&["init"]);
    import_examples(&workspace);
    workspace.run_ok(&["--now", &evening("01-08"), "run", "-q"]);
    workspace
}

/// Returns a page of a server that runs for this request only.
fn page(workspace: &Workspace, more: &[&str], path: &str) -> String {
    let server = serve_with(workspace, more);
    let page = server.request_anonymously("localhost", path);
    server.stop("-TERM");
    page
}

#[test]
fn the_walkthrough_left_alone_for_a_month_is_never_green() {
    let workspace = walkthrough();
    let check = ["check", "--max-lag", "0"];
    for day in MONTH {
        let now = evening(day);
        let at = |arguments: &[&str]| workspace.run(&[&["--now", &now], arguments].concat());
        let run = at(&["run"]);
        assert_eq!(run.code, 1, "{day}: {}", run.stdout);
        assert!(
            run.stdout.contains("all cells wait"),
            "{day}: {}",
            run.stdout
        );
        assert_eq!(at(&check).code, 1, "{day}");
        let status = at(&["status"]);
        assert!(
            status
                .stdout
                .contains("2 of 2 portfolios behind the target"),
            "{day}: {}",
            status.stdout
        );
        assert!(
            status.stdout.contains("u unpriced session"),
            "{}",
            status.stdout
        );
        let metrics = at(&["metrics"]).stdout;
        assert!(is_late(&metrics), "{day}: {metrics}");
    }
    let now = evening("02-09");
    let at = |arguments: &[&str]| workspace.run(&[&["--now", &now], arguments].concat());
    let plan = at(&["plan"]).stdout;
    assert!(
        words(&plan).contains("4 of 4 held securities without a close"),
        "{plan}"
    );
    assert!(!plan.contains("all is complete"), "{plan}");
    let explained = at(&["explain", "Harbour", "2026-02-09"]).stdout;
    assert!(
        words(&explained).contains("4 of 4 securities have no close"),
        "{explained}"
    );
    assert!(
        explained.contains("accept-prices --from 2026-02-09"),
        "{explained}"
    );
    let verified = at(&["verify", "--all"]).stdout;
    assert!(!verified.contains("complete"), "{verified}");
    let overview = page(&workspace, &["--now", &now], "/");
    assert!(!overview.contains("are complete"), "{overview}");
    let health = page(&workspace, &["--now", &now], "/health");
    assert!(health.contains("Unpriced sessions"), "{health}");
    let ready = page(&workspace, &["--now", &now], "/readyz");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    let metrics = page(&workspace, &["--now", &now], "/metrics");
    assert!(is_late(&metrics), "{metrics}");
}

/// Returns whether metrics have a portfolio that is behind, and a concern that is an error.
fn is_late(metrics: &str) -> bool {
    let positive = |name: &str| {
        metrics.lines().any(|line| {
            let value = line
                .strip_prefix(name)
                .and_then(|rest| rest.rsplit(' ').next());
            value
                .and_then(|value| value.parse::<f64>().ok())
                .is_some_and(|value| value > 0.0)
        })
    };
    let concern = ["unpriced-session", "late", "blocked"];
    let concern = concern.map(|kind| format!("plimsoll_concerns{{kind=\"{kind}\""));
    positive("plimsoll_lag_sessions") && concern.iter().any(|name| positive(name))
}

#[test]
fn prices_of_sessions_that_are_not_due_are_not_accepted() {
    let workspace = walkthrough();
    let at = |evening: &str, arguments: &[&str]| {
        workspace.run(&[&["--now", evening], arguments].concat())
    };
    let (today, tomorrow) = (evening("01-12"), evening("01-13"));
    let range = ["--from", "2026-01-09", "--to", "2026-12-31"];
    let accept = [
        &["accept-prices", "--reason", "the year is wrong"],
        &range[..],
    ]
    .concat();
    let accepted = at(&today, &accept);
    let says = "Sessions after 2026-01-12 are not accepted, since they are not due yet.";
    assert!(accepted.stdout.contains(says), "{}", accepted.stdout);
    assert_eq!(at(&today, &["run"]).code, 0);
    assert_eq!(at(&tomorrow, &["run"]).code, 1);
}

#[test]
fn accepted_prices_end_the_wait_until_they_are_revoked() {
    let workspace = walkthrough();
    let now = evening("01-12");
    let at = |arguments: &[&str]| workspace.run(&[&["--now", &now], arguments].concat());
    let range = ["--from", "2026-01-09", "--to", "2026-01-12"];
    let accept =
        |reason: &[&str]| at(&[&["accept-prices", "--by", "anna"], &range[..], reason].concat());
    assert_eq!(accept(&[]).code, 2);
    assert_eq!(accept(&["--reason", " "]).code, 2);
    let reason = ["--reason", "the exchange was closed"];
    let accepted = accept(&reason);
    assert_eq!(accepted.code, 0, "{}", accepted.stderr);
    assert!(
        accepted.stdout.contains("2 unpriced sessions"),
        "{}",
        accepted.stdout
    );
    let again = accept(&reason);
    assert_eq!(again.code, 3, "{}", again.stdout);
    assert!(again.stderr.contains("hint:"), "{}", again.stderr);

    assert_eq!(at(&["run"]).code, 0);
    let explained = at(&["explain", "Harbour", "2026-01-09"]).stdout;
    assert!(explained.contains("the exchange was closed"), "{explained}");
    let list = at(&["accept-prices"]).stdout;
    assert!(list.contains("2026-01-09..2026-01-12, by anna"), "{list}");
    let status = at(&["status"]).stdout;
    assert!(status.contains("accepted"), "{status}");
    assert_eq!(at(&["verify", "--all"]).code, 0);

    assert_eq!(at(&["accept-prices", "--revoke", "9"]).code, 3);
    assert_eq!(at(&["accept-prices", "--revoke", "1"]).code, 0);
    assert_eq!(at(&["accept-prices", "--revoke", "1"]).code, 3);
    let run = at(&["run"]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(at(&["accept-prices"]).stdout.contains("revoked"));

    // Of two decisions on the same sessions, the second does all of them.
    let shorter = [
        "accept-prices",
        "--from",
        "2026-01-09",
        "--to",
        "2026-01-09",
    ];
    assert_eq!(
        at(&[&shorter[..], &["--by", "anna"], &reason].concat()).code,
        0
    );
    assert_eq!(accept(&reason).code, 0);
    let revoked = at(&["accept-prices", "--revoke", "2"]);
    assert!(
        revoked
            .stdout
            .contains("0 cell phases invalidated; no session waits for closes again"),
        "{}{}",
        revoked.stdout,
        revoked.stderr
    );
    let revoked = at(&["accept-prices", "--revoke", "3"]).stdout;
    assert!(
        revoked.contains("the cells of 2 sessions wait for closes again"),
        "{revoked}"
    );
}
