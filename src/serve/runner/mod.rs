//! The run at work: at most one in this process, on a thread of its own, so that whoever asks
//! how it goes is answered while all processors compute.
//!
//! `starts` lets one start, tells how it goes and stops it; `thread` is what its thread does.

mod control;
mod thread;

pub(super) use control::{CancelResult, RunEnd, Runner, StartedRun};
pub(super) use thread::import_inbox;
