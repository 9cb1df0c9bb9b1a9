//! The names and files of one disk, and the operations on them.
//!
//! A name and the bytes of its file become durable separately: a sync of the file keeps its bytes,
//! a sync of the folder keeps the names. So a power cut can leave a name without content, or
//! restore a deleted file.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::content::{Content, ReadOutcome};
use super::digest::Digest;
use super::faults::FaultInjector;
use super::locks::{HandleNumber, Level, Locks};
use super::memory::Memory;
use super::operation::{FileNumber, NameSync, Operation};

/// The end of the name of a write-ahead log.
pub(super) const LOG_SUFFIX: &str = "-wal";

/// One file. It exists while it has a visible or durable name or is open.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) content: Content,
    pub(super) locks: Locks,
    pub(super) memory: Memory,
    pub(super) open_count: usize,
    /// Number of writes and truncations so far.
    pub(super) changes: u64,
    /// Whether a sync failed since the file was last emptied, or a commit of which it is the log.
    pub(super) is_doubtful: bool,
}

/// The content of a disk.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) files: BTreeMap<FileNumber, File>,
    pub(super) visible: BTreeMap<String, FileNumber>,
    pub(super) durable: BTreeMap<String, FileNumber>,
    /// Number of the file created last. Counted separately from `openings`, so that the numbers of
    /// files do not depend on how often files are opened.
    pub(super) last_file_number: u64,
    /// Number of openings so far.
    pub(super) openings: u64,
    /// Number of identities that databases on the disk were given.
    pub(super) identities: u64,
    /// Operations since the log was started, if it was.
    pub(super) log: Option<Vec<Operation>>,
    /// Injected errors of calls.
    pub(super) fault_injector: FaultInjector,
    /// State right after the first injected fault of a write or sync, as a process killed by the
    /// fault would leave it.
    pub(super) after_first_fault: Option<Box<Self>>,
    /// Whether a doubtful log was written to, without being emptied.
    pub(super) is_doubtful_log_used: bool,
}

impl Files {
    pub(super) fn find(&self, name: &str) -> Option<FileNumber> {
        self.visible.get(name).copied()
    }

    /// Returns a file that is open or was just found; panics on any other.
    pub(super) fn file(&mut self, file: FileNumber) -> &mut File {
        self.files
            .get_mut(&file)
            .expect("a file stays while it is open")
    }

    fn record(&mut self, operation: impl FnOnce() -> Operation) {
        if let Some(log) = &mut self.log {
            log.push(operation());
        }
    }

    pub(super) fn start_log(&mut self) {
        self.log = Some(Vec::new());
    }

    /// Returns the number of operations in the log.
    pub(super) fn log_length(&self) -> usize {
        self.log.as_ref().map_or(0, Vec::len)
    }

    pub(super) fn end_log(&mut self) -> Vec<Operation> {
        self.log.take().unwrap_or_default()
    }

    /// Creates an empty file. The name must be free.
    pub(super) fn create(&mut self, name: &str) -> FileNumber {
        self.last_file_number += 1;
        let file = FileNumber(self.last_file_number);
        self.files.insert(file, File::default());
        self.visible.insert(name.to_owned(), file);
        self.record(|| Operation::Create {
            file,
            name: name.to_owned(),
        });
        file
    }

    pub(super) fn open(&mut self, file: FileNumber) -> HandleNumber {
        self.file(file).open_count += 1;
        self.openings += 1;
        HandleNumber(self.openings)
    }

    pub(super) fn close(&mut self, file: FileNumber, handle: HandleNumber) {
        let closed = self.file(file);
        closed.locks.unlock(handle, Level::None);
        closed.memory.unmap(handle);
        closed.open_count -= 1;
        self.remove_unnamed();
    }

    pub(super) fn length(&mut self, file: FileNumber) -> usize {
        self.file(file).content.length()
    }

    pub(super) fn read(&mut self, file: FileNumber, at: usize, into: &mut [u8]) -> ReadOutcome {
        self.file(file).content.read(at, into)
    }

    pub(super) fn write(&mut self, file: FileNumber, at: usize, bytes: &[u8]) {
        let changed = self.file(file);
        changed.content.write(at, bytes);
        changed.changes += 1;
        self.record(|| Operation::Write {
            file,
            at,
            bytes: bytes.into(),
        });
    }

    pub(super) fn truncate(&mut self, file: FileNumber, length: usize) {
        let changed = self.file(file);
        changed.content.truncate(length);
        changed.changes += 1;
        self.record(|| Operation::Truncate { file, length });
    }

    /// Makes the bytes of a file durable, and with [`NameSync::Synced`] the names of the folder
    /// too.
    pub(super) fn sync(&mut self, file: FileNumber, name_sync: NameSync) {
        self.file(file).content.sync();
        self.sync_names(name_sync);
        self.record(|| Operation::Sync { file, name_sync });
    }

    /// Marks the logs after a failed commit.
    pub(super) fn doubt_logs(&mut self) {
        let logs = self
            .visible
            .iter()
            .filter(|(name, _)| name.ends_with(LOG_SUFFIX));
        for (_, file) in logs {
            if let Some(file) = self.files.get_mut(file) {
                file.is_doubtful = true;
            }
        }
    }

    /// Applies a failed sync: the unsynced bytes count as clean, and no later sync keeps them.
    pub(super) fn drop_unsynced(&mut self, file: FileNumber) {
        self.file(file).content.drop_unsynced();
    }

    /// Deletes a name; returns whether it existed. An open file stays until it is closed.
    pub(super) fn delete(&mut self, name: &str, name_sync: NameSync) -> bool {
        let was_there = self.visible.remove(name).is_some();
        if was_there {
            self.sync_names(name_sync);
            self.remove_unnamed();
            self.record(|| Operation::Delete {
                name: name.to_owned(),
                name_sync,
            });
        }
        was_there
    }

    /// Renames a file and replaces the one that had the name.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        if let Some(file) = self.visible.remove(from) {
            self.visible.insert(to.to_owned(), file);
            self.remove_unnamed();
            self.record(|| Operation::Rename {
                from: from.to_owned(),
                to: to.to_owned(),
            });
        }
    }

    /// Gives a file a second name, which must be free.
    pub(super) fn link(&mut self, file: FileNumber, name: &str) {
        self.visible.insert(name.to_owned(), file);
        self.record(|| Operation::Link {
            file,
            name: name.to_owned(),
        });
    }

    /// Makes all names durable.
    pub(super) fn sync_folder(&mut self) {
        self.sync_names(NameSync::Synced);
        self.record(|| Operation::SyncNames);
    }

    /// Returns the digest of the visible names and bytes.
    pub(super) fn digest(&self) -> Digest {
        let mut sum = Sha256::new();
        for (name, file) in &self.visible {
            sum.update(name.len().to_le_bytes());
            sum.update(name);
            sum.update(self.files[file].content.digest().0);
        }
        Digest(sum.finalize().into())
    }

    fn sync_names(&mut self, name_sync: NameSync) {
        if name_sync == NameSync::Synced && self.durable != self.visible {
            self.durable.clone_from(&self.visible);
            self.remove_unnamed();
        }
    }

    pub(super) fn remove_unnamed(&mut self) {
        let (visible, durable) = (&self.visible, &self.durable);
        self.files.retain(|number, file| {
            file.open_count > 0
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
    fn content_and_names_become_durable_separately() {
        let mut files = Files::default();
        let books = files.create("books");
        files.write(books, 0, b"old");
        files.sync(books, NameSync::Pending);
        assert_eq!(text(&mut files.after_power_cut(), "books"), None);

        let log = files.create("log");
        files.write(log, 0, b"entry");
        files.sync(books, NameSync::Synced);
        files.write(books, 0, b"new");
        let mut left = files.after_power_cut();
        assert_eq!(text(&mut left, "books").as_deref(), Some("old"));
        assert_eq!(text(&mut left, "log").as_deref(), Some(""));
        let mut killed = files.after_kill();
        assert_eq!(text(&mut killed, "books").as_deref(), Some("new"));
        assert_eq!(text(&mut killed, "log").as_deref(), Some("entry"));
        // A power cut after a kill still loses what was not synced.
        let mut left = killed.after_power_cut();
        assert_eq!(text(&mut left, "books").as_deref(), Some("old"));
    }

    #[test]
    fn deleted_file_returns_unless_the_directory_was_synced() {
        let mut files = Files::default();
        let log = files.create("log");
        files.write(log, 0, b"entry");
        files.sync(log, NameSync::Synced);
        assert!(files.delete("log", NameSync::Pending) && !files.delete("log", NameSync::Pending));
        assert_eq!(files.find("log"), None);
        let mut left = files.after_power_cut();
        assert_eq!(text(&mut left, "log").as_deref(), Some("entry"));
        let again = files.create("log");
        assert_ne!(again, log);
        assert!(files.delete("log", NameSync::Synced));
        assert_eq!(text(&mut files.after_power_cut(), "log"), None);
        assert!(files.files.is_empty());
    }

    #[test]
    fn deleted_file_stays_while_it_is_open() {
        let mut files = Files::default();
        let log = files.create("log");
        let handle = files.open(log);
        files.delete("log", NameSync::Synced);
        files.write(log, 0, b"entry");
        assert_eq!(files.length(log), 5);
        files.close(log, handle);
        assert!(files.files.is_empty());
    }

    #[test]
    fn log_records_operations_between_start_and_end() {
        let mut files = Files::default();
        let books = files.create("books");
        assert_eq!(files.end_log(), []);
        files.start_log();
        files.write(books, 7, b"x");
        files.truncate(books, 3);
        files.sync(books, NameSync::Pending);
        files.rename("books", "kept");
        files.delete("kept", NameSync::Synced);
        files.delete("kept", NameSync::Synced);
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
                    name_sync: NameSync::Pending
                },
                Operation::Rename {
                    from: "books".to_owned(),
                    to: "kept".to_owned()
                },
                Operation::Delete {
                    name: "kept".to_owned(),
                    name_sync: NameSync::Synced
                },
            ]
        );
        files.create("more");
        assert_eq!(files.end_log(), []);
    }
}
