//! The admin API: JSON under `/api/v1`, for programs with a token.
//!
//! Responses equal the `--json` output of the command line. Parameters have the names that the
//! operators of the incident's job used. `openapi.json` describes the API; `tests/serve` checks it
//! against real responses.

mod books;
mod cells;
mod events;
mod history;
mod portfolios;
mod routes;
mod runs;

pub(super) use events::{EventStream, stream};
pub(super) use routes::routes;
