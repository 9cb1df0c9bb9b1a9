//! The names and files of one disk, and everything that can be done to them.
//!
//! A name and the file behind it become durable apart: syncing a file keeps its bytes, syncing
//! the folder keeps the names. So a power cut can leave a name without content, or bring back
//! what was deleted.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::super::Slip;
use super::content::{Content, Found};
use super::digest::Digest;
use super::faults::Trouble;
use super::locks::Locks;
use super::memory::Memory;
use super::operation::{FileNumber, Names, Operation};

/// Which opening of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HandleNumber(pub(super) u64);

/// One file, there while it has a name, may get one back by a power cut, or is open.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) content: Content,
    pub(super) locks: Locks,
    pub(super) memory: Memory,
    pub(super) opened: usize,
}

/// What a disk holds.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) files: BTreeMap<FileNumber, File>,
    pub(super) visible: BTreeMap<String, FileNumber>,
    pub(super) durable: BTreeMap<String, FileNumber>,
    /// How many files were numbered: what files are called does not depend on who opens them.
    pub(super) numbered: u64,
    /// How many times one was opened.
    pub(super) openings: u64,
    /// What was done since somebody wanted to know.
    pub(super) log: Option<Vec<Operation>>,
    /// How the store that writes on this disk is to slip.
    pub(super) slip: Option<Slip>,
    /// What is to go wrong.
    pub(super) trouble: Trouble,
}

impl Files {
    pub(super) fn find(&self, name: &str) -> Option<FileNumber> {
        self.visible.get(name).copied()
    }

    /// A file that is open or was just found.
    pub(super) fn file(&mut self, file: FileNumber) -> &mut File {
        self.files
            .get_mut(&file)
            .expect("a file stays while it is open")
    }

    fn note(&mut self, operation: impl FnOnce() -> Operation) {
        if let Some(log) = &mut self.log {
            log.push(operation());
        }
    }

    pub(super) fn start_log(&mut self) {
        self.log = Some(Vec::new());
    }

    /// How many operations the log holds.
    pub(super) fn log_length(&self) -> usize {
        self.log.as_ref().map_or(0, Vec::len)
    }

    pub(super) fn end_log(&mut self) -> Vec<Operation> {
        self.log.take().unwrap_or_default()
    }

    /// Makes an empty file; the name must be free.
    pub(super) fn create(&mut self, name: &str) -> FileNumber {
        self.numbered += 1;
        let file = FileNumber(self.numbered);
        self.files.insert(file, File::default());
        self.visible.insert(name.to_owned(), file);
        self.note(|| Operation::Create {
            file,
            name: name.to_owned(),
        });
        file
    }

    pub(super) fn open(&mut self, file: FileNumber) -> HandleNumber {
        self.file(file).opened += 1;
        self.openings += 1;
        HandleNumber(self.openings)
    }

    pub(super) fn close(&mut self, file: FileNumber, handle: HandleNumber) {
        let closed = self.file(file);
        closed.locks.unlock(handle, super::locks::Level::None);
        closed.memory.unmap(handle);
        closed.opened -= 1;
        self.forget_nameless();
    }

    pub(super) fn length(&mut self, file: FileNumber) -> usize {
        self.file(file).content.length()
    }

    pub(super) fn read(&mut self, file: FileNumber, at: usize, into: &mut [u8]) -> Found {
        self.file(file).content.read(at, into)
    }

    pub(super) fn write(&mut self, file: FileNumber, at: usize, bytes: &[u8]) {
        self.file(file).content.write(at, bytes);
        self.note(|| Operation::Write {
            file,
            at,
            bytes: bytes.into(),
        });
    }

    pub(super) fn truncate(&mut self, file: FileNumber, length: usize) {
        self.file(file).content.truncate(length);
        self.note(|| Operation::Truncate { file, length });
    }

    /// Makes the bytes of a file durable, and the names of the folder where they are to be.
    pub(super) fn sync(&mut self, file: FileNumber, names: Names) {
        self.file(file).content.sync();
        self.settle(names);
        self.note(|| Operation::Sync { file, names });
    }

    /// A sync that failed: what it was to keep counts as clean, and no later sync keeps it.
    pub(super) fn drop_unsynced(&mut self, file: FileNumber) {
        self.file(file).content.drop_unsynced();
    }

    /// Takes a name away; whether it was there.
    pub(super) fn delete(&mut self, name: &str, names: Names) -> bool {
        let was_there = self.visible.remove(name).is_some();
        if was_there {
            self.settle(names);
            self.forget_nameless();
            self.note(|| Operation::Delete {
                name: name.to_owned(),
                names,
            });
        }
        was_there
    }

    /// Gives a file another name, in place of what had it.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        if let Some(file) = self.visible.remove(from) {
            self.visible.insert(to.to_owned(), file);
            self.forget_nameless();
            self.note(|| Operation::Rename {
                from: from.to_owned(),
                to: to.to_owned(),
            });
        }
    }

    /// What can be seen, name by name.
    pub(super) fn digest(&self) -> Digest {
        let mut sum = Sha256::new();
        for (name, file) in &self.visible {
            sum.update(name.len().to_le_bytes());
            sum.update(name);
            sum.update(self.files[file].content.digest().0);
        }
        Digest(sum.finalize().into())
    }

    fn settle(&mut self, names: Names) {
        if names == Names::Synced && self.durable != self.visible {
            self.durable.clone_from(&self.visible);
            self.forget_nameless();
        }
    }

    pub(super) fn forget_nameless(&mut self) {
        let (visible, durable) = (&self.visible, &self.durable);
        self.files.retain(|number, file| {
            file.opened > 0
                || [visible, durable]
                    .iter()
                    .any(|names| names.values().any(|named| named == number))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(files: &mut Files, name: &str) -> Option<String> {
        let file = files.find(name)?;
        let mut bytes = vec![0; files.length(file)];
        files.read(file, 0, &mut bytes);
        Some(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn bytes_and_names_become_durable_apart() {
        let mut files = Files::default();
        let books = files.create("books");
        files.write(books, 0, b"old");
        files.sync(books, Names::Pending);
        assert_eq!(text(&mut files.after_power_cut(), "books"), None);

        let log = files.create("log");
        files.write(log, 0, b"entry");
        files.sync(books, Names::Synced);
        files.write(books, 0, b"new");
        let mut left = files.after_power_cut();
        assert_eq!(text(&mut left, "books").as_deref(), Some("old"));
        assert_eq!(text(&mut left, "log").as_deref(), Some(""));
        let mut killed = files.after_kill();
        assert_eq!(text(&mut killed, "books").as_deref(), Some("new"));
        assert_eq!(text(&mut killed, "log").as_deref(), Some("entry"));
        // A power cut after a kill still loses what nobody synced.
        let mut left = killed.after_power_cut();
        assert_eq!(text(&mut left, "books").as_deref(), Some("old"));
    }

    #[test]
    fn what_was_deleted_comes_back_unless_the_folder_was_synced() {
        let mut files = Files::default();
        let log = files.create("log");
        files.write(log, 0, b"entry");
        files.sync(log, Names::Synced);
        assert!(files.delete("log", Names::Pending) && !files.delete("log", Names::Pending));
        assert_eq!(files.find("log"), None);
        let mut left = files.after_power_cut();
        assert_eq!(text(&mut left, "log").as_deref(), Some("entry"));
        let again = files.create("log");
        assert_ne!(again, log);
        assert!(files.delete("log", Names::Synced));
        assert_eq!(text(&mut files.after_power_cut(), "log"), None);
        assert!(files.files.is_empty());
    }

    #[test]
    fn a_deleted_file_stays_for_who_has_it_open() {
        let mut files = Files::default();
        let log = files.create("log");
        let handle = files.open(log);
        files.delete("log", Names::Synced);
        files.write(log, 0, b"entry");
        assert_eq!(files.length(log), 5);
        files.close(log, handle);
        assert!(files.files.is_empty());
    }

    #[test]
    fn the_log_says_what_was_done_while_it_was_kept() {
        let mut files = Files::default();
        let books = files.create("books");
        assert_eq!(files.end_log(), []);
        files.start_log();
        files.write(books, 7, b"x");
        files.truncate(books, 3);
        files.sync(books, Names::Pending);
        files.rename("books", "kept");
        files.delete("kept", Names::Synced);
        files.delete("kept", Names::Synced);
        let log = files.end_log();
        assert_eq!(
            log,
            [
                Operation::Write {
                    file: books,
                    at: 7,
                    bytes: (*b"x").into()
                },
                Operation::Truncate {
                    file: books,
                    length: 3
                },
                Operation::Sync {
                    file: books,
                    names: Names::Pending
                },
                Operation::Rename {
                    from: "books".to_owned(),
                    to: "kept".to_owned()
                },
                Operation::Delete {
                    name: "kept".to_owned(),
                    names: Names::Synced
                },
            ]
        );
        files.create("more");
        assert_eq!(files.end_log(), []);
    }
}
