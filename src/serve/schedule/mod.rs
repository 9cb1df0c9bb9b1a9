//! Runs that start by themselves: one as soon as a session is final, which catches up with
//! whatever was missed, and one when what is needed changes in between: a late price, a
//! back-dated transaction, an invalidation.
//!
//! ```text
//! look, twice a minute → due? (calendar and clock) → news? (inbox and revision) → the runner
//! ```
//!
//! `due` decides by calendar and clock alone and `news` by what changed; both are pure. A run of
//! another process that did the same is as good as one of ours, and one at work is waited for:
//! a timer of the system beside the schedule does no harm.

mod due;
mod scheduler;
mod source_changes;

#[cfg(test)]
mod tests;

pub(super) use scheduler::Scheduler;
