//! Scheduled runs: one as soon as a session is final, which also catches up on missed sessions, and
//! one when sources change in between: a late price, a back-dated transaction, an invalidation.
//!
//! ```text
//! tick, twice a minute → due? (calendar and clock) → new work? (inbox and revision) → the runner
//! ```
//!
//! `due` decides by calendar and clock, `source_changes` by the revision of the sources; both are
//! pure. A finished run of another process counts as well, and a running one is waited for, so a
//! system timer beside the schedule does no harm.

mod due;
mod scheduler;
mod source_changes;

#[cfg(test)]
mod tests;

pub(super) use scheduler::Scheduler;
