//! A month of nights, lived through with the real engine and a clock of our own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::scheduler::{Scheduler, TickOutcome};
use crate::engine::Settings;
use crate::environment::Environment;
use crate::notify::{Channels, Notifier};
use crate::plan::Policy;
use crate::query::ALL_ACTIVE;
use crate::scenario::load;
use crate::scenario::world::World;
use crate::serve::app_state::AppState;
use crate::serve::extract::Selection;
use crate::serve::runner::RunEnd;
use crate::serve::settings::{Schedule, ServeSettings, ServerContext};
use crate::store::{RunState, Store};

/// Two portfolios that begin on a Monday, with prices for all of the five weeks after.
const NOVEMBER: &str = "
now = 2025-12-01T23:00:00-05:00
seed = 1
[portfolios]
Alba = { inception = 2025-10-27 }
Bora = { inception = 2025-10-27 }
";

/// A server's desk that a test holds the clock of.
struct ScheduledServer {
    folder: tempfile::TempDir,
    store: Store,
    /// Kept, so that nobody is told to end.
    _stop: watch::Sender<bool>,
    desk: Arc<AppState>,
    scheduler: Scheduler,
}

impl ScheduledServer {
    fn new(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::read(NOVEMBER).unwrap();
        let settings = Settings::new_york();
        let path = folder.path().join("books.db");
        let store = load(&world, "november", &path, &settings, &|_| {}).unwrap();
        std::fs::create_dir(folder.path().join("inbox")).unwrap();
        let now: DateTime<Utc> = now.parse().unwrap();
        let stop = watch::Sender::new(false);
        let desk = app_state(&store, folder.path(), Environment::fixed(now, 1), &stop);
        Self {
            scheduler: Scheduler::new(&desk),
            folder,
            store,
            _stop: stop,
            desk,
        }
    }

    /// The server is started again, some time later.
    fn restart_after(&mut self, outage: TimeDelta) {
        self.advance(outage);
        let next = self.desk.context.environment.successor().unwrap();
        self.desk = app_state(&self.store, self.folder.path(), next, &self._stop);
        self.scheduler = Scheduler::new(&self.desk);
    }

    fn now(&self) -> DateTime<Utc> {
        self.desk.context.environment.clock.now()
    }

    fn advance(&self, by: TimeDelta) {
        self.desk.context.environment.clock.advance(by);
        self.desk.context.environment.wall_clock.advance(by);
    }

    /// What a look says, and what it was that was done: sessions, by when.
    async fn tick(&mut self) -> TickOutcome {
        self.scheduler.tick().await
    }

    /// Sleeps until a second before the next run, sees that nothing happens, and looks again.
    async fn sleep_until(&mut self, next: DateTime<Utc>) -> TickOutcome {
        self.advance(next - self.now() - TimeDelta::seconds(1));
        assert_eq!(self.tick().await, TickOutcome::Idle(next), "a second early");
        self.advance(TimeDelta::seconds(1));
        self.tick().await
    }

    /// One line of the last run: when, and what it did.
    fn last_run(&self) -> String {
        let run = self
            .store
            .read(|reading| reading.runs(1))
            .unwrap()
            .remove(0);
        let zone = Settings::new_york().calendar.zone();
        let started = run.started.with_timezone(&zone).format("%a %b %d %H:%M %Z");
        let sessions = run.progress.done / 2;
        format!("{started}: {}, {sessions} to {}", run.state, run.target)
    }

    /// Another close of a held security, in the inbox.
    fn drop_late_price(&self) {
        let day = "2025-11-03".parse().unwrap();
        let (symbol, close) = self
            .store
            .read(|reading| {
                let held = reading.securities()?.remove(0);
                Ok::<_, crate::store::StoreError>((held.symbol, reading.close(held.id, day)?))
            })
            .unwrap();
        let corrected = close.unwrap().to_f64() * 1.01;
        let text = format!("symbol,date,close\n{symbol},2025-11-03,{corrected:.2}\n");
        let folder = self.folder.path().join("inbox/prices");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("late.csv"), text).unwrap();
    }

    fn runs(&self) -> usize {
        self.store.read(|reading| reading.runs(100)).unwrap().len()
    }
}

fn app_state(
    store: &Store,
    folder: &Path,
    environment: Environment,
    stop: &watch::Sender<bool>,
) -> Arc<AppState> {
    let served = ServerContext {
        store: store.clone(),
        engine: Settings::new_york(),
        policy: Policy::default(),
        jobs: None,
        inbox: Some(folder.join("inbox")),
        environment,
        settings: ServeSettings::default(),
        schedule: Schedule::WhenFinal,
        notifier: Notifier::new(Channels::default()),
    };
    AppState::new(served, stop.subscribe())
}

const COMPLETE: TickOutcome = TickOutcome::Ran(RunEnd::Finished(RunState::Complete));

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_sessions_runs_once_each_and_catches_up_after_an_outage() {
    // Wednesday evening: three sessions are missing.
    let mut house = ScheduledServer::new("2025-10-29T22:00:00Z");
    assert_eq!(house.tick().await, COMPLETE);
    let mut told = vec![house.last_run()];
    let outage = "2025-11-12T12:00:00Z".parse().unwrap();
    let mut lives_on = true;
    while house.now() < "2025-12-01T20:00:00Z".parse::<DateTime<Utc>>().unwrap() {
        let TickOutcome::Idle(next) = house.tick().await else {
            panic!("a run is made twice");
        };
        if lives_on && next > outage {
            lives_on = false;
            house.advance(outage - house.now());
            house.restart_after(TimeDelta::days(3));
            assert_eq!(house.tick().await, COMPLETE);
        } else {
            assert_eq!(house.sleep_until(next).await, COMPLETE);
        }
        told.push(house.last_run());
    }
    assert_eq!(house.runs(), told.len());
    insta::assert_snapshot!(told.join("\n"), @r"
    Wed Oct 29 18:00 EDT: complete, 3 to 2025-10-29
    Thu Oct 30 16:30 EDT: complete, 1 to 2025-10-30
    Fri Oct 31 16:30 EDT: complete, 1 to 2025-10-31
    Mon Nov 03 16:30 EST: complete, 1 to 2025-11-03
    Tue Nov 04 16:30 EST: complete, 1 to 2025-11-04
    Wed Nov 05 16:30 EST: complete, 1 to 2025-11-05
    Thu Nov 06 16:30 EST: complete, 1 to 2025-11-06
    Fri Nov 07 16:30 EST: complete, 1 to 2025-11-07
    Mon Nov 10 16:30 EST: complete, 1 to 2025-11-10
    Tue Nov 11 16:30 EST: complete, 1 to 2025-11-11
    Sat Nov 15 07:00 EST: complete, 3 to 2025-11-14
    Mon Nov 17 16:30 EST: complete, 1 to 2025-11-17
    Tue Nov 18 16:30 EST: complete, 1 to 2025-11-18
    Wed Nov 19 16:30 EST: complete, 1 to 2025-11-19
    Thu Nov 20 16:30 EST: complete, 1 to 2025-11-20
    Fri Nov 21 16:30 EST: complete, 1 to 2025-11-21
    Mon Nov 24 16:30 EST: complete, 1 to 2025-11-24
    Tue Nov 25 16:30 EST: complete, 1 to 2025-11-25
    Wed Nov 26 16:30 EST: complete, 1 to 2025-11-26
    Fri Nov 28 13:30 EST: complete, 1 to 2025-11-28
    Mon Dec 01 16:30 EST: complete, 1 to 2025-12-01
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn source_changes_start_a_run_once_they_settle() {
    let mut house = ScheduledServer::new("2025-11-05T22:00:00Z");
    assert_eq!(house.tick().await, COMPLETE);
    assert!(matches!(house.tick().await, TickOutcome::Idle(_)));
    house.drop_late_price();
    // Seen for the first time, and then for the second.
    assert!(matches!(house.tick().await, TickOutcome::Idle(_)));
    assert_eq!(house.tick().await, COMPLETE);
    let before = house.runs();
    for _ in 0..3 {
        assert!(matches!(house.tick().await, TickOutcome::Idle(_)));
    }
    assert_eq!(house.runs(), before);
}

/// A run of another process; nothing of it is done where it is cancelled from the start.
fn run_elsewhere(house: &ScheduledServer, cancel: &AtomicBool) -> Environment {
    let beside = house.desk.context.environment.sibling().unwrap();
    let asked = Selection::default().resolve(&house.desk.context).unwrap();
    let watch = crate::engine::RunObserver::unobserved(cancel);
    let settings = Settings::new_york();
    crate::engine::run(&house.store, &asked, &settings, &beside, &watch).unwrap();
    beside
}

/// A run of another process is at work for three minutes.
fn hold_lease_elsewhere(house: &ScheduledServer) {
    let other = house.desk.context.environment.sibling().unwrap();
    let start = crate::store::NewRun {
        key: crate::domain::RunId::new(other.ids.next()),
        started: other.wall_clock.now(),
        policy: "per-cell".to_owned(),
        scope: ALL_ACTIVE.to_owned(),
        target: "2025-11-05".parse().unwrap(),
        plan: String::new(),
        progress: crate::store::Progress::default(),
    };
    let mut writer = house.store.writer().unwrap();
    let lease = writer.write(|writing| {
        let run = writing.start_run(&start)?;
        writing.acquire_lease(run, &other, TimeDelta::minutes(3))
    });
    let _: crate::store::Lease = lease.map_err(|it: crate::store::StoreError| it).unwrap();
    drop(writer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_by_another_process_counts() {
    let mut house = ScheduledServer::new("2025-11-05T22:00:00Z");
    run_elsewhere(&house, &AtomicBool::new(false));
    let next = "2025-11-06T21:30:00Z".parse().unwrap();
    assert_eq!(house.tick().await, TickOutcome::Idle(next));
    assert_eq!(*house.desk.next_run.borrow(), Some(next));
    assert_eq!(house.runs(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_is_repeated_at_start() {
    let mut house = ScheduledServer::new("2025-11-05T22:00:00Z");
    run_elsewhere(&house, &AtomicBool::new(true));
    assert_eq!(house.tick().await, COMPLETE);
    assert_eq!(house.runs(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scheduler_retries_every_minute_while_another_run_holds_the_lease() {
    let mut house = ScheduledServer::new("2025-11-05T22:00:00Z");
    hold_lease_elsewhere(&house);
    for minute in 1..=3 {
        assert_eq!(house.tick().await, TickOutcome::Refused, "minute {minute}");
        let again = house.now() + TimeDelta::minutes(1);
        assert_eq!(house.tick().await, TickOutcome::Idle(again));
        house.advance(TimeDelta::minutes(1));
    }
    // The lease has run out, and nobody knows whether its process lives.
    house.advance(TimeDelta::seconds(1));
    assert_eq!(house.tick().await, COMPLETE);
}

#[tokio::test(flavor = "multi_thread")]
async fn source_changes_wait_while_another_run_is_running() {
    let mut house = ScheduledServer::new("2025-11-05T22:00:00Z");
    assert_eq!(house.tick().await, COMPLETE);
    hold_lease_elsewhere(&house);
    house.drop_late_price();
    let next = "2025-11-06T21:30:00Z".parse().unwrap();
    for _ in 0..3 {
        assert_eq!(house.tick().await, TickOutcome::Idle(next));
    }
    house.advance(TimeDelta::seconds(181));
    assert_eq!(
        house.tick().await,
        TickOutcome::Idle(next),
        "seen for the first time"
    );
    assert_eq!(house.tick().await, COMPLETE);
}
