//! The current run: at most one in this process, on a thread of its own, so that requests are
//! answered while all processors compute.
//!
//! `control` owns the thread; `start` starts a run on it and is the body of the thread.

mod control;
mod start;

pub(super) use control::{CancelResult, RunEnd, Runner, StartedRun};
pub(super) use start::{check_and_start, import_inbox, log_prices, start};
