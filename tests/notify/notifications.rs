//! Nights of the real engine, and what is heard of them.

use chrono::TimeDelta;
use plimsoll::domain::{Cell, Phase};
use plimsoll::engine::{self, EngineError, Outcome, RunObserver, RunRequest};
use plimsoll::notify::{
    Channels, DeliveryMode, DeliveryOutcome, Endpoint, Notifier, NotifyContext, Secret, deliver,
};
use plimsoll::store::StoreError;

use crate::harness::{Harness, JAN_8, day, harness, nightly};
use crate::receiver::FakeReceiver;

/// Books, somebody outside, and a bell between them.
struct NotifyHarness {
    harness: Harness,
    receiver: FakeReceiver,
    notifier: Notifier,
}

impl NotifyHarness {
    fn new() -> Self {
        let receiver = FakeReceiver::new();
        let post = |path: &str, token: Option<&str>| {
            Some(Endpoint {
                url: Secret::new(&receiver.url(path)),
                token: token.map(Secret::new),
            })
        };
        let channels = Channels {
            ping: post("/ping?create=1", None),
            ntfy: post("/topic", Some("tk_ntfy")),
            webhook: post("/hook", None),
            max_lag: 1,
        };
        Self {
            harness: harness(JAN_8),
            notifier: Notifier::new(channels),
            receiver,
        }
    }

    fn context(&self) -> NotifyContext<'_> {
        NotifyContext {
            store: &self.harness.store,
            settings: &self.harness.settings,
            environment: &self.harness.environment,
        }
    }

    /// A run, and all that is told of it.
    fn run(&self, asked: &RunRequest) -> Result<Outcome, EngineError> {
        let ring = self.notifier.for_run(asked);
        let watch = RunObserver {
            cancel: &false.into(),
            on_progress: &|_| {},
            on_event: &|moment| ring.on_event(moment),
        };
        let Harness {
            store,
            settings,
            environment,
            ..
        } = &self.harness;
        let outcome = engine::run(store, asked, settings, environment, &watch);
        ring.on_end(self.context(), outcome.as_ref());
        outcome
    }

    fn send(&self, haste: DeliveryMode) -> Vec<DeliveryOutcome> {
        let Harness {
            store, environment, ..
        } = &self.harness;
        let delivered = deliver(&self.notifier, store, environment, haste).unwrap();
        delivered.into_iter().map(|letter| letter.outcome).collect()
    }

    fn advance(&self, by: TimeDelta) {
        self.harness.environment.wall_clock.advance(by);
    }

    /// A phase of a portfolio fails on the last session from here on.
    fn inject_failure(&mut self, name: &str) {
        let cell = Cell::new(day("2026-01-08"), self.harness.portfolio(name).id);
        self.harness.settings.failing_phases = [(cell, Phase::Risk)].into_iter().collect();
    }

    fn clear_failures(&mut self) {
        self.harness.settings.failing_phases = std::iter::empty().collect();
    }
}

const ACCEPTED: DeliveryOutcome = DeliveryOutcome::Accepted;

#[test]
fn a_complete_run_pings_the_dead_mans_switch_only() {
    let house = NotifyHarness::new();
    let outcome = house.run(&nightly()).unwrap();
    assert_eq!(house.send(DeliveryMode::DueOnly), [ACCEPTED]);
    let heard = house.receiver.take_requests();
    let lines: Vec<_> = heard.iter().map(|one| one.request_line.as_str()).collect();
    let run = outcome.run;
    assert_eq!(
        lines,
        [
            format!("POST /ping/start?create=1&rid={run} HTTP/1.1"),
            format!("POST /ping?create=1&rid={run} HTTP/1.1"),
        ]
    );
    let body = &heard[1].body;
    assert!(
        body.contains("ended complete: 36 of 36 cells done"),
        "{body}"
    );
    assert!(body.contains("watermark 2026-01-08"), "{body}");
    assert!(house.send(DeliveryMode::All).is_empty());
}

#[test]
fn an_alert_is_sent_once_when_raised_when_it_spreads_and_when_cleared() {
    let mut house = NotifyHarness::new();
    house.inject_failure("Tech Growth");
    house.run(&nightly()).unwrap();
    assert_eq!(
        house.send(DeliveryMode::DueOnly),
        [ACCEPTED, ACCEPTED, ACCEPTED]
    );
    let heard = house.receiver.take_requests();
    let lines: Vec<_> = heard
        .iter()
        .map(|one| one.request_line.split(' ').nth(1).unwrap())
        .collect();
    assert!(lines[1].starts_with("/ping/1?"), "{lines:?}");
    assert_eq!(lines[2..], ["/topic", "/hook"]);
    let (ntfy, hook) = (&heard[2], heard[3].json());
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
    assert_eq!(hook["came"], serde_json::json!(["failing"]));
    assert_eq!(hook["portfolios"][0]["name"], "Tech Growth");

    // The same night again: the switch hears of it, and nobody else.
    house.run(&nightly()).unwrap();
    house.send(DeliveryMode::DueOnly);
    assert_eq!(house.receiver.take_request_lines().len(), 2);

    // Another one fails too.
    let more = house.harness.portfolio("High Net Worth").id;
    house
        .harness
        .store
        .writer()
        .unwrap()
        .write(|writing| {
            let run = writing.runs(1)?[0].number;
            let cell = Cell::new(day("2026-01-08"), more);
            writing.record_failure(
                cell,
                Phase::Risk,
                "a test",
                house.harness.environment.wall_clock.now(),
                run,
            )
        })
        .map_err(|error: StoreError| error)
        .unwrap();
    house.run(&nightly()).unwrap();
    house.send(DeliveryMode::DueOnly);
    let spread = house.receiver.take_requests();
    assert_eq!(
        spread.last().unwrap().json()["spread"],
        serde_json::json!(["failing"])
    );

    // It is mended and done.
    house.clear_failures();
    let range = plimsoll::domain::DayRange::ALL;
    let mut writer = house.harness.store.writer().unwrap();
    writer
        .write(|writing| writing.forget_failures(None, range))
        .map_err(|error: StoreError| error)
        .unwrap();
    drop(writer);
    house.run(&nightly()).unwrap();
    house.send(DeliveryMode::DueOnly);
    let over = house.receiver.take_requests();
    let hook = over.last().unwrap().json();
    assert_eq!(
        (&hook["event"], &hook["stands"]),
        (&"well".into(), &serde_json::json!([]))
    );
    assert!(
        over[2].has_header("title: Plimsoll: all is well again"),
        "{:?}",
        over[2]
    );
}

#[test]
fn rejected_messages_are_retried_with_backoff_and_dropped_after_a_day() {
    let house = NotifyHarness::new();
    house.receiver.respond_with(&[200, 500, 503, 301]);
    house.run(&nightly()).unwrap();
    let again = |status: &str| vec![DeliveryOutcome::Retry(format!("it answered {status}"))];
    assert_eq!(
        house.send(DeliveryMode::DueOnly),
        again("500 Internal Server Error")
    );
    assert!(
        house.send(DeliveryMode::DueOnly).is_empty(),
        "not before its time"
    );
    house.advance(TimeDelta::seconds(30));
    assert_eq!(
        house.send(DeliveryMode::DueOnly),
        again("503 Service Unavailable")
    );
    house.advance(TimeDelta::seconds(59));
    assert!(house.send(DeliveryMode::DueOnly).is_empty());
    house.advance(TimeDelta::seconds(1));
    assert_eq!(
        house.send(DeliveryMode::DueOnly),
        again("301 Moved Permanently")
    );
    house.receiver.respond_with(&[500]);
    house.advance(TimeDelta::hours(25));
    let given_up = DeliveryOutcome::GivenUp("it answered 500 Internal Server Error".to_owned());
    assert_eq!(house.send(DeliveryMode::DueOnly), [given_up]);
    assert!(house.send(DeliveryMode::All).is_empty());
}

#[test]
fn only_the_newest_ping_is_delivered() {
    let house = NotifyHarness::new();
    house.receiver.respond_with(&[200, 500]);
    house.run(&nightly()).unwrap();
    house.send(DeliveryMode::DueOnly);
    house.run(&nightly()).unwrap();
    assert_eq!(house.send(DeliveryMode::All), [ACCEPTED]);
}

#[test]
fn a_run_of_one_portfolio_sends_no_ping() {
    let house = NotifyHarness::new();
    let mut asked = nightly();
    let one = house.harness.portfolio("Individual").id;
    asked.request.scope = plimsoll::domain::Scope::from_ids([one]).unwrap();
    house.run(&asked).unwrap();
    // It looked at everybody, and eleven are late.
    let delivered = house.send(DeliveryMode::DueOnly);
    assert_eq!(delivered, [ACCEPTED, ACCEPTED]);
    let heard = house.receiver.take_requests();
    assert_eq!(heard[1].json()["late"], 11);
    assert_eq!(heard[0].request_line, "POST /topic HTTP/1.1");
    assert!(heard[0].body.contains("and 1 more"), "{}", heard[0].body);
}

#[test]
fn a_refused_run_sends_nothing() {
    let house = NotifyHarness::new();
    let mut asked = nightly();
    asked.max_cells = Some(1);
    assert!(house.run(&asked).is_err());
    asked = nightly();
    asked.expected_plan = Some("ffffff".to_owned());
    assert!(house.run(&asked).is_err());
    assert!(house.send(DeliveryMode::All).is_empty());
    assert!(house.receiver.take_requests().is_empty());
}

#[test]
fn a_failed_run_raises_an_alert_and_the_next_run_clears_it() {
    let house = NotifyHarness::new();
    house.run(&nightly()).unwrap();
    house.send(DeliveryMode::DueOnly);
    house.receiver.take_requests();
    let ring = |how: Result<&Outcome, &EngineError>| {
        house
            .notifier
            .for_run(&nightly())
            .on_end(house.context(), how);
        house.send(DeliveryMode::All);
        house.receiver.take_requests()
    };
    let error = EngineError::Store(StoreError::LeaseLost);
    let heard = ring(Err(&error));
    assert!(
        heard[0].request_line.starts_with("POST /ping/fail"),
        "{heard:?}"
    );
    let hook = heard[2].json();
    assert_eq!(hook["came"], serde_json::json!(["run"]));
    assert!(hook["error"].as_str().unwrap().contains("lease"), "{hook}");
    assert_eq!(ring(Err(&error)).len(), 1, "told once");
    let outcome = house.harness.run(&nightly());
    let heard = ring(Ok(&outcome));
    assert_eq!(heard[2].json()["event"], "well");
}

#[test]
fn no_secret_is_in_the_database() {
    let house = NotifyHarness::new();
    house.receiver.respond_with(&[500, 500, 500, 500]);
    let mut asked = nightly();
    asked.request.limit = plimsoll::plan::Limit::Cells(1);
    house.run(&asked).unwrap();
    house.run(&nightly()).unwrap();
    house.send(DeliveryMode::All);
    let letters = house
        .harness
        .store
        .read(|reading| reading.outbox_messages())
        .unwrap();
    assert!(letters.len() >= 3, "{letters:?}");
    for letter in letters {
        let port = house.receiver.address.port().to_string();
        for secret in ["tk_ntfy", "127.0.0.1", &port, "/hook"] {
            assert!(!letter.content.contains(secret), "{}", letter.content);
        }
    }
}
