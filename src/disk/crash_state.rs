//! Builds the disks that a crash can leave: of the operations that were not synced, any subset
//! survives.
//!
//! A log is applied operation by operation. In between, [`CrashState::image`] returns the disk that
//! the next process would find if everything stopped there and a chosen subset of the pending
//! operations had reached the medium. After a kill, all of them survive. After a power cut, any
//! subset can survive, since the system may already have written back some of them.

use super::files::Files;
use super::operation::{FileNumber, NameSync, Operation};
use super::simulated::SimulatedDisk;

/// Bytes that a medium writes completely or not at all.
const SECTOR: usize = 512;

/// The state of a disk at a point of a log.
#[derive(Debug)]
pub struct CrashState {
    /// The state that every crash leaves. Includes files that have no durable name yet.
    durable: Files,
    pending: Vec<Operation>,
}

/// The pending operations that reached the medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurvivingOperations {
    /// For each pending operation, in the order of the log, whether it survives completely.
    pub complete: Vec<bool>,
    /// Index of a pending write of which only some sectors survive, whatever `complete` says of it.
    pub torn: Option<(usize, Tear)>,
}

/// The sectors of 512 bytes that survive of a torn write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tear {
    /// Only the first sector.
    First,
    /// All but the last sector.
    AllButLast,
    /// Only the last sector.
    Last,
    /// Every other sector, from the second on.
    EveryOther,
}

impl Tear {
    /// All ways to tear a write.
    pub const ALL: [Self; 4] = [Self::First, Self::AllButLast, Self::Last, Self::EveryOther];

    fn keeps(self, sector: usize, of: usize) -> bool {
        match self {
            Self::First => sector == 0,
            Self::AllButLast => sector + 1 < of,
            Self::Last => sector + 1 == of,
            Self::EveryOther => sector % 2 == 1,
        }
    }
}

impl Operation {
    /// Returns whether the operation changes names of the folder, not bytes of a file.
    pub const fn is_name_change(&self) -> bool {
        matches!(
            self,
            Self::Create { .. } | Self::Link { .. } | Self::Delete { .. } | Self::Rename { .. }
        )
    }

    fn is_content_change(&self, of: FileNumber) -> bool {
        match self {
            Self::Write { file, .. } | Self::Truncate { file, .. } => *file == of,
            _ => false,
        }
    }
}

impl CrashState {
    /// Starts from the current state of a disk, all of it durable.
    pub fn from_disk(disk: &SimulatedDisk) -> Self {
        Self {
            durable: disk.0.files().to_durable(),
            pending: Vec::new(),
        }
    }

    /// Returns the operations that a power cut could still undo, in the order of the log.
    pub fn pending(&self) -> &[Operation] {
        &self.pending
    }

    /// Applies the next operation of the log.
    pub fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Sync {
                file,
                name_sync: names,
            } => {
                self.make_durable(|pending| pending.is_content_change(*file));
                if *names == NameSync::Synced {
                    self.make_durable(Operation::is_name_change);
                }
            }
            Operation::SyncNames => self.make_durable(Operation::is_name_change),
            other => {
                // The file itself exists at once, so that its bytes can survive without its name
                // and its name without its bytes.
                if let Operation::Create { file, .. } = other {
                    self.durable.create_unnamed(*file);
                }
                self.pending.push(other.clone());
                // A folder is synced as a whole: earlier names become durable with the deletion.
                if let Operation::Delete {
                    name_sync: NameSync::Synced,
                    ..
                } = other
                {
                    self.make_durable(Operation::is_name_change);
                }
            }
        }
    }

    fn make_durable(&mut self, which: impl Fn(&Operation) -> bool) {
        let durable = &mut self.durable;
        self.pending.retain(|operation| {
            let durable_now = which(operation);
            if durable_now {
                durable.redo(operation);
            }
            !durable_now
        });
    }

    /// Returns the disk on which only these pending operations reached the medium. It has no open
    /// file, and all of it is durable.
    pub fn image(&self, surviving: &SurvivingOperations) -> SimulatedDisk {
        let mut left = self.durable.clone_with_unnamed();
        for (at, operation) in self.pending.iter().enumerate() {
            match (operation, surviving.torn) {
                (
                    Operation::Write {
                        file,
                        at: from,
                        bytes,
                    },
                    Some((torn, tear)),
                ) if torn == at => {
                    write_torn(&mut left, *file, *from, bytes, tear);
                }
                _ if surviving.complete.get(at) == Some(&true) => left.redo(operation),
                _ => {}
            }
        }
        SimulatedDisk::from_files(left.to_durable())
    }
}

/// Writes the sectors of `bytes` that survive.
fn write_torn(files: &mut Files, file: FileNumber, from: usize, bytes: &[u8], tear: Tear) {
    let end = from + bytes.len();
    // Sectors are those of the file, not of the write: the first and last may be partial.
    let (first, last) = (from / SECTOR, end.div_ceil(SECTOR));
    for sector in first..last {
        if tear.keeps(sector - first, last - first) {
            let begins = (sector * SECTOR).max(from);
            let ends = ((sector + 1) * SECTOR).min(end);
            let part = bytes[begins - from..ends - from].into();
            files.redo(&Operation::Write {
                file,
                at: begins,
                bytes: part,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(disk: &SimulatedDisk, name: &str) -> Option<String> {
        let mut files = disk.0.files();
        let file = files.find(name)?;
        let mut bytes = vec![0; files.length(file)];
        files.read(file, 0, &mut bytes);
        Some(String::from_utf8(bytes).unwrap())
    }

    fn surviving(bits: &[bool]) -> SurvivingOperations {
        SurvivingOperations {
            complete: bits.to_vec(),
            torn: None,
        }
    }

    /// Returns a disk with a durable file, and the log of `work` on it.
    fn logged(work: impl FnOnce(&mut Files)) -> (CrashState, Vec<Operation>) {
        let disk = SimulatedDisk::new();
        {
            let mut files = disk.0.files();
            let books = files.create("books");
            files.write(books, 0, b"old");
        }
        let before = CrashState::from_disk(&disk);
        disk.start_log();
        work(&mut disk.0.files());
        (before, disk.end_log())
    }

    #[test]
    fn any_subset_of_unsynced_operations_can_survive() {
        let (mut state, log) = logged(|files| {
            let books = files.find("books").unwrap();
            let journal = files.create("journal");
            files.write(journal, 0, b"note");
            files.write(books, 0, b"new");
        });
        log.iter().for_each(|operation| state.apply(operation));
        assert_eq!(state.pending().len(), 3);
        let found = |bits: [bool; 3]| {
            let disk = state.image(&surviving(&bits));
            [
                text(&disk, "books").unwrap(),
                text(&disk, "journal").unwrap_or("-".to_owned()),
            ]
        };
        assert_eq!(found([false, false, false]), ["old", "-"]);
        assert_eq!(
            found([true, false, false]),
            ["old", ""],
            "a name without content"
        );
        assert_eq!(
            found([false, true, true]),
            ["new", "-"],
            "content without a name"
        );
        assert_eq!(found([true, true, false]), ["old", "note"]);
        assert_eq!(found([true, true, true]), ["new", "note"]);
    }

    #[test]
    fn sync_makes_names_durable_only_when_requested() {
        for names in [NameSync::Pending, NameSync::Synced] {
            let (mut state, log) = logged(|files| {
                let journal = files.create("journal");
                files.write(journal, 0, b"note");
                files.sync(journal, names);
            });
            log.iter().for_each(|operation| state.apply(operation));
            let left = state.image(&surviving(&[]));
            let expected = (names == NameSync::Synced).then(|| "note".to_owned());
            assert_eq!(text(&left, "journal"), expected);
            let named = state.image(&surviving(&[true]));
            assert_eq!(text(&named, "journal").as_deref(), Some("note"));
        }
    }

    #[test]
    fn deleted_file_returns_until_the_directory_is_synced() {
        for (names, expected) in [(NameSync::Pending, Some("old")), (NameSync::Synced, None)] {
            let (mut state, log) = logged(|files| {
                files.delete("books", names);
            });
            log.iter().for_each(|operation| state.apply(operation));
            assert_eq!(
                text(&state.image(&surviving(&[])), "books").as_deref(),
                expected
            );
        }
    }

    #[test]
    fn torn_write_keeps_some_sectors() {
        let (mut state, log) = logged(|files| {
            let books = files.find("books").unwrap();
            files.write(books, 0, &[b'x'; 4 * SECTOR]);
        });
        log.iter().for_each(|operation| state.apply(operation));
        let sectors = |tear| {
            let torn = SurvivingOperations {
                complete: vec![false],
                torn: Some((0, tear)),
            };
            let found = text(&state.image(&torn), "books").unwrap();
            let found = found.as_bytes().chunks(SECTOR);
            let found = found.map(|sector| if sector[0] == b'x' { 'x' } else { '.' });
            found.collect::<String>()
        };
        let found = Tear::ALL.map(sectors);
        assert_eq!(found, ["x", "xxx", "...x", ".x.x"]);
    }

    /// At every point, a kill leaves all pending operations and a power cut none.
    #[test]
    fn kill_keeps_all_and_power_cut_keeps_no_pending_operations() {
        let disk = SimulatedDisk::new();
        let books = disk.0.files().create("books");
        disk.0.files().sync(books, NameSync::Synced);
        let mut state = CrashState::from_disk(&disk);
        disk.start_log();
        let steps: [&dyn Fn(&mut Files); 6] = [
            &|files| files.write(books, 0, b"one"),
            &|files| {
                files.create("journal");
            },
            &|files| {
                let journal = files.find("journal").unwrap();
                files.write(journal, 3, b"two");
                files.sync(journal, NameSync::Pending);
            },
            &|files| files.truncate(books, 1),
            &|files| files.sync(books, NameSync::Synced),
            &|files| {
                files.delete("journal", NameSync::Pending);
            },
        ];
        let mut passed = 0;
        for step in steps {
            step(&mut disk.0.files());
            let log = disk.end_log();
            disk.start_log();
            log.iter().for_each(|operation| state.apply(operation));
            passed += log.len();
            let pending = state.pending().len();
            let killed = state.image(&surviving(&vec![true; pending]));
            let cut = state.image(&surviving(&vec![false; pending]));
            assert_eq!(killed.digest(), disk.fork().digest());
            assert_eq!(cut.digest(), disk.after_power_cut().digest());
        }
        assert_eq!(passed, 7);
    }
}
