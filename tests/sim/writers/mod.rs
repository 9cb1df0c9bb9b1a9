//! Writers other than runs, crashed at every operation and with faults in their calls: each leaves
//! the database of before or of after, and what it reported survives a power cut.
//!
//! Each exploration returns what it finds first.

mod backup;
mod busy;
mod changes;
mod crash;
mod damage;
mod faults;
mod imports;
mod inbox;
mod migration;
mod restore;
mod scene;
mod settings;
mod tokens;
