//! Copies of a disk as a kill or a power cut leaves it, and the replay of operations from a log.

use std::collections::BTreeMap;

use super::content::Content;
use super::faults::Fault;
use super::files::{File, Files};
use super::operation::{FileNumber, Operation};

impl Files {
    /// Returns the state after all processes are killed: everything written, and no open file.
    pub(super) fn after_kill(&self) -> Self {
        self.copy_with(self.visible.clone(), Content::clone)
    }

    /// Returns the state after a power cut: the synced bytes under the synced names.
    pub(super) fn after_power_cut(&self) -> Self {
        self.copy_with(self.durable.clone(), Content::after_power_cut)
    }

    /// Keeps the state after the first fault: a process may be killed by it.
    pub(super) fn capture_after_fault(&mut self, done: &Result<(), Fault>) {
        if done.is_err() && self.after_first_fault.is_none() {
            self.after_first_fault = Some(Box::new(self.after_kill()));
        }
    }

    /// Syncs all files and names.
    pub(super) fn sync_all(&mut self) {
        self.files.values_mut().for_each(|file| file.content.sync());
        self.durable.clone_from(&self.visible);
    }

    /// Returns the visible state, all of it durable, without open files.
    pub(super) fn to_durable(&self) -> Self {
        let mut durable = self.copy_with(self.visible.clone(), Content::to_durable);
        durable.durable.clone_from(&durable.visible);
        durable.remove_unnamed();
        durable
    }

    /// Returns a copy that includes files without a name.
    pub(super) fn clone_with_unnamed(&self) -> Self {
        let files = self.files.iter().map(|(number, file)| {
            let copy = File {
                content: file.content.clone(),
                // A file without a name is removed unless it is open.
                open_count: 1,
                ..File::default()
            };
            (*number, copy)
        });
        Self {
            files: files.collect(),
            visible: self.visible.clone(),
            durable: self.durable.clone(),
            last_file_number: self.last_file_number,
            identities: self.identities,
            ..Self::default()
        }
    }

    /// Creates an empty file without a name. It counts as open, so that it is not removed.
    pub(super) fn create_unnamed(&mut self, number: FileNumber) {
        let file = File {
            open_count: 1,
            ..File::default()
        };
        self.files.insert(number, file);
        self.last_file_number = self.last_file_number.max(number.0);
    }

    /// Applies an operation from a log. The file or name may be missing here, since earlier
    /// operations can be left out.
    pub(super) fn redo(&mut self, operation: &Operation) {
        match operation {
            Operation::Create { file, name } | Operation::Link { file, name } => {
                self.visible.insert(name.clone(), *file);
            }
            Operation::Write { file, at, bytes } => {
                if let Some(file) = self.files.get_mut(file) {
                    file.content.write(*at, bytes);
                }
            }
            Operation::Truncate { file, length } => {
                if let Some(file) = self.files.get_mut(file) {
                    file.content.truncate(*length);
                }
            }
            Operation::Delete { name, .. } => {
                self.visible.remove(name);
            }
            Operation::Rename { from, to } => {
                if let Some(file) = self.visible.remove(from) {
                    self.visible.insert(to.clone(), file);
                }
            }
            Operation::Sync { .. } | Operation::SyncNames => {}
        }
    }

    fn copy_with(
        &self,
        visible: BTreeMap<String, FileNumber>,
        content: impl Fn(&Content) -> Content,
    ) -> Self {
        let files = self.files.iter().map(|(number, file)| {
            let left = File {
                content: content(&file.content),
                ..File::default()
            };
            (*number, left)
        });
        // The log and the injected errors of calls end with the process.
        let mut left = Self {
            files: files.collect(),
            visible,
            durable: self.durable.clone(),
            last_file_number: self.last_file_number,
            identities: self.identities,
            ..Self::default()
        };
        left.remove_unnamed();
        left
    }
}
