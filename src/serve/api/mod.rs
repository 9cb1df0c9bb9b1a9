//! The admin API: JSON under `/api/v1`, for programs that show a token.
//!
//! Answers are those of the command line's `--json`. Parameters are named as the incident's
//! operators know them. `openapi.json` describes all of it, and is held against the real answers
//! by `tests/serve`.

mod books;
mod cells;
mod events;
mod history;
mod portfolios;
mod routes;
mod runs;

pub(super) use events::{EventStream, stream};
pub(super) use routes::routes;
pub(super) use runs::check_run_request;
