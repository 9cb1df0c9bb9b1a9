//! Repairs of recorded damage. What a cut-off repair leaves is repaired by the next one to the same
//! rows.

use plimsoll::app::{record_verification, repair};
use plimsoll::disk::SimulatedDisk;
use plimsoll::query::{Sample, verify};
use plimsoll::store::{Contents, Store, StoreError};

use super::damage::connect;
use super::scene::{Scene, Writer, Written, contents};

pub(super) const WRITERS: &[Writer] = &[
    repairs("repair an output", |scene, store| {
        damage(scene, store, "UPDATE snapshot SET nav = nav + 1")
    }),
    repairs("repair sets of the ledger", |scene, store| {
        damage(scene, store, "UPDATE ledger SET ids = x'0102'")
    }),
    repairs("repair the lifecycle index", |scene, store| {
        damage(scene, store, "DELETE FROM lifecycle_index")
    }),
    repairs("repair bookkeeping", |scene, store| {
        damage(scene, store, "UPDATE run SET state = 'running'")
    }),
    repairs("accept changed closes", |scene, store| {
        damage(scene, store, "UPDATE price SET close = close + 1")
    }),
];

/// A repair in two transactions: the repair itself, and the record of the verification after it.
const fn repairs(name: &'static str, prepare: fn(&Scene, Store) -> Written) -> Writer {
    let writer = Writer::new(name, repair_all).with_transactions(2);
    writer.after(prepare).checked_by(repaired_again)
}

/// Changes rows as another program does, and records what `verify` finds then.
fn damage(scene: &Scene, store: Store, sql: &str) -> Written {
    drop(store);
    connect(&scene.disk)?.execute(sql, [])?;
    let store = Store::open(&scene.disk)?;
    let environment = scene.environment();
    let found = verify(&store, &scene.settings, &environment, Sample::All, &|_| {})?;
    assert!(!found.is_undamaged(), "{sql}");
    record_verification(&store, &environment, &found, Sample::All)?;
    Ok(())
}

fn repair_all(scene: &Scene, store: Store) -> Written {
    let environment = scene.environment();
    let repaired = repair(&store, &scene.settings, &environment, true, &|_| {})?;
    let recorded = store.read(|reading| reading.verification().last())?;
    // A record that fails fails no repair, but the damage stays in sight.
    match (repaired.verification.is_undamaged(), recorded.damage) {
        (true, None) => Ok(()),
        (_, damage) => Err(format!("not repaired, or not recorded: {damage:?}").into()),
    }
}

/// Repairs a copy of the disk again. Fails unless it ends with the rows of an undisturbed repair, in
/// which `verify` finds nothing.
fn repaired_again(
    scene: &Scene,
    disk: &SimulatedDisk,
    states: &[Contents],
) -> Result<Contents, String> {
    let again = disk.fork();
    let repaired = Store::open(&again).map_err(Into::into);
    let repaired = repaired.and_then(|store| repair_all(scene, store));
    repaired.map_err(|error| format!("failed to repair again: {error}"))?;
    let expected = states.last().ok_or("no states")?;
    if let Some(difference) = scene.verified(&again)?.difference(expected) {
        return Err(format!("repaired again, {difference}"));
    }
    state(disk, states).map_err(|error| error.to_string())
}

/// Returns the rows of a disk. A repair that fails to read a page records that as damage, which another
/// repair finds or not: with such a record, returns the state that has all other rows.
fn state(disk: &SimulatedDisk, states: &[Contents]) -> Result<Contents, StoreError> {
    let found = contents(disk)?;
    let store = Store::open(&disk.fork())?;
    let recorded = store.read(|reading| reading.verification().last())?;
    let others = |contents: &Contents| contents.without(&["verification"]);
    let rows = others(&found);
    let state = states.iter().find(|state| others(state) == rows);
    let state = state.filter(|_| recorded.damage.is_some());
    Ok(state.cloned().unwrap_or(found))
}
