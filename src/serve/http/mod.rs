//! The HTTP layer below all routes: connections, limits, headers, problem documents.

mod connections;
mod guard;
mod problem;

pub(super) use connections::{Peer, accept};
pub(super) use guard::{FORM_LIMIT, guard};
pub(super) use problem::Problem;
