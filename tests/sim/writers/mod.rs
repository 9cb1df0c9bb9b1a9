//! Writers other than runs, crashed at every operation and with faults in their calls: each leaves
//! the database of before or of after one of its transactions, and what it reported survives a power
//! cut.
//!
//! Each exploration returns what it finds first. The tests here expect nothing, and those of mutants
//! that the mutant is found.

mod at_once;
pub(crate) mod backup;
pub(crate) mod busy;
mod changes;
mod checkpoint;
pub(crate) mod crash;
pub(crate) mod damage;
pub(crate) mod faults;
mod imports;
pub(crate) mod inbox;
pub(crate) mod migration;
mod notifications;
mod repair;
pub(crate) mod restore;
pub(crate) mod scene;
mod settings;
mod tokens;
