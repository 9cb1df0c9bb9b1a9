//! A disk that is simulated: SQLite's file system in memory, of which a copy costs next to nothing
//! and on which a power cut can be had.
//!
//! [`SimulatedDisk`] is the door. `content` keeps the bytes of a file, what programs see apart
//! from what a power cut leaves; `files` the names and files of one disk; `locks` and
//! `memory` what connections hold on a file. `handle` is one open file. `operation` is the
//! log of what changed. `registry` finds a disk by the name that SQLite was given.
//!
//! All of that is safe code. Only `vfs` and `methods`, through which SQLite calls it, are not.

mod content;
mod files;
mod handle;
mod locks;
mod memory;
mod methods;
mod operation;
mod registry;
mod simulated;
#[cfg(test)]
mod tests;
mod vfs;

pub use operation::{FileNumber, Names, Operation};
pub use simulated::SimulatedDisk;
