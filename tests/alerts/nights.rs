//! Nights of the real engine, and what is heard of them.

use chrono::TimeDelta;
use plimsoll::domain::{Cell, Phase};
use plimsoll::engine::{self, EngineError, Outcome, RunObserver, RunRequest};
use plimsoll::notify::{
    Channels, DeliveryMode, DeliveryOutcome, Endpoint, Notifier, NotifyContext, Secret, deliver,
};
use plimsoll::store::StoreError;

use crate::outside::Outside;
use crate::stage::{JAN_8, Stage, day, nightly, stage};

/// Books, somebody outside, and a bell between them.
struct House {
    stage: Stage,
    outside: Outside,
    bell: Notifier,
}

impl House {
    fn new() -> Self {
        let outside = Outside::new();
        let post = |path: &str, token: Option<&str>| {
            Some(Endpoint {
                url: Secret::new(&outside.url(path)),
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
            stage: stage(JAN_8),
            bell: Notifier::new(channels),
            outside,
        }
    }

    fn books(&self) -> NotifyContext<'_> {
        NotifyContext {
            store: &self.stage.store,
            settings: &self.stage.settings,
            environment: &self.stage.environment,
        }
    }

    /// A run, and all that is told of it.
    fn night(&self, asked: &RunRequest) -> Result<Outcome, EngineError> {
        let ring = self.bell.for_run(asked);
        let watch = RunObserver {
            cancel: &false.into(),
            on_progress: &|_| {},
            on_event: &|moment| ring.on_event(moment),
        };
        let Stage {
            store,
            settings,
            environment,
            ..
        } = &self.stage;
        let outcome = engine::run(store, asked, settings, environment, &watch);
        ring.on_end(self.books(), outcome.as_ref());
        outcome
    }

    fn send(&self, haste: DeliveryMode) -> Vec<DeliveryOutcome> {
        let Stage {
            store, environment, ..
        } = &self.stage;
        let delivered = deliver(&self.bell, store, environment, haste).unwrap();
        delivered.into_iter().map(|letter| letter.outcome).collect()
    }

    fn advance(&self, by: TimeDelta) {
        self.stage.environment.wall_clock.advance(by);
    }

    /// A phase of a portfolio fails on the last session from here on.
    fn fail(&mut self, name: &str) {
        let cell = Cell::new(day("2026-01-08"), self.stage.portfolio(name).id);
        self.stage.settings.failing_phases = [(cell, Phase::Risk)].into_iter().collect();
    }

    fn mend(&mut self) {
        self.stage.settings.failing_phases = std::iter::empty().collect();
    }
}

const TAKEN: DeliveryOutcome = DeliveryOutcome::Accepted;

#[test]
fn a_good_night_is_told_to_the_dead_mans_switch_and_to_nobody_else() {
    let house = House::new();
    let outcome = house.night(&nightly()).unwrap();
    assert_eq!(house.send(DeliveryMode::DueOnly), [TAKEN]);
    let heard = house.outside.heard();
    let lines: Vec<_> = heard.iter().map(|one| one.line.as_str()).collect();
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
fn trouble_is_told_once_when_it_comes_when_it_spreads_and_when_it_is_over() {
    let mut house = House::new();
    house.fail("Tech Growth");
    house.night(&nightly()).unwrap();
    assert_eq!(house.send(DeliveryMode::DueOnly), [TAKEN, TAKEN, TAKEN]);
    let heard = house.outside.heard();
    let lines: Vec<_> = heard
        .iter()
        .map(|one| one.line.split(' ').nth(1).unwrap())
        .collect();
    assert!(lines[1].starts_with("/ping/1?"), "{lines:?}");
    assert_eq!(lines[2..], ["/topic", "/hook"]);
    let (ntfy, hook) = (&heard[2], heard[3].json());
    assert!(ntfy.has("title: Plimsoll: 1 portfolio failing"), "{ntfy:?}");
    assert!(ntfy.has("priority: high") && ntfy.has("authorization: Bearer tk_ntfy"));
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
    house.night(&nightly()).unwrap();
    house.send(DeliveryMode::DueOnly);
    assert_eq!(house.outside.lines().len(), 2);

    // Another one fails too.
    let more = house.stage.portfolio("High Net Worth").id;
    house
        .stage
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
                house.stage.environment.wall_clock.now(),
                run,
            )
        })
        .map_err(|error: StoreError| error)
        .unwrap();
    house.night(&nightly()).unwrap();
    house.send(DeliveryMode::DueOnly);
    let spread = house.outside.heard();
    assert_eq!(
        spread.last().unwrap().json()["spread"],
        serde_json::json!(["failing"])
    );

    // It is mended and done.
    house.mend();
    let range = plimsoll::domain::DayRange::ALL;
    let mut writer = house.stage.store.writer().unwrap();
    writer
        .write(|writing| writing.forget_failures(None, range))
        .map_err(|error: StoreError| error)
        .unwrap();
    drop(writer);
    house.night(&nightly()).unwrap();
    house.send(DeliveryMode::DueOnly);
    let over = house.outside.heard();
    let hook = over.last().unwrap().json();
    assert_eq!(
        (&hook["event"], &hook["stands"]),
        (&"well".into(), &serde_json::json!([]))
    );
    assert!(
        over[2].has("title: Plimsoll: all is well again"),
        "{:?}",
        over[2]
    );
}

#[test]
fn what_is_not_taken_waits_longer_each_time_and_is_given_up_after_a_day() {
    let house = House::new();
    house.outside.will_answer(&[200, 500, 503, 301]);
    house.night(&nightly()).unwrap();
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
    house.outside.will_answer(&[500]);
    house.advance(TimeDelta::hours(25));
    let given_up = DeliveryOutcome::GivenUp("it answered 500 Internal Server Error".to_owned());
    assert_eq!(house.send(DeliveryMode::DueOnly), [given_up]);
    assert!(house.send(DeliveryMode::All).is_empty());
}

#[test]
fn the_switch_hears_the_newest_night_alone() {
    let house = House::new();
    house.outside.will_answer(&[200, 500]);
    house.night(&nightly()).unwrap();
    house.send(DeliveryMode::DueOnly);
    house.night(&nightly()).unwrap();
    assert_eq!(house.send(DeliveryMode::All), [TAKEN]);
}

#[test]
fn a_run_of_one_portfolio_is_no_night() {
    let house = House::new();
    let mut asked = nightly();
    let one = house.stage.portfolio("Individual").id;
    asked.request.scope = plimsoll::domain::Scope::from_ids([one]).unwrap();
    house.night(&asked).unwrap();
    // It looked at everybody, and eleven are late.
    let delivered = house.send(DeliveryMode::DueOnly);
    assert_eq!(delivered, [TAKEN, TAKEN]);
    let heard = house.outside.heard();
    assert_eq!(heard[1].json()["late"], 11);
    assert_eq!(heard[0].line, "POST /topic HTTP/1.1");
    assert!(heard[0].body.contains("and 1 more"), "{}", heard[0].body);
}

#[test]
fn a_refusal_is_told_to_who_asked_and_to_nobody_else() {
    let house = House::new();
    let mut asked = nightly();
    asked.max_cells = Some(1);
    assert!(house.night(&asked).is_err());
    asked = nightly();
    asked.expected_plan = Some("ffffff".to_owned());
    assert!(house.night(&asked).is_err());
    assert!(house.send(DeliveryMode::All).is_empty());
    assert!(house.outside.heard().is_empty());
}

#[test]
fn a_run_that_an_error_stops_is_told_and_the_next_one_that_is_made() {
    let house = House::new();
    house.night(&nightly()).unwrap();
    house.send(DeliveryMode::DueOnly);
    house.outside.heard();
    let ring = |how: Result<&Outcome, &EngineError>| {
        house.bell.for_run(&nightly()).on_end(house.books(), how);
        house.send(DeliveryMode::All);
        house.outside.heard()
    };
    let error = EngineError::Store(StoreError::LeaseLost);
    let heard = ring(Err(&error));
    assert!(heard[0].line.starts_with("POST /ping/fail"), "{heard:?}");
    let hook = heard[2].json();
    assert_eq!(hook["came"], serde_json::json!(["run"]));
    assert!(hook["error"].as_str().unwrap().contains("lease"), "{hook}");
    assert_eq!(ring(Err(&error)).len(), 1, "told once");
    let outcome = house.stage.run(&nightly());
    let heard = ring(Ok(&outcome));
    assert_eq!(heard[2].json()["event"], "well");
}

#[test]
fn no_secret_is_in_the_database() {
    let house = House::new();
    house.outside.will_answer(&[500, 500, 500, 500]);
    let mut asked = nightly();
    asked.request.limit = plimsoll::plan::Limit::Cells(1);
    house.night(&asked).unwrap();
    house.night(&nightly()).unwrap();
    house.send(DeliveryMode::All);
    let letters = house
        .stage
        .store
        .read(|reading| reading.outbox_messages())
        .unwrap();
    assert!(letters.len() >= 3, "{letters:?}");
    for letter in letters {
        let port = house.outside.address.port().to_string();
        for secret in ["tk_ntfy", "127.0.0.1", &port, "/hook"] {
            assert!(!letter.content.contains(secret), "{}", letter.content);
        }
    }
}
