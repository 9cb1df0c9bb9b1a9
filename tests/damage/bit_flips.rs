//! Flips single bits of a database file. Each flip is refused when the file is opened, found by
//! `verify --all`, or in bytes without meaning: every row of every table is as before.

use std::path::Path;

use plimsoll::engine::Settings;
use plimsoll::environment::Environment;
use plimsoll::query::{Sample, verify};
use plimsoll::store::{Contents, Store};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::harness::{harness, nightly};

const WORLD: &str = r#"
now = 2026-01-09T18:00:00-05:00
[portfolios]
"A..C" = { inception = 2026-01-05, cash = 1_000, holdings = { NIMB = 100 } }
D = { inception = 2026-01-06, style = "cash" }
"#;

/// The effect of a flip.
#[derive(Debug, PartialEq, Eq)]
enum Effect {
    Refused,
    Found,
    WithoutMeaning,
    Unnoticed,
}

fn contents(path: &Path) -> Option<Contents> {
    let store = Store::open(path).ok()?;
    store.read(|reading| reading.contents()).ok()
}

fn effect(path: &Path, before: &Contents, settings: &Settings, now: &Environment) -> Effect {
    let Ok(store) = Store::open(path) else {
        return Effect::Refused;
    };
    match verify(&store, settings, now, Sample::All, &|_| {}) {
        Err(_) => Effect::Refused,
        Ok(verification) if !verification.holds() => Effect::Found,
        Ok(_) if contents(path).as_ref() == Some(before) => Effect::WithoutMeaning,
        Ok(_) => Effect::Unnoticed,
    }
}

#[test]
fn a_flipped_bit_is_refused_found_or_without_meaning() {
    flip_bits(120, 22);
}

#[test]
#[ignore = "takes minutes"]
fn thousands_of_flipped_bits_are_refused_found_or_without_meaning() {
    flip_bits(5_000, 23);
}

fn flip_bits(flips: usize, seed: u64) {
    let harness = harness(WORLD);
    harness.run(&nightly());
    let folder = tempfile::tempdir().unwrap();
    let intact = folder.path().join("intact.db");
    harness
        .store
        .read(|reading| reading.copy_to(intact.as_path()))
        .unwrap();
    let bytes = std::fs::read(&intact).unwrap();
    let before = contents(&intact).unwrap();
    let (settings, environment) = (&harness.settings, &harness.environment);
    let effect_of = |path: &Path| effect(path, &before, settings, environment);
    assert_eq!(effect_of(&intact), Effect::WithoutMeaning);

    // Most of a small file is free space, so most flips are near bytes that are used.
    let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut found = 0;
    for flip in 0..flips {
        let at = match flip % 8 {
            0 => random.random_range(0..bytes.len()),
            _ => used[random.random_range(0..used.len())],
        };
        let bit = random.random_range(0..8_u8);
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << bit;
        let path = folder.path().join(format!("{flip}.db"));
        std::fs::write(&path, damaged).unwrap();
        let effect = effect_of(&path);
        assert_ne!(effect, Effect::Unnoticed, "bit {bit} of byte {at}");
        found += usize::from(effect != Effect::WithoutMeaning);
    }
    assert!(
        found > flips / 4,
        "only {found} of {flips} flips were found"
    );
}

#[test]
fn a_changed_value_of_any_table_is_found() {
    let harness = harness(WORLD);
    harness.run(&nightly());
    let folder = tempfile::tempdir().unwrap();
    let intact = folder.path().join("intact.db");
    let copy = |path: &Path| harness.store.read(|reading| reading.copy_to(path)).unwrap();
    copy(&intact);
    let before = contents(&intact).unwrap();
    let columns = columns(&intact);
    assert!(columns.len() > 60, "{columns:?}");
    for (at, (table, column)) in columns.iter().enumerate() {
        let path = folder.path().join(format!("{at}.db"));
        copy(&path);
        let connection = rusqlite::Connection::open(&path).unwrap();
        let sql = format!(
            "UPDATE {table} SET \"{column}\" = CASE typeof(\"{column}\")
                WHEN 'integer' THEN {column} + 1 WHEN 'real' THEN {column} + 0.5
                WHEN 'text' THEN 'x' || {column} ELSE {column} END"
        );
        connection
            .pragma_update(None, "foreign_keys", false)
            .unwrap();
        // Keys and checks refuse some changes, and blobs stay as they are.
        let changed = connection.execute(&sql, []);
        drop(connection);
        if changed.is_err() {
            continue;
        }
        let effect = effect(&path, &before, &harness.settings, &harness.environment);
        assert_ne!(effect, Effect::Unnoticed, "{table}.{column}");
    }
}

/// Returns the columns of all tables.
fn columns(path: &Path) -> Vec<(String, String)> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection
        .prepare(
            "SELECT m.name, c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
             WHERE m.type = 'table'",
        )
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}
