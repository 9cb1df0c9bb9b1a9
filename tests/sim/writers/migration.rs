//! Crashes the migration from each earlier schema, and injects faults into its calls: what is left
//! migrates to the same rows.

use chrono::DateTime;
use plimsoll::disk::SimulatedDisk;
use plimsoll::engine::Settings;
use plimsoll::environment::Environment;
use plimsoll::query::{Claim, QueryError, Sample, Verdict, verify};
use plimsoll::store::{Contents, FileSystem as _, Store};
use rusqlite::{Connection, OpenFlags};

use super::faults::each_fault;
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

/// Crashes the migration of every `schemas`-th earlier schema, and checks every `step`-th disk.
pub(crate) fn crash_migrations(schemas: usize, step: usize) -> Found {
    let fail = |error: std::io::Error| error.to_string();
    let steps = steps().map_err(fail)?;
    for version in (1..steps.len()).step_by(schemas) {
        let fail = |error: &dyn std::error::Error| format!("from schema {version}: {error}");
        let before = database_of(&steps[..version]).map_err(|error| fail(&error))?;
        let disk = before.fork();
        disk.start_log();
        drop(Store::open(&disk).map_err(|error| fail(&error))?);
        let log = disk.end_log();
        let migrated = contents(&disk).map_err(|error| fail(&error))?;
        each_crash(&before, &log, step, |point, image| {
            let checked = check_migrated(image, &migrated);
            checked.map_err(|error| {
                format!("from schema {version}, after {point} operations: {error}")
            })
        })?;
    }
    Ok(())
}

/// Injects every `step`-th fault into the migration of every `schemas`-th earlier schema.
pub(crate) fn inject_faults_into_migrations(schemas: usize, step: usize) -> Found {
    let steps = steps().map_err(|error| error.to_string())?;
    for version in (1..steps.len()).step_by(schemas) {
        let fail = |error: &dyn std::error::Error| format!("from schema {version}: {error}");
        let before = database_of(&steps[..version]).map_err(|error| fail(&error))?;
        let migrated = contents(&before).map_err(|error| fail(&error))?;
        let migrate = |disk: &SimulatedDisk| {
            Store::open(disk)?;
            Ok(())
        };
        let checked = each_fault(&before, step, migrate, |left, _| {
            check_migrated(left, &migrated)
        });
        checked.map_err(|error| format!("from schema {version}: {error}"))?;
    }
    Ok(())
}

/// Checks that the next command migrates to the same rows, and that their digests are right.
fn check_migrated(left: &SimulatedDisk, migrated: &Contents) -> Found {
    let found = contents(left).map_err(|error| error.to_string())?;
    if found != *migrated {
        return Err("other rows".to_owned());
    }
    // A command that only reads computes no digests.
    let store = Store::open(&left.fork()).map_err(|error| error.to_string())?;
    match are_rows_proven(&store).map_err(|error| error.to_string())? {
        true => Ok(()),
        false => Err("digests of other rows".to_owned()),
    }
}

#[test]
fn a_crash_during_a_migration_loses_no_row() {
    assert_eq!(crash_migrations(5, 17), Ok(()));
}

#[test]
fn a_fault_in_a_migration_loses_no_row() {
    assert_eq!(inject_faults_into_migrations(6, 61), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn a_fault_in_every_migration_loses_no_row() {
    assert_eq!(inject_faults_into_migrations(1, 1), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn a_crash_during_every_migration_loses_no_row() {
    assert_eq!(crash_migrations(1, 1), Ok(()));
}
