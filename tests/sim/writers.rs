//! Writers other than runs, crashed at every operation and with faults in their calls: each leaves
//! the database of before or that of after, and what it reported survives a power cut.

use std::collections::BTreeSet;
use std::error::Error;

use plimsoll::disk::{
    CrashState, Fault, FaultDuration, InjectedDiskFault, Operation, SimulatedDisk,
    SurvivingOperations,
};
use plimsoll::domain::{Attribution, DayRange, PortfolioKey, PriceAcceptance, TokenScope};
use plimsoll::engine::{EngineError, Settings, accept_prices};
use plimsoll::environment::Environment;
use plimsoll::import::ImportOptions;
use plimsoll::import::apply::{
    FileKind, ImportContext, Mode, SourceFile, delete_closes, import_file, void_transactions,
};
use plimsoll::invalidation::lifecycle;
use plimsoll::query::{Sample, verify};
use plimsoll::scenario::load;
use plimsoll::scenario::world::World;
use plimsoll::serve::access::new_token;
use plimsoll::store::{Contents, Store, StoreError};

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

type Written = Result<(), Box<dyn Error>>;

/// A change of a database by something else than a run.
struct Writer {
    name: &'static str,
    write: Write,
}

enum Write {
    /// Imports a file with these rows.
    Import(FileKind, &'static str),
    Call(fn(&Scene, Store) -> Written),
}

const WRITERS: &[Writer] = &[
    Writer {
        name: "import portfolios",
        write: Write::Import(FileKind::Portfolios, "name,inception\nD,2026-01-06\n"),
    },
    Writer {
        name: "import securities",
        write: Write::Import(
            FileKind::Securities,
            "symbol,sector\nACME,Media\nNEW,Tech\n",
        ),
    },
    Writer {
        name: "import prices",
        write: Write::Import(
            FileKind::Prices,
            "symbol,date,close\nACME,2026-01-06,10.5\nACME,2026-01-08,12\n",
        ),
    },
    Writer {
        name: "import transactions",
        write: Write::Import(
            FileKind::Transactions,
            "id,portfolio,date,kind,amount\nt2,A,2026-01-06,deposit,5\n",
        ),
    },
    Writer {
        name: "import actions",
        write: Write::Import(
            FileKind::Actions,
            "symbol,date,kind,cash\nACME,2026-01-06,return-of-capital,0.5\n",
        ),
    },
    Writer {
        name: "void a transaction",
        write: Write::Call(|scene, store| {
            let writer = &mut store.writer()?;
            let context = scene.import_context();
            void_transactions(writer, &["t1".to_owned()], &attribution(), &context)?;
            Ok(())
        }),
    },
    Writer {
        name: "delete a close",
        write: Write::Call(|scene, store| {
            let day = "2026-01-06".parse()?;
            let days = DayRange::new(day, day)?;
            let context = scene.import_context();
            delete_closes(&mut store.writer()?, "ACME", days, &attribution(), &context)?;
            Ok(())
        }),
    },
    Writer {
        name: "delete a portfolio",
        write: Write::Call(|scene, store| {
            let at = scene.environment.clock.now();
            lifecycle::delete(&mut store.writer()?, PortfolioKey::from_name("B"), at)?;
            Ok(())
        }),
    },
    Writer {
        name: "close a portfolio",
        write: Write::Call(|_, store| {
            let last = Some("2026-01-06".parse()?);
            lifecycle::close(&mut store.writer()?, PortfolioKey::from_name("B"), last)?;
            Ok(())
        }),
    },
    Writer {
        name: "accept prices",
        write: Write::Call(|scene, store| {
            let day = "2026-01-08".parse()?;
            let decision = PriceAcceptance {
                days: DayRange::new(day, day)?,
                by: "operator".to_owned(),
                reason: "the feed has ended".to_owned(),
            };
            let now = scene.environment.clock.now();
            let settings = &scene.settings;
            store.writer()?.write(|writing| {
                accept_prices(writing, settings, &decision, now)?;
                Ok::<_, EngineError>(())
            })?;
            Ok(())
        }),
    },
    Writer {
        name: "create a token",
        write: Write::Call(|scene, store| {
            new_token(
                &store,
                &scene.environment(),
                "night",
                TokenScope::Read,
                None,
            )?;
            Ok(())
        }),
    },
];

fn attribution() -> Attribution {
    Attribution {
        by: "operator".to_owned(),
        reason: "a test".to_owned(),
    }
}

/// A database before a write, with the settings and the clock of its commands.
struct Scene {
    disk: SimulatedDisk,
    settings: Settings,
    environment: Environment,
}

impl Scene {
    fn new() -> Self {
        let world = World::read(WORLD).unwrap();
        let disk = SimulatedDisk::new();
        let settings = Settings {
            calendar: world.calendar.clone(),
            ..Settings::new_york()
        };
        drop(load(&world, "test", &disk, &settings, &|_| {}).unwrap());
        Self {
            disk,
            settings,
            environment: Environment::fixed(world.now, 1_000),
        }
    }

    /// Returns an environment that gives the same ids each time.
    fn environment(&self) -> Environment {
        Environment::fixed(self.environment.clock.now(), 2_000)
    }

    fn import_context(&self) -> ImportContext<'_> {
        ImportContext {
            calendar: &self.settings.calendar,
            now: self.environment.clock.now(),
        }
    }

    fn import(&self, store: &Store, kind: FileKind, text: &str) -> Written {
        let file = SourceFile {
            kind,
            name: "file.csv",
            bytes: text.as_bytes(),
            options: &ImportOptions::default(),
        };
        let context = self.import_context();
        let result = import_file(&mut store.writer()?, &file, &context, Mode::Apply)?;
        assert_eq!(result.counts.invalid, 0, "{:?}", result.first_error());
        Ok(())
    }

    fn write(&self, writer: &Writer, disk: &SimulatedDisk) -> Written {
        let store = Store::open(disk)?;
        match writer.write {
            Write::Import(kind, rows) => self.import(&store, kind, rows),
            Write::Call(write) => write(self, store),
        }
    }

    /// Returns the rows of a disk that the next process opens, and fails if `verify` does.
    fn verified(&self, disk: &SimulatedDisk) -> Result<Contents, Box<dyn Error>> {
        let disk = disk.fork();
        drop(Store::open(&disk)?.writer()?);
        let store = Store::open(&disk)?;
        let result = verify(
            &store,
            &self.settings,
            &self.environment,
            Sample::All,
            &|_| {},
        )?;
        assert!(result.holds(), "{result:?}");
        Ok(contents(&disk)?)
    }
}

fn contents(disk: &SimulatedDisk) -> Result<Contents, StoreError> {
    Store::open(&disk.fork())?.read(|reading| reading.contents())
}

/// Returns the subsets of pending operations that a crash can leave: all, none, only names or only
/// bytes, and all but each one.
fn surviving(pending: &[Operation]) -> Vec<Vec<bool>> {
    let count = pending.len();
    let names: Vec<_> = pending.iter().map(Operation::is_name_change).collect();
    let bytes = names.iter().map(|is_name| !is_name).collect();
    let mut subsets = vec![vec![true; count], vec![false; count], names, bytes];
    subsets.extend((0..count).map(|lost| (0..count).map(|at| at != lost).collect()));
    subsets.dedup();
    subsets
}

#[test]
fn a_crash_at_any_operation_leaves_the_state_before_or_after() {
    crash(4);
}

#[test]
#[ignore = "takes minutes"]
fn a_crash_at_every_operation_leaves_the_state_before_or_after() {
    crash(1);
}

/// Crashes each writer at every `step`-th operation, and after its end.
fn crash(step: usize) {
    let scene = Scene::new();
    let before = contents(&scene.disk).unwrap();
    for writer in WRITERS {
        let disk = scene.disk.fork();
        disk.start_log();
        scene.write(writer, &disk).unwrap();
        let log = disk.end_log();
        let after = contents(&disk).unwrap();
        assert_ne!(after, before, "{}", writer.name);
        let mut state = CrashState::from_disk(&scene.disk);
        let mut known = BTreeSet::new();
        for (point, operation) in log.iter().enumerate() {
            state.apply(operation);
            if point % step != 0 {
                continue;
            }
            for complete in surviving(state.pending()) {
                let image = state.image(&SurvivingOperations {
                    complete,
                    torn: None,
                });
                if known.insert(image.digest()) {
                    let found = scene.verified(&image).unwrap();
                    let is_known = found == before || found == after;
                    assert!(is_known, "{} after {point} operations", writer.name);
                }
            }
        }
        let reported = scene.verified(&disk.after_power_cut()).unwrap();
        assert!(reported == after, "{} is lost after it ended", writer.name);
    }
}

#[test]
fn a_fault_in_any_call_leaves_the_state_before_or_after() {
    inject_faults(31);
}

#[test]
#[ignore = "takes minutes"]
fn every_fault_in_any_call_leaves_the_state_before_or_after() {
    inject_faults(1);
}

/// Injects every `step`-th fault.
fn inject_faults(step: usize) {
    let scene = Scene::new();
    let before = contents(&scene.disk).unwrap();
    for writer in WRITERS {
        let disk = scene.disk.fork();
        disk.arm(None);
        scene.write(writer, &disk).unwrap();
        let calls = disk.disarm().0;
        let after = contents(&disk).unwrap();
        let faults = calls.iter().enumerate().flat_map(|(at, call)| {
            let applies = Fault::ALL
                .into_iter()
                .filter(|fault| fault.applies_to(*call));
            applies.flat_map(move |fault| {
                let durations = [FaultDuration::Once, FaultDuration::Always];
                durations.map(|duration| InjectedDiskFault {
                    at,
                    fault,
                    duration,
                })
            })
        });
        let mut known = BTreeSet::new();
        for injected in faults.step_by(step) {
            let disk = scene.disk.fork();
            disk.arm(Some(injected));
            let written = scene.write(writer, &disk);
            drop(disk.disarm());
            let place = format!("{}: {injected:?}, {written:?}", writer.name);
            for left in [disk.fork(), disk.after_power_cut()] {
                if known.insert((left.digest(), written.is_ok())) {
                    let found = scene.verified(&left).expect(&place);
                    assert!(found == after || found == before, "{place}");
                    assert!(written.is_err() || found == after, "{place}");
                }
            }
        }
    }
}

#[test]
fn a_crash_during_a_backup_leaves_no_copy_or_a_whole_one() {
    let scene = Scene::new();
    let before = contents(&scene.disk).unwrap();
    let copy = SimulatedDisk::new();
    let empty = copy.fork();
    copy.start_log();
    let store = Store::open(&scene.disk).unwrap();
    store.read(|reading| reading.copy_to(&copy)).unwrap();
    let log = copy.end_log();
    let mut state = CrashState::from_disk(&empty);
    for (point, operation) in log.iter().enumerate() {
        state.apply(operation);
        for complete in surviving(state.pending()) {
            let image = state.image(&SurvivingOperations {
                complete,
                torn: None,
            });
            match contents(&image) {
                Err(StoreError::Absent(_)) => {}
                found => assert!(found.unwrap() == before, "after {point} operations"),
            }
        }
    }
    let reported = contents(&copy.after_power_cut()).unwrap();
    assert!(reported == before, "the copy is lost after it was reported");
}
