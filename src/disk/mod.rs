//! A simulated disk: an SQLite file system in memory that can be copied within a microsecond and
//! lose power at any moment.
//!
//! | file | holds |
//! |---|---|
//! | `simulated` | [`SimulatedDisk`], the interface for other modules |
//! | `location` | opens the database of a disk |
//! | `content` | the bytes of a file: those that programs see, and those that a power cut leaves |
//! | `files` | the names and files of one disk |
//! | `post_crash` | the state of a disk after a kill or a power cut |
//! | `locks`, `memory` | the locks and the shared memory of connections |
//! | `handle` | one open file |
//! | `faults` | injected errors of single calls |
//! | `operation`, `crash_state` | the log of changes, and the states a crash in it can leave |
//! | `interleaving` | two users that take turns on one disk |
//! | `registry` | the data of a disk, found by the file name that SQLite has |
//! | `vfs`, `methods` | the functions that SQLite calls; unsafe |
//! | `allocation` | SQLite's memory functions, which can fail; unsafe |
//!
//! All other files are safe code.

mod allocation;
mod content;
mod crash_state;
mod digest;
mod faults;
mod files;
mod handle;
mod interleaving;
mod location;
mod locks;
mod memory;
mod methods;
mod operation;
mod post_crash;
mod registry;
mod simulated;
#[cfg(test)]
mod tests;
mod vfs;

pub use allocation::Allocations;
pub use crash_state::{CrashState, SurvivingOperations, Tear};
pub use digest::Digest;
pub use faults::{Call, Fault, FaultDuration, InjectedDiskFault};
pub use interleaving::{Interleaving, Side, TurnSchedule};
pub use operation::{FileNumber, NameSync, Operation};
pub use simulated::SimulatedDisk;
