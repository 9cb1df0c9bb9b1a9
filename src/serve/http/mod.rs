//! The HTTP layer below all routes: connections, limits, headers, problem documents.

mod connections;
mod guard;
mod problem;
mod timed_stream;

pub(super) use connections::{ConnectionLimits, Peer, Routes, accept};
pub(super) use guard::guard;
pub(super) use problem::{FORM_LIMIT, Problem};
pub(super) use timed_stream::BodyTimeout;
