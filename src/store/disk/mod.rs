//! A disk that is simulated: SQLite's file system in memory, of which a copy costs next to nothing
//! and on which a power cut can be had.
//!
//! [`SimulatedDisk`] is the door. `content` keeps the bytes of a file, what programs see apart
//! from what a power cut leaves; `files` the names and files of one disk, and `remains` what is left when all who had them open
//! are gone; `locks` and
//! `memory` what connections hold on a file. `handle` is one open file. `faults` is what can go wrong. `operation` is the
//! log of what changed, and `aftermath` what a crash at a point of it can leave. `turns` lets two use
//! a disk at once. `registry` finds a disk by the name that SQLite was given.
//!
//! All of that is safe code. Only `vfs` and `methods`, through which SQLite calls it, are not, and
//! `allocation`, through which it asks for memory.

mod allocation;
mod content;
mod crash_state;
mod digest;
mod faults;
mod files;
mod handle;
mod interleaving;
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
pub(in crate::store) use interleaving::sleep;
pub use interleaving::{Interleaving, Side, TurnSchedule};
pub use operation::{FileNumber, NameSync, Operation};
pub use simulated::SimulatedDisk;
