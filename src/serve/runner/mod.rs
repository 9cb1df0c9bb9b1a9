//! The run at work: at most one in this process, on a thread of its own, so that whoever asks
//! how it goes is answered while all processors compute.
//!
//! `starts` lets one start, tells how it goes and stops it; `thread` is what its thread does.

mod starts;
mod thread;

pub(super) use starts::{Cancelled, Ended, Runner, Started};
pub(super) use thread::take_in;
