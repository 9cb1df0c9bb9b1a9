//! Tests of the scheduler with the real engine and a simulated clock, over up to a month.

mod prices;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::scheduler::{Scheduler, TickOutcome};
use crate::app::{AppContext, PriceFeed, RunSpec};
use crate::engine::Settings;
use crate::environment::Environment;
use crate::notify::{Channels, Notifier};
use crate::plan::Policy;
use crate::query::{ALL_ACTIVE, ConcernLimits};
use crate::scenario::load;
use crate::scenario::world::World;
use crate::serve::app_state::AppState;
use crate::serve::runner::RunEnd;
use crate::serve::settings::{Schedule, ServeSettings, ServerContext};
use crate::store::{RunState, Store};

/// Two portfolios that begin on a Monday, with prices for the five weeks from then on.
const NOVEMBER: &str = "
now = 2025-12-01T23:00:00-05:00
seed = 1
[portfolios]
Alba = { inception = 2025-10-27 }
Bora = { inception = 2025-10-27 }
";

/// A server state and scheduler with a clock that tests control.
struct ScheduledServer {
    folder: tempfile::TempDir,
    store: Store,
    /// Kept because dropping the sender signals a shutdown.
    stop: watch::Sender<bool>,
    state: Arc<AppState>,
    scheduler: Scheduler,
}

impl ScheduledServer {
    fn new(now: &str) -> Self {
        Self::with_store(now, |path| {
            let world = World::read(NOVEMBER).unwrap();
            load(&world, "november", path, &Settings::new_york(), &|_| {}).unwrap()
        })
    }

    /// A server whose database has no portfolio.
    fn empty(now: &str) -> Self {
        Self::with_store(now, |path| Store::create(path).unwrap())
    }

    fn with_store(now: &str, make: impl FnOnce(&Path) -> Store) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = make(&folder.path().join("books.db"));
        std::fs::create_dir(folder.path().join("inbox")).unwrap();
        let now: DateTime<Utc> = now.parse().unwrap();
        let stop = watch::Sender::new(false);
        let state = app_state(
            &store,
            folder.path(),
            Environment::fixed(now, 1),
            &stop,
            None,
        );
        Self {
            scheduler: Scheduler::new(&state),
            folder,
            store,
            stop,
            state,
        }
    }

    /// Advances the clock by `outage`, then starts the server as a new process.
    fn restart_after(&mut self, outage: TimeDelta) {
        self.advance(outage);
        let next = self.state.context.app.environment.successor().unwrap();
        self.state = app_state(&self.store, self.folder.path(), next, &self.stop, None);
        self.scheduler = Scheduler::new(&self.state);
    }

    fn now(&self) -> DateTime<Utc> {
        self.state.context.app.environment.clock.now()
    }

    fn advance(&self, by: TimeDelta) {
        self.state.context.app.environment.clock.advance(by);
        self.state.context.app.environment.wall_clock.advance(by);
    }

    async fn tick(&mut self) -> TickOutcome {
        self.scheduler.tick().await
    }

    /// Advances the clock to `next` and ticks; a tick one second earlier must be idle.
    async fn sleep_until(&mut self, next: DateTime<Utc>) -> TickOutcome {
        self.advance(next - self.now() - TimeDelta::seconds(1));
        assert_eq!(self.tick().await, TickOutcome::Idle(next), "a second early");
        self.advance(TimeDelta::seconds(1));
        self.tick().await
    }

    /// Returns the last run as one line: start, state, number of sessions and target.
    fn last_run(&self) -> String {
        let run = self
            .store
            .read(|reading| reading.runs().latest(1))
            .unwrap()
            .remove(0);
        let zone = Settings::new_york().calendar.zone();
        let started = run.started.with_timezone(&zone).format("%a %b %d %H:%M %Z");
        // Each session has two cells, one for each portfolio.
        let sessions = run.progress.done / 2;
        format!("{started}: {}, {sessions} to {}", run.state, run.target)
    }

    /// Puts a corrected close of a held security into the inbox.
    fn add_corrected_close(&self) {
        let day = "2025-11-03".parse().unwrap();
        let (symbol, close) = self
            .store
            .read(|reading| {
                let security = reading.securities().all()?.remove(0);
                Ok::<_, crate::store::StoreError>((
                    security.symbol,
                    reading.closes().get(security.id, day)?,
                ))
            })
            .unwrap();
        let corrected = close.unwrap().to_f64() * 1.01;
        let text = format!("symbol,date,close\n{symbol},2025-11-03,{corrected:.2}\n");
        self.drop_file("prices/late.csv", &text);
    }

    /// Puts a file into the inbox.
    fn drop_file(&self, name: &str, text: &str) {
        let path = self.folder.path().join("inbox").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn runs(&self) -> usize {
        self.store
            .read(|reading| reading.runs().latest(100))
            .unwrap()
            .len()
    }
}

fn app_state(
    store: &Store,
    folder: &Path,
    environment: Environment,
    stop: &watch::Sender<bool>,
    feed: Option<PriceFeed>,
) -> Arc<AppState> {
    let context = ServerContext {
        app: AppContext {
            store: store.clone(),
            settings: Settings::new_york(),
            policy: Policy::default(),
            jobs: None,
            inbox: Some(folder.join("inbox")),
            price_feed: feed,
            profiles: crate::import::profile::Profiles::shipped().clone(),
            limits: ConcernLimits::default(),
            environment,
        },
        settings: ServeSettings::default(),
        schedule: Schedule::WhenFinal,
        notifier: Notifier::new(Channels::default()),
    };
    AppState::new(context, stop.subscribe())
}

const COMPLETE: TickOutcome = TickOutcome::Ran(RunEnd::Finished(RunState::Complete));

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_sessions_runs_once_each_and_catches_up_after_an_outage() {
    // Wednesday evening: three sessions are missing.
    let mut server = ScheduledServer::new("2025-10-29T22:00:00Z");
    assert_eq!(server.tick().await, COMPLETE);
    let mut lines = vec![server.last_run()];
    let outage = "2025-11-12T12:00:00Z".parse().unwrap();
    let mut before_outage = true;
    while server.now() < "2025-12-01T20:00:00Z".parse::<DateTime<Utc>>().unwrap() {
        let TickOutcome::Idle(next) = server.tick().await else {
            panic!("a session was run twice");
        };
        if before_outage && next > outage {
            before_outage = false;
            server.advance(outage - server.now());
            server.restart_after(TimeDelta::days(3));
            assert_eq!(server.tick().await, COMPLETE);
        } else {
            assert_eq!(server.sleep_until(next).await, COMPLETE);
        }
        lines.push(server.last_run());
    }
    assert_eq!(server.runs(), lines.len());
    insta::assert_snapshot!(lines.join("\n"), @r"
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
async fn an_empty_database_waits_for_its_first_portfolio() {
    let mut server = ScheduledServer::empty("2025-11-05T22:00:00Z");
    for _ in 0..3 {
        assert_eq!(server.tick().await, TickOutcome::WaitingForPortfolios);
        server.advance(TimeDelta::days(1));
    }
    assert_eq!((server.runs(), *server.state.next_run.borrow()), (0, None));
    server.drop_file("portfolios/first.csv", "name,inception\nAlba,2025-11-03\n");
    assert_eq!(server.tick().await, COMPLETE);
    assert_eq!(server.runs(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn source_changes_start_a_run_once_they_settle() {
    let mut server = ScheduledServer::new("2025-11-05T22:00:00Z");
    assert_eq!(server.tick().await, COMPLETE);
    assert!(matches!(server.tick().await, TickOutcome::Idle(_)));
    server.add_corrected_close();
    // The first tick notes the new revision. The second finds it unchanged and starts a run.
    assert!(matches!(server.tick().await, TickOutcome::Idle(_)));
    assert_eq!(server.tick().await, COMPLETE);
    let before = server.runs();
    for _ in 0..3 {
        assert!(matches!(server.tick().await, TickOutcome::Idle(_)));
    }
    assert_eq!(server.runs(), before);
}

/// Executes a run as another process. If `cancel` is already set, the run ends without work.
fn run_elsewhere(server: &ScheduledServer, cancel: &AtomicBool) {
    let sibling = server.state.context.app.environment.sibling().unwrap();
    let resolved = server
        .state
        .context
        .app
        .resolve(&RunSpec::default())
        .unwrap();
    let run_request = resolved.run_request;
    let observer = crate::engine::RunObserver::unobserved(cancel);
    let settings = Settings::new_york();
    crate::engine::run(&server.store, &run_request, &settings, &sibling, &observer).unwrap();
}

/// Gives the lease to another process for three minutes.
fn hold_lease_elsewhere(server: &ScheduledServer) {
    let other = server.state.context.app.environment.sibling().unwrap();
    let start = crate::store::NewRun {
        key: crate::domain::RunId::new(other.ids.next()),
        started: other.wall_clock.now(),
        policy: "per-cell".to_owned(),
        scope: ALL_ACTIVE.to_owned(),
        target: "2025-11-05".parse().unwrap(),
        plan: String::new(),
        progress: crate::store::Progress::default(),
    };
    let mut writer = server.store.writer().unwrap();
    let lease = writer.write(|writing| {
        let run = writing.runs().start(&start)?;
        writing.lease().acquire(run, &other, TimeDelta::minutes(3))
    });
    let _: crate::store::Lease = lease
        .map_err(|error: crate::store::StoreError| error)
        .unwrap();
    drop(writer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_another_process_ran_is_not_run_again() {
    let mut server = ScheduledServer::new("2025-11-05T22:00:00Z");
    run_elsewhere(&server, &AtomicBool::new(false));
    let next = "2025-11-06T21:30:00Z".parse().unwrap();
    assert_eq!(server.tick().await, TickOutcome::Idle(next));
    assert_eq!(*server.state.next_run.borrow(), Some(next));
    assert_eq!(server.runs(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_is_repeated_at_start() {
    let mut server = ScheduledServer::new("2025-11-05T22:00:00Z");
    run_elsewhere(&server, &AtomicBool::new(true));
    assert_eq!(server.tick().await, COMPLETE);
    assert_eq!(server.runs(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scheduler_retries_every_minute_while_another_run_holds_the_lease() {
    let mut server = ScheduledServer::new("2025-11-05T22:00:00Z");
    hold_lease_elsewhere(&server);
    for minute in 1..=3 {
        assert_eq!(server.tick().await, TickOutcome::Refused, "minute {minute}");
        let again = server.now() + TimeDelta::minutes(1);
        assert_eq!(server.tick().await, TickOutcome::Idle(again));
        server.advance(TimeDelta::minutes(1));
    }
    // An expired lease is free even if its process is alive.
    server.advance(TimeDelta::seconds(1));
    assert_eq!(server.tick().await, COMPLETE);
}

#[tokio::test(flavor = "multi_thread")]
async fn source_changes_wait_while_another_run_is_running() {
    let mut server = ScheduledServer::new("2025-11-05T22:00:00Z");
    assert_eq!(server.tick().await, COMPLETE);
    hold_lease_elsewhere(&server);
    server.add_corrected_close();
    let next = "2025-11-06T21:30:00Z".parse().unwrap();
    for _ in 0..3 {
        assert_eq!(server.tick().await, TickOutcome::Idle(next));
    }
    server.advance(TimeDelta::seconds(181));
    assert_eq!(
        server.tick().await,
        TickOutcome::Idle(next),
        "first observation of the change"
    );
    assert_eq!(server.tick().await, COMPLETE);
}
