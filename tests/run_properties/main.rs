//! Checks properties of nightly runs: the real engine on real files, with small random worlds.
//!
//! | file | checks |
//! |---|---|
//! | `world` | generates the random worlds |
//! | `completeness` | a run processes the expected cells and no others |
//! | `determinism` | splitting, stopping and repeating work does not change a byte |
//! | `plan_approval` | an approved plan is the plan that runs, or no run starts |

mod completeness;
mod determinism;
#[path = "../support/harness.rs"]
#[allow(dead_code, reason = "each test uses its part of the harness")]
mod harness;
mod plan_approval;
mod world;
