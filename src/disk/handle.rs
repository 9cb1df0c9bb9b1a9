//! One open file, with the operations that SQLite calls, in safe code.

use std::ffi::c_void;
use std::sync::Arc;

use super::content::ReadOutcome;
use super::faults::{Call, Fault};
use super::files::{Files, LOG_SUFFIX};
use super::locks::{Busy, HandleNumber, Level};
use super::memory::SlotLock;
use super::operation::{FileNumber, NameSync};
use super::registry::Shared;

/// An open file. It keeps its disk alive.
#[derive(Debug)]
pub(super) struct Handle {
    disk: Arc<Shared>,
    file: FileNumber,
    number: HandleNumber,
    /// `Synced` if the next sync makes the names of the folder durable too.
    name_sync: NameSync,
    access: AccessMode,
    /// True for a write-ahead log, which must be emptied after an error before it is written to.
    is_log: bool,
}

/// Options of an opening.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenOptions {
    pub(super) if_absent: IfAbsent,
    pub(super) if_present: IfPresent,
    /// `Synced` if the first sync makes the names of the folder durable too.
    pub(super) name_sync: NameSync,
    pub(super) access: AccessMode,
}

/// Access rights of an opening. As on Unix, a read-only one cannot take a writer's lock, so a
/// reader that closes last does not empty the write-ahead log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessMode {
    ReadWrite,
    ReadOnly,
}

/// Behaviour of an opening if no file has the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfAbsent {
    Create,
    Refuse,
}

/// Behaviour of an opening if a file has the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfPresent {
    Open,
    Refuse,
}

impl Handle {
    /// Opens a file of a disk.
    pub(super) fn open(disk: Arc<Shared>, name: &str, opening: OpenOptions) -> Result<Self, Fault> {
        let mut files = disk.files_in_turn();
        files.fault_injector.check_call(Call::Open)?;
        let file = match files.find(name) {
            Some(file) if opening.if_present == IfPresent::Open => file,
            None if opening.if_absent == IfAbsent::Create => files.create(name),
            _ => return Err(Fault::CannotOpen),
        };
        let number = files.open(file);
        drop(files);
        Ok(Self {
            disk,
            file,
            number,
            name_sync: opening.name_sync,
            access: opening.access,
            is_log: name.ends_with(LOG_SUFFIX),
        })
    }

    /// Opens a file without a name on a disk of its own, which is dropped when it is closed.
    pub(super) fn open_temporary() -> Result<Self, Fault> {
        let opening = OpenOptions {
            if_absent: IfAbsent::Create,
            if_present: IfPresent::Refuse,
            name_sync: NameSync::Pending,
            access: AccessMode::ReadWrite,
        };
        Self::open(Shared::unregistered(), "", opening)
    }

    fn with_files<T>(&self, work: impl FnOnce(&mut Files) -> T) -> T {
        work(&mut self.disk.files())
    }

    fn with_files_in_turn<T>(&self, work: impl FnOnce(&mut Files) -> T) -> T {
        work(&mut self.disk.files_in_turn())
    }

    /// Waits for the turn of this user, then calls `work` unless a fault is injected.
    fn call<T>(&self, call: Call, work: impl FnOnce(&mut Files) -> T) -> Result<T, Fault> {
        let mut files = self.disk.files_in_turn();
        files.fault_injector.check_call(call)?;
        Ok(work(&mut files))
    }

    pub(super) fn read(&self, at: usize, into: &mut [u8]) -> Result<ReadOutcome, Fault> {
        self.call(Call::Read, |files| files.read(self.file, at, into))
    }

    pub(super) fn write(&self, at: usize, bytes: &[u8]) -> Result<(), Fault> {
        if self.access == AccessMode::ReadOnly {
            return Err(Fault::ReadOnly);
        }
        self.with_files_in_turn(|files| {
            // A quota fails only writes that extend the file.
            let call = if at + bytes.len() > files.length(self.file) {
                Call::Grow
            } else {
                Call::Write
            };
            let fault = files.fault_injector.check_call(call);
            // The fault is returned after the match, because a short write still writes some bytes.
            match fault {
                Ok(()) => {
                    let is_doubtful = self.is_log && files.file(self.file).is_doubtful;
                    files.is_doubtful_log_used |= is_doubtful;
                    files.write(self.file, at, bytes);
                }
                Err(Fault::ShortWrite) => {
                    files.write(self.file, at, &bytes[..bytes.len() / 2]);
                }
                Err(_) => {}
            }
            files.capture_after_fault(&fault);
            fault
        })
    }

    pub(super) fn truncate(&self, length: usize) -> Result<(), Fault> {
        self.call(Call::Truncate, |files| {
            files.truncate(self.file, length);
            files.file(self.file).is_doubtful &= length > 0;
        })
    }

    /// Ends a commit that has taken effect.
    pub(super) fn end_commit(&self) -> Result<(), Fault> {
        self.with_files_in_turn(|files| {
            let ended = files.fault_injector.check_call(Call::CommitEnd);
            if ended.is_err() {
                files.doubt_logs();
            }
            ended
        })
    }

    pub(super) fn sync(&mut self) -> Result<(), Fault> {
        self.with_files_in_turn(|files| {
            let fault = files.fault_injector.check_call(Call::Sync);
            match fault {
                Ok(()) => files.sync(self.file, self.name_sync),
                Err(Fault::Dropped) => files.drop_unsynced(self.file),
                Err(_) => {}
            }
            files.file(self.file).is_doubtful |= fault.is_err();
            files.capture_after_fault(&fault);
            fault
        })?;
        // As in SQLite on Unix, only the first sync of a new file syncs its folder.
        self.name_sync = NameSync::Pending;
        Ok(())
    }

    pub(super) fn length(&self) -> Result<usize, Fault> {
        self.call(Call::Size, |files| files.length(self.file))
    }

    pub(super) fn lock(&self, level: Level) -> Result<(), Fault> {
        self.call(Call::Lock, |files| {
            let locks = &mut files.file(self.file).locks;
            let is_refused = level > Level::Shared && self.access == AccessMode::ReadOnly;
            // As on Unix, locks of other connections count before the system refuses this one.
            match is_refused {
                true if locks.is_held_by_others(self.number) => Err(Fault::Busy),
                true => Err(Fault::Io),
                false => locks.lock(self.number, level).map_err(|Busy| Fault::Busy),
            }
        })?
    }

    /// Lowers a lock. Like every release, it cannot fail and does not wait for a turn.
    pub(super) fn unlock(&self, level: Level) {
        self.with_files(|files| files.file(self.file).locks.unlock(self.number, level));
    }

    pub(super) fn is_reserved(&self) -> bool {
        self.with_files(|files| files.file(self.file).locks.is_reserved())
    }

    /// Returns the address of a region of the shared memory; `None` if it does not exist and
    /// `absent` says not to create it.
    pub(super) fn map(
        &self,
        which: usize,
        size: usize,
        absent: IfAbsent,
    ) -> Result<Option<*mut c_void>, Fault> {
        self.call(Call::Map, |files| {
            let memory = &mut files.file(self.file).memory;
            let wanted = absent == IfAbsent::Create || memory.is_made(which);
            wanted.then(|| memory.map(self.number, which, size))
        })
    }

    /// Takes lock slots of the shared memory, or releases them, which never fails.
    pub(super) fn lock_memory(&self, mask: u16, hold: SlotLock) -> Result<(), Fault> {
        let lock = |files: &mut Files| files.file(self.file).memory.lock(self.number, mask, hold);
        let locked = match hold {
            SlotLock::Released => self.with_files(lock),
            SlotLock::Shared | SlotLock::Exclusive => self.call(Call::MapLock, lock)?,
        };
        locked.map_err(|Busy| Fault::Busy)
    }

    pub(super) fn unmap(&self) {
        self.with_files(|files| files.file(self.file).memory.unmap(self.number));
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.with_files(|files| files.close(self.file, self.number));
    }
}
