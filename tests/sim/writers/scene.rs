//! A database before a write, the writer, and the checks of what it leaves.

use std::collections::BTreeSet;
use std::error::Error;

use chrono::{DateTime, Utc};
use plimsoll::disk::{CrashState, Operation, SimulatedDisk, SurvivingOperations};
use plimsoll::domain::Attribution;
use plimsoll::engine::Settings;
use plimsoll::environment::Environment;
use plimsoll::import::apply::ImportContext;
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
}

impl Writer {
    /// A writer with one transaction, and with nothing before it.
    pub(super) const fn new(name: &'static str, write: fn(&Scene, Store) -> Written) -> Self {
        Self {
            name,
            prepare: |_, _| Ok(()),
            write,
            transactions: 1,
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

    /// The writer after a change.
    pub(super) const fn after(self, prepare: fn(&Scene, Store) -> Written) -> Self {
        Self { prepare, ..self }
    }
}

/// Returns all writers.
pub(crate) fn writers() -> impl Iterator<Item = &'static Writer> {
    let lists = [
        super::imports::WRITERS,
        super::changes::WRITERS,
        super::settings::WRITERS,
        super::notifications::WRITERS,
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
    now: DateTime<Utc>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let world = World::read(WORLD).expect("a valid world");
        let scene = Self {
            disk: SimulatedDisk::new(),
            settings: Settings {
                calendar: world.calendar,
                ..Settings::new_york()
            },
            now: world.now,
        };
        let loaded = scene.load(&Location::from(&scene.disk));
        loaded.expect("a database of the world");
        scene
    }

    /// Makes the database of the scene at another place.
    pub(crate) fn load(&self, place: &Location) -> Written {
        let world = World::read(WORLD)?;
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

/// Returns the subsets of pending operations that a crash can leave: all, none, only names or only
/// bytes, and all but each one.
pub(super) fn surviving(pending: &[Operation]) -> Vec<Vec<bool>> {
    let count = pending.len();
    let names: Vec<_> = pending.iter().map(Operation::is_name_change).collect();
    let bytes = names.iter().map(|is_name| !is_name).collect();
    let mut subsets = vec![vec![true; count], vec![false; count], names, bytes];
    subsets.extend((0..count).map(|lost| (0..count).map(|at| at != lost).collect()));
    subsets.dedup();
    subsets
}

/// Calls `check` with the disks that a crash after every `step`-th operation of a log can leave, and
/// with the number of the operation. Each disk is passed once.
pub(super) fn each_crash(
    before: &SimulatedDisk,
    log: &[Operation],
    step: usize,
    mut check: impl FnMut(usize, &SimulatedDisk) -> Found,
) -> Found {
    let mut state = CrashState::from_disk(before);
    let mut known = BTreeSet::new();
    for (point, operation) in log.iter().enumerate() {
        state.apply(operation);
        if point % step != 0 {
            continue;
        }
        for complete in surviving(state.pending()) {
            let torn = None;
            let image = state.image(&SurvivingOperations { complete, torn });
            if known.insert(image.digest()) {
                check(point, &image)?;
            }
        }
    }
    Ok(())
}
