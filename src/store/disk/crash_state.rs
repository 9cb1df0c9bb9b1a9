//! What a crash can leave of a disk: of what was done and not yet synced, any part.
//!
//! A log is passed operation by operation. In between, [`CrashState::image`] makes the disk that
//! would be found if everything stopped there and just these of the pending operations had
//! reached the medium. All of them is a killed process, none is a power cut, and anything between
//! is what a power cut may leave where the medium was at work.

use super::SimulatedDisk;
use super::files::Files;
use super::operation::{FileNumber, NameSync, Operation};

/// The bytes that a medium writes whole or not at all.
const SECTOR: usize = 512;

/// A disk at a point of a log.
#[derive(Debug)]
pub struct CrashState {
    /// What is there whatever happens. A file that has no name yet is there too.
    durable: Files,
    pending: Vec<Operation>,
}

/// Which of the pending operations reached the medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurvivingOperations {
    /// One bit an operation, in the order of the log.
    pub complete: Vec<bool>,
    /// A write of which only a part did; it counts as kept.
    pub torn: Option<(usize, Tear)>,
}

/// What is there of a write that was torn, in sectors of 512 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tear {
    /// Only the first sector.
    First,
    /// All but the last sector.
    AllButLast,
    /// Only the last sector.
    Last,
    /// Every other sector.
    EveryOther,
}

impl Tear {
    /// Every way to tear a write.
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
    /// Whether it is about the names of the folder and not about the bytes of a file.
    pub const fn is_name_change(&self) -> bool {
        matches!(
            self,
            Self::Create { .. } | Self::Delete { .. } | Self::Rename { .. }
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
    /// A disk as it is now, everything on it durable.
    pub fn from_disk(disk: &SimulatedDisk) -> Self {
        Self {
            durable: disk.0.files().to_durable(),
            pending: Vec::new(),
        }
    }

    /// The operations that a power cut could still undo, in the order of the log.
    pub fn pending(&self) -> &[Operation] {
        &self.pending
    }

    /// Goes on in the log by one operation.
    pub fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Sync {
                file,
                name_sync: names,
            } => {
                self.make_durable(|one| one.is_content_change(*file));
                if *names == NameSync::Synced {
                    self.make_durable(Operation::is_name_change);
                }
            }
            other => {
                if let Operation::Create { file, .. } = other {
                    self.durable.create_unnamed(*file);
                }
                self.pending.push(other.clone());
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
            let settles = which(operation);
            if settles {
                durable.redo(operation);
            }
            !settles
        });
    }

    /// The disk that is found when just these of the pending operations reached the medium.
    /// Nobody is there, and everything on it is durable.
    pub fn image(&self, kept: &SurvivingOperations) -> SimulatedDisk {
        let mut left = self.durable.clone_with_unnamed();
        for (at, operation) in self.pending.iter().enumerate() {
            match (operation, kept.torn) {
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
                _ if kept.complete.get(at) == Some(&true) => left.redo(operation),
                _ => {}
            }
        }
        SimulatedDisk::from_files(left.to_durable())
    }
}

/// Writes those sectors of `bytes` that a tear keeps.
fn write_torn(files: &mut Files, file: FileNumber, from: usize, bytes: &[u8], tear: Tear) {
    let end = from + bytes.len();
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

    /// A disk with a durable file, and the log of what is done to it then.
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
        let (mut aftermath, log) = logged(|files| {
            let books = files.find("books").unwrap();
            let journal = files.create("journal");
            files.write(journal, 0, b"note");
            files.write(books, 0, b"new");
        });
        log.iter().for_each(|operation| aftermath.apply(operation));
        assert_eq!(aftermath.pending().len(), 3);
        let found = |bits: [bool; 3]| {
            let disk = aftermath.image(&surviving(&bits));
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
            let (mut aftermath, log) = logged(|files| {
                let journal = files.create("journal");
                files.write(journal, 0, b"note");
                files.sync(journal, names);
            });
            log.iter().for_each(|operation| aftermath.apply(operation));
            let left = aftermath.image(&surviving(&[]));
            let expected = (names == NameSync::Synced).then(|| "note".to_owned());
            assert_eq!(text(&left, "journal"), expected);
            let named = aftermath.image(&surviving(&[true]));
            assert_eq!(text(&named, "journal").as_deref(), Some("note"));
        }
    }

    #[test]
    fn deleted_file_returns_until_the_directory_is_synced() {
        for (names, expected) in [(NameSync::Pending, Some("old")), (NameSync::Synced, None)] {
            let (mut aftermath, log) = logged(|files| {
                files.delete("books", names);
            });
            log.iter().for_each(|operation| aftermath.apply(operation));
            assert_eq!(
                text(&aftermath.image(&surviving(&[])), "books").as_deref(),
                expected
            );
        }
    }

    #[test]
    fn torn_write_keeps_some_sectors() {
        let (mut aftermath, log) = logged(|files| {
            let books = files.find("books").unwrap();
            files.write(books, 0, &[b'x'; 4 * SECTOR]);
        });
        log.iter().for_each(|operation| aftermath.apply(operation));
        let sectors = |tear| {
            let torn = SurvivingOperations {
                complete: vec![false],
                torn: Some((0, tear)),
            };
            let found = text(&aftermath.image(&torn), "books").unwrap();
            let found = found.as_bytes().chunks(SECTOR);
            let found = found.map(|sector| if sector[0] == b'x' { 'x' } else { '.' });
            found.collect::<String>()
        };
        let found = Tear::ALL.map(sectors);
        assert_eq!(found, ["x", "xxx", "...x", ".x.x"]);
    }

    /// At every point, all of the pending is what a kill leaves and none what a power cut leaves.
    #[test]
    fn kill_keeps_all_and_power_cut_keeps_no_pending_operations() {
        let disk = SimulatedDisk::new();
        let books = disk.0.files().create("books");
        disk.0.files().sync(books, NameSync::Synced);
        let mut aftermath = CrashState::from_disk(&disk);
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
            log.iter().for_each(|operation| aftermath.apply(operation));
            passed += log.len();
            let pending = aftermath.pending().len();
            let killed = aftermath.image(&surviving(&vec![true; pending]));
            let cut = aftermath.image(&surviving(&vec![false; pending]));
            assert_eq!(killed.digest(), disk.fork().digest());
            assert_eq!(cut.digest(), disk.after_power_cut().digest());
        }
        assert_eq!(passed, 7);
    }
}
