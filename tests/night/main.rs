//! The batch end to end: the real engine over real files, on the production state of January 8
//! and on worlds like it.

mod determinism;
mod healing;
mod incident;
mod leases;
#[path = "../support/stage.rs"]
#[allow(dead_code, reason = "each test uses its part of the stage")]
mod stage;
