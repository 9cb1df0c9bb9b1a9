//! Crashes the migration from each earlier schema: what a crash leaves migrates to the same rows.

use chrono::DateTime;
use plimsoll::disk::SimulatedDisk;
use plimsoll::engine::Settings;
use plimsoll::environment::Environment;
use plimsoll::query::{Claim, QueryError, Sample, Verdict, verify};
use plimsoll::store::{FileSystem as _, Store};
use rusqlite::{Connection, OpenFlags};

use super::scene::{Found, contents, each_crash};

/// Rows of the first schema.
const ROWS: &str = "
    INSERT INTO portfolio VALUES
        (1, '00000000-0000-4000-8000-000000000001', 'Alpha', 'USD', 20454, NULL, NULL);
    INSERT INTO security VALUES (1, 'AAA', 'Triple A', 'equity', 'Energy', 'USD', 1, NULL);
    INSERT INTO price VALUES (20454, 1, 1050000000), (20455, 1, 1060000000);
    INSERT INTO entry VALUES (1, 'T-1', 1, 20454, 'deposit', NULL, 0, NULL, 10000000, 0);
    INSERT INTO split VALUES (1, 20455, 2, 1);";

/// Returns the steps of the schema, in order.
pub(crate) fn steps() -> std::io::Result<Vec<String>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/schema");
    let entries = std::fs::read_dir(folder)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    paths.iter().map(std::fs::read_to_string).collect()
}

/// Returns a database of the schema after the first steps.
pub(crate) fn database_of(steps: &[String]) -> rusqlite::Result<SimulatedDisk> {
    let disk = SimulatedDisk::new();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let name = disk.full_name("books.db".as_ref());
    let connection = Connection::open_with_flags_and_vfs(name, flags, disk.vfs().unwrap())?;
    connection.pragma_update(None, "page_size", 16_384)?;
    // `PLMS` in ASCII.
    connection.pragma_update(None, "application_id", 0x504c_4d53)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    for (at, step) in steps.iter().enumerate() {
        connection.execute_batch(step)?;
        if at == 0 {
            connection.execute_batch(ROWS)?;
        }
    }
    connection.pragma_update(None, "user_version", steps.len() as i64)?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(disk.synced())
}

/// Returns whether the rows of each table match their digest.
fn are_rows_proven(store: &Store) -> Result<bool, QueryError> {
    let environment = Environment::fixed(DateTime::UNIX_EPOCH, 1);
    let sample = Sample::Count { cells: 0, seed: 0 };
    let verified = verify(store, &Settings::new_york(), &environment, sample, &|_| {})?;
    Ok(matches!(
        verified.verdict(Claim::Rows),
        Some(Verdict::Proven { .. })
    ))
}

/// Crashes the migration of every `step`-th earlier schema at each operation.
pub(crate) fn crash_migrations(step: usize) -> Found {
    let fail = |error: std::io::Error| error.to_string();
    let steps = steps().map_err(fail)?;
    for version in (1..steps.len()).step_by(step) {
        let fail = |error: &dyn std::error::Error| format!("from schema {version}: {error}");
        let before = database_of(&steps[..version]).map_err(|error| fail(&error))?;
        let disk = before.fork();
        disk.start_log();
        drop(Store::open(&disk).map_err(|error| fail(&error))?);
        let log = disk.end_log();
        let migrated = contents(&disk).map_err(|error| fail(&error))?;
        each_crash(&before, &log, 1, |point, image| {
            let place =
                |what: &str| format!("from schema {version}, after {point} operations: {what}");
            let found = contents(image);
            if found.map_err(|error| fail(&error))? != migrated {
                return Err(place("other rows"));
            }
            // A command that only reads computes no digests.
            let store = Store::open(&image.fork()).map_err(|error| fail(&error))?;
            match are_rows_proven(&store).map_err(|error| fail(&error))? {
                true => Ok(()),
                false => Err(place("digests of other rows")),
            }
        })?;
    }
    Ok(())
}

#[test]
fn a_crash_during_a_migration_loses_no_row() {
    assert_eq!(crash_migrations(5), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn a_crash_during_every_migration_loses_no_row() {
    assert_eq!(crash_migrations(1), Ok(()));
}
