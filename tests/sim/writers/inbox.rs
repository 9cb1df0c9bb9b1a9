//! Injects faults into the import of an inbox, whose files move in a folder of the machine: after
//! any fault, the next import ends as the undisturbed one.

use std::fs;
use std::path::Path;

use plimsoll::disk::SimulatedDisk;
use plimsoll::import::inbox::import_inbox;
use plimsoll::store::{Contents, Store};

use super::faults::all_faults;
use super::scene::{Found, Scene, Written, contents};

const FILES: [(&str, &str); 3] = [
    ("portfolios/new.csv", "name,inception\nD,2026-01-06\n"),
    (
        "prices/closes.csv",
        "symbol,date,close\nACME,2026-01-08,12\n",
    ),
    ("transactions/bad.csv", "id,portfolio\nt9,A\n"),
];

/// Puts the files into an empty folder.
fn fill(folder: &Path) -> Written {
    for (name, rows) in FILES {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().ok_or("a folder")?)?;
        fs::write(path, rows)?;
    }
    Ok(())
}

fn import(scene: &Scene, disk: &SimulatedDisk, folder: &Path) -> Written {
    let store = Store::open(disk)?;
    let context = scene.import_context();
    let report = |_: &_| "a report".to_owned();
    import_inbox(&mut store.writer()?, folder, &context, &report)?;
    Ok(())
}

/// Returns the paths of all files below a folder, sorted.
fn files(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(
                    path.strip_prefix(folder)
                        .unwrap_or(&path)
                        .display()
                        .to_string(),
                ),
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The storage calls of an import, and the states that it leaves.
type Recorded = (Vec<plimsoll::disk::Call>, Vec<(Contents, Vec<String>)>);

/// Imports the inbox with a fault, then again on what a kill and a power cut leave.
fn import_twice(
    scene: &Scene,
    fault: Option<plimsoll::disk::InjectedDiskFault>,
) -> Result<Recorded, Box<dyn std::error::Error>> {
    let mut ends = Vec::new();
    let mut calls = Vec::new();
    for is_power_cut in [false, true] {
        let folder = tempfile::tempdir()?;
        fill(folder.path())?;
        let disk = scene.disk.fork();
        disk.arm(fault);
        // An error is what the fault is for; the next import tells what it did.
        drop(import(scene, &disk, folder.path()));
        calls = disk.disarm().0;
        let left = match is_power_cut {
            true => disk.after_power_cut(),
            false => disk.fork(),
        };
        import(scene, &left, folder.path())?;
        scene.verified(&left)?;
        ends.push((contents(&left)?, files(folder.path())?));
    }
    Ok((calls, ends))
}

/// Injects every `step`-th fault into the import of an inbox.
pub(crate) fn inject_faults_into_inbox(step: usize) -> Found {
    let scene = Scene::new();
    let fail = |error: Box<dyn std::error::Error>| error.to_string();
    let (calls, expected) = import_twice(&scene, None).map_err(fail)?;
    let (_, names) = &expected[0];
    if names.iter().filter(|name| name.starts_with("done")).count() != 2 {
        return Err(format!("the files are not done: {names:?}"));
    }
    for injected in all_faults(&calls).step_by(step) {
        let (_, ends) = import_twice(&scene, Some(injected))
            .map_err(|error| format!("{injected:?}: {error}"))?;
        if ends != expected {
            let names: Vec<_> = ends.iter().map(|(_, names)| names).collect();
            return Err(format!("{injected:?}: another end, with {names:?}"));
        }
    }
    Ok(())
}

#[test]
fn after_a_fault_the_next_import_of_the_inbox_does_the_rest() {
    assert_eq!(inject_faults_into_inbox(67), Ok(()));
}

#[test]
#[ignore = "takes minutes"]
fn after_every_fault_the_next_import_of_the_inbox_does_the_rest() {
    assert_eq!(inject_faults_into_inbox(1), Ok(()));
}
