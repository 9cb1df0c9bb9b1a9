//! Runs over the API with the parameters of the incident's operators.

use std::time::Duration;

use plimsoll::environment::Clock;
use plimsoll::store::RunState;

use crate::test_server::{JAN_8, TestServer, start_server, start_server_with};

const RUN: &str = "/api/v1/admin/batch/run";

/// About 6,000 cells in transactions of eight: long enough to be observed while running.
const LONG: &str = "now = 2026-01-08T18:00:00-05:00\nseed = 3\n[portfolios]\n\
    \"P01..P48\" = { inception = 2025-07-08 }\n";

fn long_run_server() -> TestServer {
    start_server_with(LONG, 8, |settings| settings)
}

/// Waits until the current run has committed a transaction.
fn wait_for_a_commit(server: &TestServer) -> serde_json::Value {
    let clock = Clock::system();
    loop {
        let current = server.get(&format!("{RUN}/current")).json();
        if current["run"]["progress"]["done"].as_u64() > Some(0) {
            return current["run"].clone();
        }
        assert!(
            clock.elapsed().as_secs() < 60,
            "nothing is committed: {current}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_incident_is_fixed_with_the_original_parameters() {
    let server = start_server(JAN_8);
    let answer = server.post(RUN);
    assert_eq!(answer.status, 202);
    let run = answer.json()["run"].as_str().unwrap().to_owned();
    assert_eq!(
        answer.header("location"),
        format!("/api/v1/admin/batch/history/{run}")
    );
    let ended = server.wait_for_end(&run);
    assert_eq!(
        (&ended["state"], &ended["progress"]["done"]),
        (&"complete".into(), &36.into())
    );
    assert_eq!(ended["record"]["certificate"]["verdict"], "holds");
    assert_eq!(server.get("/api/v1/status").json()["behind"], 0);

    let forced = "?force_rerun=true&start_date=2026-01-05&end_date=2026-01-08";
    let single = server.start_run(&format!("{forced}&portfolio_id=Tech%20Growth"));
    assert_eq!(server.wait_for_end(&single)["progress"]["done"], 4);
    let all = server.start_run(forced);
    assert_eq!(server.wait_for_end(&all)["progress"]["done"], 52);
}

#[test]
fn invalid_run_requests_are_rejected_before_any_write() {
    let server = start_server(JAN_8);
    for (query, status, detail) in [
        (
            "?force_rerun=true",
            422,
            "needs `start_date` and `end_date`",
        ),
        (
            "?force_rerun=true&start_date=2026-01-05",
            422,
            "needs `start_date` and `end_date`",
        ),
        (
            "?start_date=2026-01-08&end_date=2026-01-05",
            422,
            "after its end `2026-01-05`",
        ),
        (
            "?start_date=05.01.2026",
            400,
            "`start_date`: `05.01.2026` is not a date",
        ),
        ("?force_rerun=1", 400, "`1` must be `true` or `false`"),
        ("?portfolio_id=Unknown", 422, "unknown portfolio `Unknown`"),
        (
            "?portfolio_id=Unknown&portfolio_id=Individual",
            422,
            "unknown portfolio `Unknown`",
        ),
        (
            "?portfolio_id=Unknown&skip_unknown=true",
            422,
            "no portfolio left in scope",
        ),
        ("?portfolio_id=", 422, "unknown portfolio ``"),
        (
            "?portfolio=Individual",
            400,
            "unknown parameter `portfolio`",
        ),
        ("?target=2026-01-09", 422, "`2026-01-09` is not final yet"),
        ("?policy=newest", 400, "unknown policy `newest`"),
        ("?max_cells=35", 422, "the plan has 36 cells"),
        ("?plan=0000", 409, "the plan is `"),
        ("?end_date=2150-01-01", 422, "2150"),
        ("?skip_unknown=true", 422, "needs a `portfolio_id`"),
    ] {
        let answer = server.post(&format!("{RUN}{query}"));
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
        assert!(answer.detail().contains(detail), "{query}: {}", answer.text);
    }
    let history = server.get("/api/v1/admin/batch/history").json();
    assert_eq!(
        history["items"].as_array().unwrap().len(),
        1,
        "only the past of the world"
    );
}

#[test]
fn the_plan_shown_is_the_plan_run() {
    let server = start_server(JAN_8);
    let plan = server.get("/api/v1/plan").json();
    assert_eq!(plan["cells"], 36);
    let id = plan["id"].as_str().unwrap();
    let run = server.start_run(&format!("?plan={id}&max_cells=36"));
    assert_eq!(server.wait_for_end(&run)["plan"], id);
    assert_eq!(
        server.post(&format!("{RUN}?plan={id}")).json()["code"],
        "plan-changed"
    );
}

#[test]
fn a_second_run_is_rejected_as_busy_and_the_first_cancels_after_its_transaction() {
    let server = long_run_server();
    let run = server.start_run("");
    let current = wait_for_a_commit(&server);
    assert_eq!(current["key"].as_str(), Some(run.as_str()));
    let second = server.post(RUN);
    assert_eq!(second.status, 409, "{}", second.text);
    assert_eq!(second.json()["run"].as_str(), Some(run.as_str()));

    let cancelled = server.post(&format!("{RUN}/{run}/cancel"));
    assert_eq!(cancelled.status, 202, "{}", cancelled.text);
    let ended = server.wait_for_end(&run);
    assert_eq!(ended["state"], "cancelled");
    let certificate = &ended["record"]["certificate"];
    assert_eq!(certificate["verdict"], "holds");
    assert!(certificate["deferred"].as_u64() > Some(0), "{certificate}");

    let next = server.wait_for_end(&server.start_run(""));
    assert_eq!(next["state"], "complete");
    assert_eq!(server.get("/api/v1/status").json()["behind"], 0);
}

#[test]
fn events_report_progress_until_the_run_ends() {
    let server = long_run_server();
    let run = server.start_run("");
    let stream = server.get(&format!("{RUN}/current/events"));
    assert_eq!(stream.header("content-type"), "text/event-stream");
    let data = stream
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let data: Vec<serde_json::Value> = data
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert!(data.len() > 3, "{}", stream.text);
    let done = data
        .iter()
        .map(|event| event["run"]["progress"]["done"].as_u64().unwrap());
    assert!(done.is_sorted(), "{}", stream.text);
    assert!(
        data.iter()
            .all(|event| event["run"]["key"].as_str() == Some(run.as_str()))
    );
    let percents = data
        .iter()
        .filter_map(|event| event["run"]["percent"].as_f64());
    assert!(
        percents
            .into_iter()
            .all(|percent| (0.0..=100.0).contains(&percent))
    );
    assert_eq!(data.last().unwrap()["run"]["state"], "complete");

    let idle = server.get(&format!("{RUN}/current/events"));
    assert!(idle.text.starts_with("event: ended"), "{}", idle.text);
}

#[test]
fn the_server_answers_while_all_processors_compute() {
    let server = long_run_server();
    server.start_run("");
    wait_for_a_commit(&server);
    let mut times = Vec::new();
    let mut met = 0;
    for _ in 0..100 {
        let clock = Clock::system();
        let answer = server.request("GET", "/healthz", None);
        times.push(clock.elapsed());
        met += u32::from(!answer.json()["run"].is_null());
    }
    assert!(met > 0, "the run was through before it could be met");
    // A few may wait for the processors, which other tests use too.
    times.sort();
    let median = times[times.len() / 2];
    assert!(median < Duration::from_millis(500), "{median:?}");
}

#[test]
fn shutdown_closes_the_run_as_cancelled() {
    let mut server = long_run_server();
    server.start_run("");
    wait_for_a_commit(&server);
    server.stop();
    let runs = server
        .store
        .read(|reading| reading.runs().latest(1))
        .unwrap();
    assert_eq!(runs[0].state, RunState::Cancelled);
    assert!(runs[0].progress.done > 0 && runs[0].progress.done < runs[0].progress.planned);
    assert!(std::net::TcpStream::connect(server.address).is_err());
}

#[test]
fn a_run_of_another_process_is_visible_and_cannot_be_cancelled() {
    let server = start_server(JAN_8);
    let run = server.hold_foreign_run();
    let current = server.get(&format!("{RUN}/current")).json();
    assert_eq!(current["run"]["key"].as_str(), Some(run.as_str()));
    let refused = server.post(&format!("{RUN}/{run}/cancel"));
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (409, &"elsewhere".into())
    );
    let busy = server.post(RUN);
    assert_eq!(
        (busy.status, busy.json()["run"].as_str()),
        (409, Some(run.as_str()))
    );
}

#[test]
fn a_run_without_an_active_portfolio_is_refused_and_leaves_no_run() {
    let now = "now = 2026-01-08T18:00:00-05:00\n[portfolios]\n";
    let gone = "Gone = { inception = 2026-01-02, deleted-at = 2026-01-05T09:00:00-05:00 }\n";
    for (portfolios, reason) in [
        ("", "no active portfolio: the database has none"),
        (gone, "no active portfolio: the only one is deleted"),
    ] {
        let server = start_server(&format!("{now}{portfolios}"));
        for refused in [server.post(RUN), server.get("/api/v1/plan")] {
            assert_eq!((refused.status, refused.detail()), (422, reason.to_owned()));
        }
        let history = server.get("/api/v1/admin/batch/history").json();
        assert_eq!(history["items"].as_array().unwrap().len(), 0);
    }
}
