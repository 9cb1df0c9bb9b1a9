//! The commands whose calls are compared.

use std::sync::atomic::AtomicBool;

use plimsoll::disk::SimulatedDisk;
use plimsoll::domain::Scope;
use plimsoll::engine::{self, RunObserver, RunRequest};
use plimsoll::plan::Request;
use plimsoll::store::{Location, Store, StoreError};

use super::recorded_disk::Places;
use super::same::difference;
use crate::writers::migration::{database_of, steps};
use crate::writers::scene::{Scene, Writer, writers};

/// A command that uses a database.
type Command = fn(&Scene, &Places) -> Result<(), Box<dyn std::error::Error>>;

const COMMANDS: [(&str, Command); 6] = [
    ("create", |scene, places| scene.load(&places.copy)),
    ("run", |scene, places| {
        let run_request = RunRequest::new(Request::new(Scope::AllActive), "all active");
        let cancel = AtomicBool::new(false);
        let observer = RunObserver::unobserved(&cancel);
        let (settings, environment) = (&scene.settings, scene.environment());
        let store = Store::open(places.database.clone())?;
        engine::run(&store, &run_request, settings, &environment, &observer)?;
        Ok(())
    }),
    ("back up", back_up),
    ("restore", |scene, places| {
        back_up(scene, places)?;
        let backup = Store::open(places.copy.clone())?;
        backup.read(|reading| reading.restore_to(places.database.clone(), scene.now()))?;
        Ok(())
    }),
    ("write beside a reader", |_, places| {
        let store = Store::open(places.database.clone())?;
        let other = Store::open(places.database.clone())?;
        other.read(|reading| {
            reading.revision()?;
            let mut writer = store.writer()?;
            writer.write(|writing| writing.increment_revision())
        })?;
        drop(store);
        // The next writer appends to the log that is left.
        let mut writer = other.writer()?;
        writer.write(|writing| writing.increment_revision())?;
        Ok(())
    }),
    ("write again after an error", |_, places| {
        let mut writer = Store::open(places.database.clone())?.writer()?;
        let failed = writer.write(|writing| {
            writing.increment_revision()?;
            Err::<(), _>(StoreError::ReadersBusy)
        });
        assert!(failed.is_err());
        writer.write(|writing| writing.increment_revision())?;
        Ok(())
    }),
];

fn back_up(_: &Scene, places: &Places) -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::open(places.database.clone())?;
    store.read(|reading| reading.copy_to(places.copy.clone()))?;
    Ok(())
}

#[test]
fn each_command_makes_the_same_calls_on_files_and_on_the_simulated_disk() {
    let mut different = Vec::new();
    let mut compare = |name: &str, before: &SimulatedDisk, command: &dyn Fn(&Places)| {
        let found = difference(before, command).unwrap();
        different.extend(found.map(|found| format!("{name}: {found}")));
    };
    let scene = Scene::new();
    for (name, command) in COMMANDS {
        compare(name, &scene.disk, &|places| {
            command(&scene, places).unwrap()
        });
    }
    for version in [1, steps().unwrap().len() - 1] {
        let before = database_of(&steps().unwrap()[..version]).unwrap();
        compare("migrate", &before, &|places| {
            Store::open(places.database.clone()).unwrap();
        });
    }
    for writer in writers() {
        let scene = Scene::before(writer);
        compare(writer.name, &scene.disk, &|places| {
            write(&scene, writer, &places.database);
        });
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

fn write(scene: &Scene, writer: &Writer, place: &Location) {
    let store = Store::open(place.clone()).unwrap();
    (writer.write)(scene, store).unwrap_or_else(|error| panic!("{}: {error}", writer.name));
}
