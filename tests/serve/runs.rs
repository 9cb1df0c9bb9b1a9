//! Runs over the API, as the incident's operators start and watch them.

use std::time::Duration;

use plimsoll::environment::Clock;
use plimsoll::store::RunState;

use crate::test_server::{JAN_8, TestServer, start_server, start_server_with};

const RUN: &str = "/api/v1/admin/batch/run";

/// Some 6,000 cells, taken in by transactions of eight: long enough to be met at work.
const LONG: &str = "now = 2026-01-08T18:00:00-05:00\nseed = 3\n[portfolios]\n\
    \"P01..P48\" = { inception = 2025-07-08 }\n";

fn long_run_server() -> TestServer {
    start_server_with(LONG, 8, |settings| settings)
}

/// Waits until the run at work has committed something.
fn wait_for_a_commit(house: &TestServer) -> serde_json::Value {
    let clock = Clock::system();
    loop {
        let current = house.get(&format!("{RUN}/current")).json();
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
    let house = start_server(JAN_8);
    let answer = house.post(RUN);
    assert_eq!(answer.status, 202);
    let run = answer.json()["run"].as_str().unwrap().to_owned();
    assert_eq!(
        answer.header("location"),
        format!("/api/v1/admin/batch/history/{run}")
    );
    let ended = house.wait_for_end(&run);
    assert_eq!(
        (&ended["state"], &ended["progress"]["done"]),
        (&"complete".into(), &36.into())
    );
    assert_eq!(ended["record"]["certificate"]["verdict"], "holds");
    assert_eq!(house.get("/api/v1/status").json()["behind"], 0);

    let forced = "?force_rerun=true&start_date=2026-01-05&end_date=2026-01-08";
    let one = house.start_run(&format!("{forced}&portfolio_id=Tech%20Growth"));
    assert_eq!(house.wait_for_end(&one)["progress"]["done"], 4);
    let all = house.start_run(forced);
    assert_eq!(house.wait_for_end(&all)["progress"]["done"], 52);
}

#[test]
fn invalid_run_requests_are_rejected_before_any_write() {
    let house = start_server(JAN_8);
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
        ("?force_rerun=1", 400, "`1` is neither true nor false"),
        (
            "?portfolio_id=Nobody",
            422,
            "no portfolio is known as `Nobody`",
        ),
        (
            "?portfolio_id=Nobody&portfolio_id=Individual",
            422,
            "known as `Nobody`",
        ),
        (
            "?portfolio_id=Nobody&skip_unknown=true",
            422,
            "nobody is left in scope",
        ),
        ("?portfolio_id=", 422, "no portfolio is known as ``"),
        ("?portfolio=Individual", 400, "`portfolio` is no parameter"),
        ("?target=2026-01-09", 422, "`2026-01-09` is not final yet"),
        ("?policy=newest", 400, "`newest` is no policy"),
        ("?max_cells=35", 422, "the plan has 36 cells"),
        ("?plan=0000", 409, "the plan is `"),
        ("?end_date=2150-01-01", 422, "2150"),
        ("?skip_unknown=true", 422, "needs a `portfolio_id`"),
    ] {
        let answer = house.post(&format!("{RUN}{query}"));
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
        assert!(answer.detail().contains(detail), "{query}: {}", answer.text);
    }
    let history = house.get("/api/v1/admin/batch/history").json();
    assert_eq!(
        history["items"].as_array().unwrap().len(),
        1,
        "only the past of the world"
    );
}

#[test]
fn the_plan_shown_is_the_plan_run() {
    let house = start_server(JAN_8);
    let plan = house.get("/api/v1/plan").json();
    assert_eq!(plan["cells"], 36);
    let id = plan["id"].as_str().unwrap();
    let run = house.start_run(&format!("?plan={id}&max_cells=36"));
    assert_eq!(house.wait_for_end(&run)["plan"], id);
    assert_eq!(
        house.post(&format!("{RUN}?plan={id}")).json()["code"],
        "plan-changed"
    );
}

#[test]
fn a_second_run_is_rejected_as_busy_and_the_first_cancels_after_its_transaction() {
    let house = long_run_server();
    let run = house.start_run("");
    let at_work = wait_for_a_commit(&house);
    assert_eq!(at_work["key"].as_str(), Some(run.as_str()));
    let second = house.post(RUN);
    assert_eq!(second.status, 409, "{}", second.text);
    assert_eq!(second.json()["run"].as_str(), Some(run.as_str()));

    let cancelled = house.post(&format!("{RUN}/{run}/cancel"));
    assert_eq!(cancelled.status, 202, "{}", cancelled.text);
    let ended = house.wait_for_end(&run);
    assert_eq!(ended["state"], "cancelled");
    let certificate = &ended["record"]["certificate"];
    assert_eq!(certificate["verdict"], "holds");
    assert!(certificate["deferred"].as_u64() > Some(0), "{certificate}");

    let next = house.wait_for_end(&house.start_run(""));
    assert_eq!(next["state"], "complete");
    assert_eq!(house.get("/api/v1/status").json()["behind"], 0);
}

#[test]
fn events_report_progress_until_the_run_ends() {
    let house = long_run_server();
    let run = house.start_run("");
    let told = house.get(&format!("{RUN}/current/events"));
    assert_eq!(told.header("content-type"), "text/event-stream");
    let data = told
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let data: Vec<serde_json::Value> = data
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert!(data.len() > 3, "{}", told.text);
    let done = data
        .iter()
        .map(|event| event["run"]["progress"]["done"].as_u64().unwrap());
    assert!(done.is_sorted(), "{}", told.text);
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

    let idle = house.get(&format!("{RUN}/current/events"));
    assert!(idle.text.starts_with("event: ended"), "{}", idle.text);
}

#[test]
fn the_server_answers_while_all_processors_compute() {
    let house = long_run_server();
    house.start_run("");
    wait_for_a_commit(&house);
    let mut slowest = Duration::ZERO;
    let mut met = 0;
    for _ in 0..100 {
        let clock = Clock::system();
        let answer = house.request("GET", "/healthz", None);
        slowest = slowest.max(clock.elapsed());
        met += u32::from(!answer.json()["run"].is_null());
    }
    assert!(met > 0, "the run was through before it could be met");
    assert!(slowest < Duration::from_millis(500), "{slowest:?}");
}

#[test]
fn shutdown_closes_the_run_as_cancelled() {
    let mut house = long_run_server();
    house.start_run("");
    wait_for_a_commit(&house);
    house.stop();
    let runs = house.store.read(|reading| reading.runs(1)).unwrap();
    assert_eq!(runs[0].state, RunState::Cancelled);
    assert!(runs[0].progress.done > 0 && runs[0].progress.done < runs[0].progress.planned);
    assert!(std::net::TcpStream::connect(house.address).is_err());
}

#[test]
fn a_run_of_another_process_is_visible_and_cannot_be_cancelled() {
    let house = start_server(JAN_8);
    let run = house.hold_foreign_run();
    let current = house.get(&format!("{RUN}/current")).json();
    assert_eq!(current["run"]["key"].as_str(), Some(run.as_str()));
    let refused = house.post(&format!("{RUN}/{run}/cancel"));
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (409, &"elsewhere".into())
    );
    let busy = house.post(RUN);
    assert_eq!(
        (busy.status, busy.json()["run"].as_str()),
        (409, Some(run.as_str()))
    );
}
