//! A database before a write, the writer, and the checks of what it leaves.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll::disk::{CrashState, Operation, SimulatedDisk, SurvivingOperations, Tear};
use plimsoll::domain::{Attribution, Scope};
use plimsoll::engine::{Outcome, RunEvent, RunObserver, RunRequest, Settings, run};
use plimsoll::environment::Environment;
use plimsoll::import::apply::ImportContext;
use plimsoll::plan::Request;
use plimsoll::query::{Sample, verify};
use plimsoll::scenario::load;
use plimsoll::scenario::world::World;
use plimsoll::store::{Contents, Location, Store, StoreError};

const WORLD: &str = r#"
now = 2026-01-08T18:00:00-05:00
[portfolios]
A = { inception = 2026-01-05, cash = 1_000, holdings = { ACME = 10 }, complete = "..2026-01-07" }
B = { inception = 2026-01-05, cash = 1_000, holdings = { ACME = 10 }, complete = "..2026-01-07" }
C = { inception = 2026-01-05, cash = 1_000, complete = "..2026-01-07" }
[prices]
ACME = { 2026-01-05 = 10, 2026-01-06 = 10, 2026-01-07 = 11 }
[[transaction]]
reference = "t1"
portfolio = "C"
day = 2026-01-06
kind = "deposit"
amount = 100
"#;

pub(crate) type Written = Result<(), Box<dyn Error>>;

/// What an exploration found first.
pub(crate) type Found = Result<(), String>;

/// A change of a database by something else than a nightly run.
pub(crate) struct Writer {
    pub(crate) name: &'static str,
    /// The change before, if the writer needs one.
    pub(crate) prepare: fn(&Scene, Store) -> Written,
    pub(crate) write: fn(&Scene, Store) -> Written,
    /// The number of its transactions that change rows.
    transactions: usize,
    check: Check,
}

/// Returns the rows of a disk on which a writer was cut off, after a check of what the next command
/// does there. The states are those that an undisturbed writer goes through.
type Check = fn(&Scene, &SimulatedDisk, &[Contents]) -> Result<Contents, String>;

impl Writer {
    /// A writer with one transaction, and with nothing before it.
    pub(super) const fn new(name: &'static str, write: fn(&Scene, Store) -> Written) -> Self {
        Self {
            name,
            prepare: |_, _| Ok(()),
            write,
            transactions: 1,
            check: |scene, disk, _| scene.verified(disk),
        }
    }

    /// The writer with another number of transactions.
    pub(super) const fn with_transactions(self, transactions: usize) -> Self {
        Self {
            transactions,
            ..self
        }
    }

    /// Writes on `disk`, and returns the states that it goes through with the operations. Fails if it
    /// fails, or if it goes through more or fewer states than it has transactions.
    pub(super) fn states(
        &self,
        scene: &Scene,
        disk: &SimulatedDisk,
    ) -> Result<(Vec<Contents>, Vec<Operation>), String> {
        let name = self.name;
        let before = disk.fork();
        disk.start_log();
        let written = scene.write(self, disk);
        let log = disk.end_log();
        written.map_err(|error| format!("{name} fails: {error}"))?;
        let fail = |error: StoreError| format!("{name}: {error}");
        let mut states = vec![contents(&before).map_err(fail)?];
        if self.transactions > 1 {
            let mut state = CrashState::from_disk(&before);
            for operation in &log {
                state.apply(operation);
                let complete = vec![true; state.pending().len()];
                let torn = None;
                let killed = state.image(&SurvivingOperations { complete, torn });
                let found = contents(&killed).map_err(fail)?;
                if states.last() != Some(&found) {
                    states.push(found);
                }
            }
        }
        let after = contents(disk).map_err(fail)?;
        if states.last() != Some(&after) {
            states.push(after);
        }
        match states.len() == self.transactions + 1 {
            true => Ok((states, log)),
            false => Err(format!("{name} goes through {} states", states.len())),
        }
    }

    /// Checks a disk on which the writer was cut off, and returns its rows. `states` are those that it
    /// goes through: the disk must have the rows of one, and after success those of the last.
    pub(super) fn check(
        &self,
        scene: &Scene,
        disk: &SimulatedDisk,
        states: &[Contents],
        has_succeeded: bool,
    ) -> Found {
        let found = (self.check)(scene, disk, states)?;
        match (states.contains(&found), has_succeeded) {
            (false, _) => Err("a state between those of its transactions".to_owned()),
            (true, true) if Some(&found) != states.last() => Err("it is lost".to_owned()),
            _ => Ok(()),
        }
    }

    /// The writer with another check of what the next command does.
    pub(super) const fn checked_by(self, check: Check) -> Self {
        Self { check, ..self }
    }

    /// Returns whether it changes rows in one transaction.
    pub(super) const fn has_one_state(&self) -> bool {
        self.transactions == 1
    }

    /// The writer after a change.
    pub(super) const fn after(self, prepare: fn(&Scene, Store) -> Written) -> Self {
        Self { prepare, ..self }
    }
}

/// Returns the writers of all lists.
pub(crate) fn writers() -> impl Iterator<Item = &'static Writer> {
    let lists = [
        super::imports::WRITERS,
        super::changes::WRITERS,
        super::settings::WRITERS,
        super::notifications::WRITERS,
        super::repair::WRITERS,
        super::tokens::WRITERS,
    ];
    lists.into_iter().flatten()
}

pub(super) fn attribution() -> Attribution {
    Attribution {
        by: "operator".to_owned(),
        reason: "a test".to_owned(),
    }
}

/// A database before a write, with the settings and the clock of its commands.
pub(crate) struct Scene {
    pub(crate) disk: SimulatedDisk,
    pub(crate) settings: Settings,
    world: &'static str,
    now: DateTime<Utc>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::of(WORLD)
    }

    /// Returns the scene with the database of another world.
    pub(super) fn of(world: &'static str) -> Self {
        let text = world;
        let world = World::read(text).expect("a valid world");
        let scene = Self {
            disk: SimulatedDisk::new(),
            settings: Settings {
                calendar: world.calendar,
                ..Settings::new_york()
            },
            world: text,
            now: world.now,
        };
        let loaded = scene.load(&Location::from(&scene.disk));
        loaded.expect("a database of the world");
        scene
    }

    /// Makes the database of the scene at another place.
    pub(crate) fn load(&self, place: &Location) -> Written {
        let world = World::read(self.world)?;
        load(&world, "test", place.clone(), &self.settings, &|_| {})?;
        Ok(())
    }

    /// Returns the scene in which a writer starts.
    pub(crate) fn before(writer: &Writer) -> Self {
        let scene = Self::new();
        let prepared = Store::open(&scene.disk).map_err(Into::into);
        let prepared = prepared.and_then(|store| (writer.prepare)(&scene, store));
        prepared.unwrap_or_else(|error| panic!("{}: {error}", writer.name));
        scene
    }

    /// Returns an environment that gives the same ids each time.
    pub(crate) fn environment(&self) -> Environment {
        Environment::fixed(self.now, 2_000)
    }

    pub(crate) const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub(super) fn import_context(&self) -> ImportContext<'_> {
        ImportContext {
            calendar: &self.settings.calendar,
            now: self.now,
            profiles: plimsoll::import::profile::Profiles::shipped(),
        }
    }

    pub(super) fn write(&self, writer: &Writer, disk: &SimulatedDisk) -> Written {
        (writer.write)(self, Store::open(disk)?)
    }

    /// Makes a nightly run, with an id that no earlier one has, and so late that the lease of an
    /// earlier one has expired.
    pub(super) fn run(
        &self,
        store: &Store,
        on_event: &(dyn Fn(&RunEvent<'_>) + Sync),
    ) -> Result<Outcome, Box<dyn Error>> {
        let request = RunRequest::new(Request::new(Scope::AllActive), "all active");
        let runs = store.read(|reading| Ok::<_, StoreError>(reading.runs().latest(9)?.len()))?;
        let now = self.now + TimeDelta::minutes(10) * i32::try_from(runs)?;
        let environment = Environment::fixed(now, 3_000 * (1 + runs as u64));
        let cancel = AtomicBool::new(false);
        let observer = RunObserver {
            on_event,
            ..RunObserver::unobserved(&cancel)
        };
        Ok(run(
            store,
            &request,
            &self.settings,
            &environment,
            &observer,
        )?)
    }

    /// Returns the settings with a session less, as an operator amends the calendar.
    pub(super) fn amended(&self) -> Settings {
        let amendments = toml::from_str("closed = [2026-01-06]");
        let amendments = amendments.expect("valid amendments");
        let calendar = self.settings.calendar.with_amendments(&amendments);
        Settings {
            calendar: calendar.expect("a calendar"),
            ..self.settings.clone()
        }
    }

    /// Returns the rows of a disk that the next process opens. Fails if it cannot, or if `verify`
    /// finds anything with the calendar of before and with the amended one.
    pub(super) fn verified(&self, disk: &SimulatedDisk) -> Result<Contents, String> {
        let disk = disk.fork();
        let opened = Store::open(&disk).and_then(|store| store.writer().map(drop));
        opened.map_err(|error| format!("failed to open: {error}"))?;
        let store = Store::open(&disk).map_err(|error| format!("failed to open: {error}"))?;
        let mut broken = Vec::new();
        for settings in [self.settings.clone(), self.amended()] {
            let environment = self.environment();
            let verified = verify(&store, &settings, &environment, Sample::All, &|_| {});
            let verified = verified.map_err(|error| format!("failed to verify: {error}"))?;
            if verified.holds() {
                return contents(&disk).map_err(|error| error.to_string());
            }
            broken.push(verified);
        }
        Err(format!("verify finds {:?}", broken[0]))
    }
}

pub(super) fn contents(disk: &SimulatedDisk) -> Result<Contents, StoreError> {
    Store::open(&disk.fork())?.read(|reading| reading.contents())
}

/// Returns what a crash can leave of pending operations: all, none, only names or only bytes, all but
/// each one, and all or none with the last write torn.
fn surviving(pending: &[Operation]) -> Vec<SurvivingOperations> {
    let count = pending.len();
    let names: Vec<_> = pending.iter().map(Operation::is_name_change).collect();
    let bytes = names.iter().map(|is_name| !is_name).collect();
    let mut subsets = vec![vec![true; count], vec![false; count], names, bytes];
    subsets.extend((0..count).map(|lost| (0..count).map(|at| at != lost).collect()));
    subsets.dedup();
    let whole = subsets.into_iter().map(|complete| SurvivingOperations {
        complete,
        torn: None,
    });
    let mut surviving: Vec<_> = whole.collect();
    // Earlier writes were the last ones at earlier points.
    if let Some(Operation::Write { .. }) = pending.last() {
        let torn = [true, false].map(|others| {
            Tear::ALL.map(|tear| SurvivingOperations {
                complete: vec![others; count],
                torn: Some((count - 1, tear)),
            })
        });
        surviving.extend(torn.into_iter().flatten());
    }
    surviving
}

/// Calls `check` with every `step`-th of the disks that a crash after each operation of a log can
/// leave, and with the number of the operation. Equal disks are passed once.
pub(super) fn each_crash(
    before: &SimulatedDisk,
    log: &[Operation],
    step: usize,
    mut check: impl FnMut(usize, &SimulatedDisk) -> Found,
) -> Found {
    let mut state = CrashState::from_disk(before);
    let mut known = BTreeSet::new();
    // The step leaves out disks, not operations: each operation has more than ten of them.
    let mut disks = 0..;
    for (point, operation) in log.iter().enumerate() {
        state.apply(operation);
        for (surviving, disk) in surviving(state.pending()).iter().zip(&mut disks) {
            let image = (disk % step == 0).then(|| state.image(surviving));
            if let Some(image) = image.filter(|image| known.insert(image.digest())) {
                check(point, &image)?;
            }
        }
    }
    Ok(())
}
