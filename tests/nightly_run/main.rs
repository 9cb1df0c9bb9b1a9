//! End-to-end tests of the nightly run: the real engine on files and on a simulated disk, with the
//! production state of January 8 and worlds like it.

mod determinism;
#[path = "../support/harness.rs"]
#[allow(dead_code, reason = "each test uses its part of the harness")]
mod harness;
mod healing;
mod incident;
mod leases;
mod open_reader;
mod replanning;
mod simulated_disk;
