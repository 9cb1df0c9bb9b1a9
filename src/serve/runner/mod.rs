//! The current run: at most one in this process, on a thread of its own, so that requests are
//! answered while all processors compute.
//!
//! `control` starts, follows and cancels a run; `thread` is the body of its thread.

mod control;
mod thread;

pub(super) use control::{CancelResult, RunEnd, Runner, StartedRun};
pub(super) use thread::import_inbox;
