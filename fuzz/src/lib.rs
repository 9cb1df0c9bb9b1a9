//! The database into which fuzzed files are imported.

use std::cell::RefCell;

use plimsoll::disk::SimulatedDisk;
use plimsoll::engine::Settings;
use plimsoll::import::apply::{
    FileKind, ImportContext, ImportStatus, Mode, SourceFile, import_file,
};
use plimsoll::import::profile::Profiles;
use plimsoll::import::{
    Corrections, ImportOptions, Jumps, Restatements, UnknownRecords, ValidRows,
};
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
    if let Some((picked, bytes)) = data.split_first() {
        import_with(kind, bytes, &options(*picked));
    }
}

/// Imports an export of another program like [`import`]. The last byte picks the options, so that any
/// file is an input.
pub fn import_export(data: &[u8]) {
    let Some((picked, bytes)) = data.split_last() else {
        return;
    };
    let is_picked = |bit: u8| picked & bit != 0;
    let unknown = |is_created| match is_created {
        true => UnknownRecords::Created,
        false => UnknownRecords::Refused,
    };
    let options = ImportOptions {
        symbol: None,
        portfolio: is_picked(8).then(|| "Alpha".to_owned()),
        unknown_securities: unknown(!is_picked(16)),
        unknown_portfolios: unknown(!is_picked(32)),
        ..options(*picked)
    };
    import_with(FileKind::Transactions, bytes, &options);
}

fn options(picked: u8) -> ImportOptions {
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
    options
}

fn import_with(kind: FileKind, bytes: &[u8], options: &ImportOptions) {
    let name = format!("{kind}.csv");
    let file = SourceFile {
        kind,
        name: &name,
        bytes,
        options,
    };
    let settings = Settings::new_york();
    let context = ImportContext {
        calendar: &settings.calendar,
        now: "2026-01-08T23:00:00Z".parse().expect("an instant"),
        profiles: Profiles::shipped(),
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
