//! Checks the planner against a reference model, an independent second planner.
//!
//! The model loops over cells with plain collections. It is slow, but short enough to verify by
//! reading. The planner has to agree with it on all small worlds and on many random ones.

mod exhaustive;
mod incident;
mod invariants;
mod random;
mod reference_model;
mod world;
