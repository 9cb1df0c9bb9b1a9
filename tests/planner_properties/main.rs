//! What planning promises, against a second planner that was written without it.
//!
//! The twin loops over cells with plain collections. It is slow, and short enough to be read and
//! believed; the planner has to agree with it on every small world and on many random ones.

mod exhaustive;
mod incident;
mod invariants;
mod random;
mod reference_model;
mod world;
