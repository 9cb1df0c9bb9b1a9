//! What remains of a disk when everybody on it is gone, and what a log says of it done once more.

use std::collections::BTreeMap;

use super::content::Content;
use super::faults::Fault;
use super::files::{File, Files};
use super::operation::{FileNumber, Operation};

impl Files {
    /// What is left when all processes are killed: all that was written, and nobody there.
    pub(super) fn after_kill(&self) -> Self {
        self.copy_with(self.visible.clone(), Content::clone)
    }

    /// What is left when the power fails: all that was synced, under the names that were.
    pub(super) fn after_power_cut(&self) -> Self {
        self.copy_with(self.durable.clone(), Content::after_power_cut)
    }

    /// Keeps what the first fault leaves.
    pub(super) fn capture_after_fault(&mut self, done: &Result<(), Fault>) {
        if done.is_err() && self.fault_injector.after_first_fault.is_none() {
            self.fault_injector.after_first_fault = Some(Box::new(self.after_kill()));
        }
    }

    /// Syncs every file and the names.
    pub(super) fn sync_all(&mut self) {
        self.files.values_mut().for_each(|file| file.content.sync());
        self.durable.clone_from(&self.visible);
    }

    /// What can be seen, all of it durable, and nobody there.
    pub(super) fn to_durable(&self) -> Self {
        let mut settled = self.copy_with(self.visible.clone(), Content::to_durable);
        settled.durable.clone_from(&settled.visible);
        settled.remove_unnamed();
        settled
    }

    /// The same with the files that have no name.
    pub(super) fn clone_with_unnamed(&self) -> Self {
        let files = self.files.iter().map(|(number, file)| {
            let copy = File {
                content: file.content.clone(),
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
            store_fault: self.store_fault,
            ..Self::default()
        }
    }

    /// Makes an empty file that has no name yet, and stays without one.
    pub(super) fn create_unnamed(&mut self, number: FileNumber) {
        let file = File {
            open_count: 1,
            ..File::default()
        };
        self.files.insert(number, file);
        self.last_file_number = self.last_file_number.max(number.0);
    }

    /// Does once more what a log says was done; what it speaks of may be missing here.
    pub(super) fn redo(&mut self, operation: &Operation) {
        match operation {
            Operation::Create { file, name } => {
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
            Operation::Sync { .. } => {}
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
        let mut left = Self {
            files: files.collect(),
            visible,
            durable: self.durable.clone(),
            last_file_number: self.last_file_number,
            store_fault: self.store_fault,
            ..Self::default()
        };
        left.remove_unnamed();
        left
    }
}
