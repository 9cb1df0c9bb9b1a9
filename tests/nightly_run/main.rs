//! The batch end to end: the real engine over real files and a simulated disk, on the production
//! state of January 8 and on worlds like it.

mod determinism;
#[path = "../support/harness.rs"]
#[allow(dead_code, reason = "each test uses its part of the harness")]
mod harness;
mod healing;
mod incident;
mod leases;
mod simulated_disk;
