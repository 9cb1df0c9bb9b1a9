//! Runs of the real engine and the notifications that a local HTTP server receives.

use chrono::TimeDelta;
use plimsoll::domain::{Cell, Phase};
use plimsoll::engine::{self, EngineError, Outcome, RunEvent, RunObserver, RunRequest};
use plimsoll::notify::{
    Channels, DeliveryMode, DeliveryOutcome, Endpoint, Notifier, NotifyContext, Secret, deliver,
};
use plimsoll::query::ConcernInputs;
use plimsoll::scenario::runner::FailingPhases;
use plimsoll::store::StoreError;

use crate::harness::{Harness, JAN_8, day, harness, nightly};
use crate::receiver::FakeReceiver;

/// A database, a notifier with all channels, and the server that receives its messages.
pub(crate) struct NotifyHarness {
    pub(crate) harness: Harness,
    receiver: FakeReceiver,
    notifier: Notifier,
    concern_inputs: ConcernInputs,
    failing_phases: FailingPhases,
}

impl NotifyHarness {
    pub(crate) fn new() -> Self {
        let receiver = FakeReceiver::new();
        let endpoint = |path: &str, token: Option<&str>| {
            Some(Endpoint {
                url: Secret::new(&receiver.url(path)),
                token: token.map(Secret::new),
            })
        };
        let channels = Channels {
            ping: endpoint("/ping?create=1", None),
            ntfy: endpoint("/topic", Some("tk_ntfy")),
            webhook: endpoint("/hook", None),
        };
        Self {
            harness: harness(JAN_8),
            notifier: Notifier::new(channels),
            receiver,
            concern_inputs: ConcernInputs::default(),
            failing_phases: FailingPhases::default(),
        }
    }

    fn context(&self) -> NotifyContext<'_> {
        NotifyContext {
            store: &self.harness.store,
            settings: &self.harness.settings,
            environment: &self.harness.environment,
            concern_inputs: &self.concern_inputs,
        }
    }

    /// Makes a run with its notifications.
    fn run(&self, run_request: &RunRequest) -> Result<Outcome, EngineError> {
        let notifications = self.notifier.for_run(run_request);
        let cancel = false.into();
        let observer = RunObserver {
            on_event: &|event| notifications.on_event(event),
            on_computed: &|cells| self.failing_phases.apply(cells),
            ..RunObserver::unobserved(&cancel)
        };
        let Harness {
            store,
            settings,
            environment,
            ..
        } = &self.harness;
        let outcome = engine::run(store, run_request, settings, environment, &observer);
        notifications.on_end(self.context(), outcome.as_ref());
        outcome
    }

    pub(crate) fn send(&self, mode: DeliveryMode) -> Vec<DeliveryOutcome> {
        let Harness {
            store, environment, ..
        } = &self.harness;
        let delivered = deliver(&self.notifier, store, environment, mode).unwrap();
        delivered.into_iter().map(|report| report.outcome).collect()
    }

    fn advance(&self, by: TimeDelta) {
        self.harness.environment.wall_clock.advance(by);
    }

    /// Makes the phase `risk` of a portfolio fail on the last session, from now on.
    fn inject_failure(&mut self, name: &str) {
        let cell = Cell::new(day("2026-01-08"), self.harness.portfolio(name).id);
        self.failing_phases = [(cell, Phase::Risk)].into_iter().collect();
    }

    fn clear_failures(&mut self) {
        self.failing_phases = FailingPhases::default();
    }
}

const ACCEPTED: DeliveryOutcome = DeliveryOutcome::Accepted;

#[test]
fn a_complete_run_pings_the_dead_mans_switch_only() {
    let notify = NotifyHarness::new();
    let outcome = notify.run(&nightly()).unwrap();
    assert_eq!(notify.send(DeliveryMode::DueOnly), [ACCEPTED]);
    let requests = notify.receiver.take_requests();
    let lines: Vec<_> = requests
        .iter()
        .map(|request| request.request_line.as_str())
        .collect();
    let run = outcome.run;
    assert_eq!(
        lines,
        [
            format!("POST /ping/start?create=1&rid={run} HTTP/1.1"),
            format!("POST /ping?create=1&rid={run} HTTP/1.1"),
        ]
    );
    let body = &requests[1].body;
    assert!(
        body.contains("ended complete: 36 of 36 cells done"),
        "{body}"
    );
    assert!(body.contains("watermark 2026-01-08"), "{body}");
    assert!(notify.send(DeliveryMode::All).is_empty());
}

#[test]
fn an_alert_is_sent_once_when_raised_when_it_spreads_and_when_cleared() {
    let mut notify = NotifyHarness::new();
    notify.inject_failure("Tech Growth");
    notify.run(&nightly()).unwrap();
    assert_eq!(
        notify.send(DeliveryMode::DueOnly),
        [ACCEPTED, ACCEPTED, ACCEPTED]
    );
    let requests = notify.receiver.take_requests();
    let lines: Vec<_> = requests
        .iter()
        .map(|request| request.request_line.split(' ').nth(1).unwrap())
        .collect();
    assert!(lines[1].starts_with("/ping/1?"), "{lines:?}");
    assert_eq!(lines[2..], ["/topic", "/hook"]);
    let (ntfy, hook) = (&requests[2], requests[3].json());
    assert!(
        ntfy.has_header("title: Plimsoll: 1 portfolio failing"),
        "{ntfy:?}"
    );
    assert!(ntfy.has_header("priority: high") && ntfy.has_header("authorization: Bearer tk_ntfy"));
    assert!(
        ntfy.body
            .contains("- Tech Growth, 1 session behind since 2026-01-08"),
        "{}",
        ntfy.body
    );
    assert_eq!(hook["event"], "worse");
    for key in ["raised", "came", "active-alerts", "stands"] {
        assert_eq!(hook[key], serde_json::json!(["failing"]), "{key}");
    }
    assert_eq!(hook["portfolios"][0]["name"], "Tech Growth");

    // An unchanged second run only pings the switch.
    notify.run(&nightly()).unwrap();
    notify.send(DeliveryMode::DueOnly);
    assert_eq!(notify.receiver.take_request_lines().len(), 2);

    // A second portfolio fails too.
    let more = notify.harness.portfolio("High Net Worth").id;
    notify
        .harness
        .store
        .writer()
        .unwrap()
        .write(|writing| {
            let run = writing.runs().latest(1)?[0].number;
            let cell = Cell::new(day("2026-01-08"), more);
            writing.failures().record(
                cell,
                Phase::Risk,
                "a test",
                notify.harness.environment.wall_clock.now(),
                run,
            )
        })
        .map_err(|error: StoreError| error)
        .unwrap();
    notify.run(&nightly()).unwrap();
    notify.send(DeliveryMode::DueOnly);
    let spread = notify.receiver.take_requests();
    assert_eq!(
        spread.last().unwrap().json()["spread"],
        serde_json::json!(["failing"])
    );

    // The failure is fixed and the cells are done.
    notify.clear_failures();
    let range = plimsoll::domain::DayRange::ALL;
    let mut writer = notify.harness.store.writer().unwrap();
    writer
        .write(|writing| writing.failures().forget_range(None, range))
        .map_err(|error: StoreError| error)
        .unwrap();
    drop(writer);
    notify.run(&nightly()).unwrap();
    notify.send(DeliveryMode::DueOnly);
    let cleared = notify.receiver.take_requests();
    let hook = cleared.last().unwrap().json();
    assert_eq!(
        (&hook["event"], &hook["active-alerts"]),
        (&"well".into(), &serde_json::json!([]))
    );
    assert!(
        cleared[2].has_header("title: Plimsoll: all alerts cleared"),
        "{:?}",
        cleared[2]
    );
}

#[test]
fn rejected_messages_are_retried_with_backoff_and_dropped_after_a_day() {
    let notify = NotifyHarness::new();
    notify.receiver.respond_with(&[200, 500, 503, 301]);
    notify.run(&nightly()).unwrap();
    let retry = |status: &str| vec![DeliveryOutcome::Retry(format!("HTTP {status}"))];
    assert_eq!(
        notify.send(DeliveryMode::DueOnly),
        retry("500 Internal Server Error")
    );
    assert!(
        notify.send(DeliveryMode::DueOnly).is_empty(),
        "sent before its next attempt"
    );
    notify.advance(TimeDelta::seconds(30));
    assert_eq!(
        notify.send(DeliveryMode::DueOnly),
        retry("503 Service Unavailable")
    );
    notify.advance(TimeDelta::seconds(59));
    assert!(notify.send(DeliveryMode::DueOnly).is_empty());
    notify.advance(TimeDelta::seconds(1));
    assert_eq!(
        notify.send(DeliveryMode::DueOnly),
        retry("301 Moved Permanently")
    );
    notify.receiver.respond_with(&[500]);
    notify.advance(TimeDelta::hours(25));
    let given_up = DeliveryOutcome::GivenUp("HTTP 500 Internal Server Error".to_owned());
    assert_eq!(notify.send(DeliveryMode::DueOnly), [given_up]);
    assert!(notify.send(DeliveryMode::All).is_empty());
}

#[test]
fn only_the_newest_ping_is_delivered() {
    let notify = NotifyHarness::new();
    notify.receiver.respond_with(&[200, 500]);
    notify.run(&nightly()).unwrap();
    notify.send(DeliveryMode::DueOnly);
    notify.run(&nightly()).unwrap();
    assert_eq!(notify.send(DeliveryMode::All), [ACCEPTED]);
}

#[test]
fn a_run_of_one_portfolio_sends_no_ping() {
    let notify = NotifyHarness::new();
    let mut run_request = nightly();
    let portfolio = notify.harness.portfolio("Individual").id;
    run_request.request.scope = plimsoll::domain::Scope::from_ids([portfolio]).unwrap();
    notify.run(&run_request).unwrap();
    // Alert conditions cover all portfolios, and eleven are late.
    let delivered = notify.send(DeliveryMode::DueOnly);
    assert_eq!(delivered, [ACCEPTED, ACCEPTED]);
    let requests = notify.receiver.take_requests();
    assert_eq!(requests[1].json()["late"], 11);
    assert_eq!(requests[0].request_line, "POST /topic HTTP/1.1");
    assert!(
        requests[0].body.contains("and 1 more"),
        "{}",
        requests[0].body
    );
}

#[test]
fn a_refused_run_sends_nothing() {
    let notify = NotifyHarness::new();
    let mut run_request = nightly();
    run_request.max_cells = Some(1);
    assert!(notify.run(&run_request).is_err());
    run_request = nightly();
    run_request.expected_plan = Some("ffffff".to_owned());
    assert!(notify.run(&run_request).is_err());
    assert!(notify.send(DeliveryMode::All).is_empty());
    assert!(notify.receiver.take_requests().is_empty());
}

#[test]
fn a_failed_run_raises_an_alert_and_the_next_run_clears_it() {
    let notify = NotifyHarness::new();
    notify.run(&nightly()).unwrap();
    notify.send(DeliveryMode::DueOnly);
    notify.receiver.take_requests();
    let finish = |result: Result<&Outcome, &EngineError>| {
        notify
            .notifier
            .for_run(&nightly())
            .on_end(notify.context(), result);
        notify.send(DeliveryMode::All);
        notify.receiver.take_requests()
    };
    let error = EngineError::Store(StoreError::LeaseLost);
    let requests = finish(Err(&error));
    assert!(
        requests[0].request_line.starts_with("POST /ping/fail"),
        "{requests:?}"
    );
    let hook = requests[2].json();
    assert_eq!(hook["raised"], serde_json::json!(["run"]));
    assert!(hook["error"].as_str().unwrap().contains("lease"), "{hook}");
    assert_eq!(finish(Err(&error)).len(), 1, "the alert is sent once");
    let outcome = notify.harness.run(&nightly());
    let requests = finish(Ok(&outcome));
    assert_eq!(requests[2].json()["event"], "well");
}

#[test]
fn a_run_that_is_refused_after_its_start_ends_its_ping() {
    let notify = NotifyHarness::new();
    let run = plimsoll::domain::RunId::new(notify.harness.environment.ids.next());
    let run_request = nightly();
    let notifications = notify.notifier.for_run(&run_request);
    notifications.on_event(&RunEvent::Started { run });
    notifications.on_event(&RunEvent::Planned);
    // The sources changed, and the new plan is over the limit.
    let (planned, allowed) = (31, 30);
    let error = EngineError::TooManyCells { planned, allowed };
    notifications.on_end(notify.context(), Err(&error));
    notify.send(DeliveryMode::All);
    let requests = notify.receiver.take_requests();
    let pings: Vec<_> = requests.iter().map(|r| r.request_line.as_str()).collect();
    assert!(pings[0].starts_with("POST /ping/start"), "{pings:?}");
    assert!(pings[1].starts_with("POST /ping/fail"), "{pings:?}");
}

#[test]
fn no_secret_is_in_the_database() {
    let notify = NotifyHarness::new();
    notify.receiver.respond_with(&[500, 500, 500, 500]);
    let mut run_request = nightly();
    run_request.request.limit = plimsoll::plan::Limit::Cells(1);
    notify.run(&run_request).unwrap();
    notify.run(&nightly()).unwrap();
    notify.send(DeliveryMode::All);
    let messages = notify
        .harness
        .store
        .read(|reading| reading.outbox().messages())
        .unwrap();
    assert!(messages.len() >= 3, "{messages:?}");
    for report in messages {
        let port = notify.receiver.address.port().to_string();
        for secret in ["tk_ntfy", "127.0.0.1", &port, "/hook"] {
            assert!(!report.content.contains(secret), "{}", report.content);
        }
    }
}
