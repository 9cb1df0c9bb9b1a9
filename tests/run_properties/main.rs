//! What holds of every night: the real engine over real files, on small random worlds.
//!
//! | file | claims |
//! |---|---|
//! | `world` | what a random world is |
//! | `completeness` | a night does what is expected and touches nothing else |
//! | `determinism` | however the work is cut, the books are the same bytes |
//! | `plan_approval` | a plan that was shown is the plan that runs, or nothing runs |

mod completeness;
mod determinism;
#[path = "../support/harness.rs"]
#[allow(dead_code, reason = "each test uses its part of the harness")]
mod harness;
mod plan_approval;
mod world;
