//! Metrics: content and access.

use plimsoll::serve::{AnonymousAccess, ServeSettings};

use crate::openapi::MIXED_STATES;
use crate::test_server::{start_server, start_server_with};

#[test]
fn metrics_report_the_lag_of_each_portfolio_and_the_last_run() {
    let server = start_server(MIXED_STATES);
    let run = server.start_run("");
    server.wait_for_end(&run);
    let answer = server.request("GET", "/metrics", None);
    assert_eq!(answer.status, 200);
    let format = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(answer.header("content-type"), format);
    let lines = answer.text.lines().filter(|line| !line.starts_with('#'));
    // Times and durations differ from run to run.
    let lines = lines.filter(|line| !line.contains("_seconds"));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    plimsoll_build_info{version="0.1.0"} 1
    plimsoll_lag_sessions 3
    plimsoll_portfolios{state="active"} 6
    plimsoll_portfolios{state="behind"} 2
    plimsoll_cells{state="complete"} 75
    plimsoll_cells{state="open"} 0
    plimsoll_cells{state="blocked"} 3
    plimsoll_cells{state="quarantined"} 1
    plimsoll_failed_cells 1
    plimsoll_portfolio_lag_sessions{id="06c6a037-5c4d-513e-b9d8-99a326fe7be0",portfolio="Harbour"} 0
    plimsoll_portfolio_lag_sessions{id="45741e1b-39d9-5a21-9e35-61633e059498",portfolio="Crashed"} 0
    plimsoll_portfolio_lag_sessions{id="e0be76c2-9fad-5e40-bfd2-a2e53c607de9",portfolio="Stuck"} 3
    plimsoll_portfolio_lag_sessions{id="49327000-71f4-5813-944b-349239a9da4f",portfolio="Flaky"} 0
    plimsoll_portfolio_lag_sessions{id="ff16f027-1cf0-5c56-bf37-f7c15d320310",portfolio="Closed"} 0
    plimsoll_portfolio_lag_sessions{id="7af8d06b-855f-505a-9c45-70e976c9c238",portfolio="Lone"} 3
    plimsoll_run_active 0
    plimsoll_run_at_work 0
    plimsoll_last_run_state{state="complete"} 0
    plimsoll_last_run_state{state="incomplete"} 1
    plimsoll_last_run_state{state="cancelled"} 0
    plimsoll_last_run_state{state="abandoned"} 0
    plimsoll_last_run_state{state="failed"} 0
    plimsoll_last_run_cells{state="planned"} 11
    plimsoll_last_run_cells{state="done"} 11
    plimsoll_last_run_cells{state="failed"} 0
    plimsoll_last_run_cells{state="blocked"} 3
    plimsoll_concerns{kind="run",severity="error"} 0
    plimsoll_concerns{kind="no-active-portfolios",severity="error"} 0
    plimsoll_concerns{kind="clock-behind",severity="error"} 0
    plimsoll_concerns{kind="damage",severity="error"} 0
    plimsoll_concerns{kind="verification-overdue",severity="error"} 0
    plimsoll_concerns{kind="late",severity="error"} 2
    plimsoll_concerns{kind="failing",severity="error"} 1
    plimsoll_concerns{kind="quarantined",severity="error"} 1
    plimsoll_concerns{kind="abandoned-run",severity="error"} 0
    plimsoll_concerns{kind="rejected-files",severity="error"} 0
    plimsoll_concerns{kind="waiting-files",severity="error"} 0
    plimsoll_concerns{kind="inbox-unreadable",severity="error"} 0
    plimsoll_concerns{kind="price-command",severity="error"} 0
    plimsoll_concerns{kind="unpriced-session",severity="error"} 0
    plimsoll_concerns{kind="stale-inputs",severity="error"} 0
    plimsoll_concerns{kind="stale-risk-inputs",severity="error"} 0
    plimsoll_concerns{kind="held-log",severity="warning"} 0
    plimsoll_concerns{kind="blocked",severity="warning"} 3
    plimsoll_concerns{kind="risk-absent",severity="warning"} 1
    plimsoll_concerns{kind="configuration-changed",severity="warning"} 0
    plimsoll_stale_value_share 0
    plimsoll_notifications_pending 0
    plimsoll_letters_waiting 0
    "#);
    for timed in [
        "plimsoll_target_timestamp_seconds 1767830400",
        "plimsoll_last_run_started_timestamp_seconds 17679132",
        "plimsoll_last_run_duration_seconds{stage=\"risk\"} 0.",
    ] {
        assert!(answer.text.contains(timed), "{timed}: {}", answer.text);
    }
}

#[test]
fn metrics_need_a_token_without_anonymous_access() {
    let server = start_server_with(MIXED_STATES, 4_096, |settings| ServeSettings {
        anonymous: AnonymousAccess::None,
        ..settings
    });
    assert_eq!(server.request("GET", "/metrics", None).status, 401);
    assert_eq!(server.get("/metrics").status, 200);
}

#[test]
fn unknown_parameters_of_metrics_and_the_probe_of_the_books_are_refused() {
    let server = start_server(MIXED_STATES);
    for path in ["/metrics?x=1", "/readyz?x=1"] {
        let answer = server.request("GET", path, None);
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
    }
}
