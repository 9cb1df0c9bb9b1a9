//! Records the calls, and checks what a power cut after each of them leaves.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::calls::{FileCalls, Machine, folder_of};
use super::names::{create_folders_through, move_through};
use super::unfinished::Unfinished;
use super::write::{Access, create_through, replace_through};

/// A file system that loses at a power cut all that is not synced: bytes without a sync of their
/// file, and names without a sync of their folder.
#[derive(Debug, Default)]
struct Recorder {
    calls: RefCell<Vec<String>>,
    /// The bytes that are durable, by the name at the time of the sync.
    synced: RefCell<BTreeMap<PathBuf, Vec<u8>>>,
    /// The names that are durable, and their bytes; `None` for a name without them.
    durable: RefCell<BTreeMap<PathBuf, Option<Vec<u8>>>>,
    /// The durable names after each call.
    states: RefCell<Vec<BTreeMap<PathBuf, Option<Vec<u8>>>>>,
}

impl Recorder {
    fn record(&self, call: &str, path: &Path) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.calls.borrow_mut().push(format!("{call} {name}"));
        self.states.borrow_mut().push(self.durable.borrow().clone());
    }

    /// Begins with the files of a folder, all of them durable.
    fn with(folder: &Path) -> Self {
        let recorder = Self::default();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let bytes = fs::read(&path).unwrap();
                recorder.synced.borrow_mut().insert(path, bytes);
            }
        }
        recorder.keep_names(folder);
        recorder
    }

    fn keep_names(&self, folder: &Path) {
        let mut durable = self.durable.borrow_mut();
        durable.retain(|path, _| folder_of(path) != folder);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let bytes = self.synced.borrow().get(&path).cloned();
            durable.insert(path, bytes);
        }
    }

    fn content(&self, path: &Path) -> Option<Vec<u8>> {
        self.durable.borrow().get(path).cloned().flatten()
    }
}

impl FileCalls for Recorder {
    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()> {
        Machine.sync_file(file, path)?;
        let bytes = fs::read(path)?;
        self.synced.borrow_mut().insert(path.to_owned(), bytes);
        self.record("sync", path);
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.keep_names(folder);
        self.record("sync folder", folder);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        let mut synced = self.synced.borrow_mut();
        if let Some(bytes) = synced.remove(from) {
            synced.insert(to.to_owned(), bytes);
        }
        drop(synced);
        self.record("rename to", to);
        Ok(())
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir(folder)?;
        self.record("create folder", folder);
        Ok(())
    }
}

#[test]
fn a_power_cut_leaves_the_old_content_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("report.txt");
    fs::write(&path, "old").unwrap();
    let recorder = Recorder::with(folder_of(&path));
    replace_through(&recorder, &path, b"new", Access::Unchanged).unwrap();
    for state in recorder.states.borrow().iter() {
        let content = state[&path].as_deref();
        assert!(matches!(content, Some(b"old" | b"new")), "{state:?}");
    }
    assert_eq!(recorder.content(&path).unwrap(), b"new");
}

#[test]
fn a_created_file_is_synced_before_and_its_folder_after_the_rename() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plimsoll.toml");
    let recorder = Recorder::default();
    create_through(&recorder, &path, b"text").unwrap();
    let calls = recorder.calls.borrow();
    let [first, second, third] = calls.as_slice() else {
        panic!("{calls:?}");
    };
    assert_eq!(first, "sync plimsoll.toml.unfinished");
    assert_eq!(second, "rename to plimsoll.toml");
    assert!(third.starts_with("sync folder"), "{third}");
    assert_eq!(recorder.content(&path).unwrap(), b"text");
    let again = create_through(&recorder, &path, b"other").unwrap_err();
    assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"text");
}

#[test]
fn a_moved_file_never_loses_both_names() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let (from, to) = (root.join("in/a.csv"), root.join("done/prices/a.csv"));
    fs::create_dir(root.join("in")).unwrap();
    fs::write(&from, "rows").unwrap();
    let recorder = Recorder::with(&root.join("in"));
    // Another program wrote it without a sync.
    recorder.synced.borrow_mut().clear();
    create_folders_through(&recorder, folder_of(&to)).unwrap();
    let before = recorder.states.borrow().len();
    move_through(&recorder, &from, &to).unwrap();
    for state in &recorder.states.borrow()[before..] {
        assert!(
            state.contains_key(&from) || state.contains_key(&to),
            "{state:?}"
        );
    }
    assert_eq!(recorder.content(&to).unwrap(), b"rows");
    assert!(!recorder.durable.borrow().contains_key(&from));
    for created in ["done", "done/prices"] {
        assert!(recorder.durable.borrow().contains_key(&root.join(created)));
    }
}

#[test]
fn an_interrupted_attempt_is_cleaned_by_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("copy.db");
    let left = folder.path().join("copy.db.unfinished");
    fs::write(&left, "half of it").unwrap();
    fs::write(folder.path().join("copy.db.unfinished-wal"), "log").unwrap();
    let unfinished = Unfinished::begin(&target).unwrap();
    assert_eq!(fs::read(unfinished.path()).unwrap(), b"");
    assert!(!folder.path().join("copy.db.unfinished-wal").exists());
    drop(unfinished);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_link_under_the_temporary_name_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (other, target) = (folder.path().join("other"), folder.path().join("a.txt"));
    fs::write(&other, "stays").unwrap();
    std::os::unix::fs::symlink(&other, folder.path().join("a.txt.unfinished")).unwrap();
    create_through(&Machine, &target, b"text").unwrap();
    assert_eq!(fs::read(&other).unwrap(), b"stays");
    assert_eq!(fs::read(&target).unwrap(), b"text");
}

#[test]
fn two_processes_write_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.prom");
    std::thread::scope(|scope| {
        for letter in [b'a', b'b', b'c', b'd'] {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..20 {
                    replace_through(&Machine, path, &[letter; 4_096], Access::All).unwrap();
                    let read = fs::read(path).unwrap();
                    assert!(read.len() == 4_096 && read.iter().all(|byte| *byte == read[0]));
                }
            });
        }
    });
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
