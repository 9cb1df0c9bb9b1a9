//! The database into which fuzzed files are imported.

use std::cell::RefCell;

use plimsoll::disk::SimulatedDisk;
use plimsoll::engine::Settings;
use plimsoll::import::apply::{
    FileKind, ImportContext, ImportStatus, Mode, SourceFile, import_file,
};
use plimsoll::import::{Corrections, ImportOptions, Jumps, Restatements, ValidRows};
use plimsoll::scenario::load;
use plimsoll::scenario::world::World;
use plimsoll::store::Writer;

/// A small world with given sources: securities in three currencies, a pair, and lots.
pub const WORLD: &str = include_str!("../world.toml");

thread_local! {
    static WRITER: RefCell<Writer> = RefCell::new(open_database());
}

fn open_database() -> Writer {
    let world = World::read(WORLD).expect("the world is valid");
    let disk = SimulatedDisk::new();
    let store = load(&world, "fuzz", &disk, &Settings::new_york(), &|_| {});
    store
        .and_then(|store| Ok(store.writer()?))
        .expect("the world can be loaded")
}

/// Imports a file in a transaction that is rolled back. The first byte picks the options.
pub fn import(kind: FileKind, data: &[u8]) {
    let Some((picked, bytes)) = data.split_first() else {
        return;
    };
    let mut options = ImportOptions::default();
    if picked & 1 != 0 {
        options.jumps = Jumps::Allowed;
        options.restatements = Restatements::Allowed;
    }
    if picked & 2 != 0 {
        options.corrections = Corrections::By("fuzz".to_owned());
    }
    if picked & 4 != 0 {
        options.valid_rows = ValidRows::Refused;
    }
    if picked & 8 != 0 {
        options.symbol = Some("ACME".to_owned());
    }
    let name = format!("{kind}.csv");
    let file = SourceFile {
        kind,
        name: &name,
        bytes,
        options: &options,
    };
    let settings = Settings::new_york();
    let context = ImportContext {
        calendar: &settings.calendar,
        now: "2026-01-08T23:00:00Z".parse().expect("an instant"),
    };
    WRITER.with_borrow_mut(|writer| {
        // A file that is refused with an error is a good answer; an error of the store is not.
        match import_file(writer, &file, &context, Mode::DryRun) {
            Ok(imported) => assert_ne!(imported.status, ImportStatus::Applied),
            Err(plimsoll::import::apply::ApplyError::Store(error)) => panic!("{error}"),
            Err(error) => drop(error.to_string()),
        }
    });
}
