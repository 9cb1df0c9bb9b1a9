//! A month of nights, lived through with the real engine and a clock of our own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::scheduler::{Look, Scheduler};
use crate::engine::Settings;
use crate::environment::Environment;
use crate::notify::{Channels, Notifier};
use crate::plan::Policy;
use crate::query::ALL_ACTIVE;
use crate::scenario::load;
use crate::scenario::world::World;
use crate::serve::asked::Selection;
use crate::serve::desk::Desk;
use crate::serve::runner::Ended;
use crate::serve::settings::{Schedule, ServeSettings, Served};
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
struct House {
    folder: tempfile::TempDir,
    store: Store,
    /// Kept, so that nobody is told to end.
    _stop: watch::Sender<bool>,
    desk: Arc<Desk>,
    scheduler: Scheduler,
}

impl House {
    fn at(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::read(NOVEMBER).unwrap();
        let settings = Settings::new_york();
        let path = folder.path().join("books.db");
        let store = load(&world, "november", &path, &settings, &|_| {}).unwrap();
        std::fs::create_dir(folder.path().join("inbox")).unwrap();
        let now: DateTime<Utc> = now.parse().unwrap();
        let stop = watch::Sender::new(false);
        let desk = desk(&store, folder.path(), Environment::fixed(now, 1), &stop);
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
        let next = self.desk.served.environment.successor().unwrap();
        self.desk = desk(&self.store, self.folder.path(), next, &self._stop);
        self.scheduler = Scheduler::new(&self.desk);
    }

    fn now(&self) -> DateTime<Utc> {
        self.desk.served.environment.clock.now()
    }

    fn advance(&self, by: TimeDelta) {
        self.desk.served.environment.clock.advance(by);
        self.desk.served.environment.wall_clock.advance(by);
    }

    /// What a look says, and what it was that was done: sessions, by when.
    async fn look(&mut self) -> Look {
        self.scheduler.look().await
    }

    /// Sleeps until a second before the next run, sees that nothing happens, and looks again.
    async fn sleep_until(&mut self, next: DateTime<Utc>) -> Look {
        self.advance(next - self.now() - TimeDelta::seconds(1));
        assert_eq!(self.look().await, Look::Rested(next), "a second early");
        self.advance(TimeDelta::seconds(1));
        self.look().await
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

fn desk(
    store: &Store,
    folder: &Path,
    environment: Environment,
    stop: &watch::Sender<bool>,
) -> Arc<Desk> {
    let served = Served {
        store: store.clone(),
        engine: Settings::new_york(),
        policy: Policy::default(),
        jobs: None,
        inbox: Some(folder.join("inbox")),
        environment,
        settings: ServeSettings::default(),
        schedule: Schedule::WhenFinal,
        bell: Notifier::new(Channels::default()),
    };
    Desk::new(served, stop.subscribe())
}

const COMPLETE: Look = Look::Ran(Ended::InState(RunState::Complete));

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_nights() {
    // Wednesday evening: three sessions are missing.
    let mut house = House::at("2025-10-29T22:00:00Z");
    assert_eq!(house.look().await, COMPLETE);
    let mut told = vec![house.last_run()];
    let outage = "2025-11-12T12:00:00Z".parse().unwrap();
    let mut lives_on = true;
    while house.now() < "2025-12-01T20:00:00Z".parse::<DateTime<Utc>>().unwrap() {
        let Look::Rested(next) = house.look().await else {
            panic!("a run is made twice");
        };
        if lives_on && next > outage {
            lives_on = false;
            house.advance(outage - house.now());
            house.restart_after(TimeDelta::days(3));
            assert_eq!(house.look().await, COMPLETE);
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
async fn what_changes_in_between_is_done_again_once_it_has_come_to_rest() {
    let mut house = House::at("2025-11-05T22:00:00Z");
    assert_eq!(house.look().await, COMPLETE);
    assert!(matches!(house.look().await, Look::Rested(_)));
    house.drop_late_price();
    // Seen for the first time, and then for the second.
    assert!(matches!(house.look().await, Look::Rested(_)));
    assert_eq!(house.look().await, COMPLETE);
    let before = house.runs();
    for _ in 0..3 {
        assert!(matches!(house.look().await, Look::Rested(_)));
    }
    assert_eq!(house.runs(), before);
}

/// A run of another process; nothing of it is done where it is cancelled from the start.
fn run_elsewhere(house: &House, cancel: &AtomicBool) -> Environment {
    let beside = house.desk.served.environment.sibling().unwrap();
    let asked = Selection::default().resolve(&house.desk.served).unwrap();
    let watch = crate::engine::RunObserver::unobserved(cancel);
    let settings = Settings::new_york();
    crate::engine::run(&house.store, &asked, &settings, &beside, &watch).unwrap();
    beside
}

/// A run of another process is at work for three minutes.
fn be_at_work_elsewhere(house: &House) {
    let other = house.desk.served.environment.sibling().unwrap();
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
async fn a_run_of_another_process_is_as_good_as_one_of_ours() {
    let mut house = House::at("2025-11-05T22:00:00Z");
    run_elsewhere(&house, &AtomicBool::new(false));
    let next = "2025-11-06T21:30:00Z".parse().unwrap();
    assert_eq!(house.look().await, Look::Rested(next));
    assert_eq!(*house.desk.next_run.borrow(), Some(next));
    assert_eq!(house.runs(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cancelled_before_a_start_is_caught_up_with() {
    let mut house = House::at("2025-11-05T22:00:00Z");
    run_elsewhere(&house, &AtomicBool::new(true));
    assert_eq!(house.look().await, COMPLETE);
    assert_eq!(house.runs(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_another_run_is_at_work_ours_waits_a_minute_at_a_time() {
    let mut house = House::at("2025-11-05T22:00:00Z");
    be_at_work_elsewhere(&house);
    for minute in 1..=3 {
        assert_eq!(house.look().await, Look::Refused, "minute {minute}");
        let again = house.now() + TimeDelta::minutes(1);
        assert_eq!(house.look().await, Look::Rested(again));
        house.advance(TimeDelta::minutes(1));
    }
    // The lease has run out, and nobody knows whether its process lives.
    house.advance(TimeDelta::seconds(1));
    assert_eq!(house.look().await, COMPLETE);
}

#[tokio::test(flavor = "multi_thread")]
async fn news_wait_while_another_run_is_at_work() {
    let mut house = House::at("2025-11-05T22:00:00Z");
    assert_eq!(house.look().await, COMPLETE);
    be_at_work_elsewhere(&house);
    house.drop_late_price();
    let next = "2025-11-06T21:30:00Z".parse().unwrap();
    for _ in 0..3 {
        assert_eq!(house.look().await, Look::Rested(next));
    }
    house.advance(TimeDelta::seconds(181));
    assert_eq!(
        house.look().await,
        Look::Rested(next),
        "seen for the first time"
    );
    assert_eq!(house.look().await, COMPLETE);
}
