//! What is the same for every request: connections and their limits, headers, the shape of an
//! error.

mod connections;
mod guard;
mod problem;

pub(super) use connections::{Peer, accept};
pub(super) use guard::{FORM_LIMIT, guard};
pub(super) use problem::Problem;
