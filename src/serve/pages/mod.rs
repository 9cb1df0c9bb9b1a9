//! The status pages, rendered on the server; usable without JavaScript, by keyboard and on a phone.
//!
//! | file | shows |
//! |---|---|
//! | `overview`, `heat_map` | the watermark and the state of all portfolios by session |
//! | `portfolio`, `holdings`, `curve`, `bar` | one portfolio: books over time, positions, exposures, risk |
//! | `cell` | the state of a cell and its reason |
//! | `runs`, `run` | past runs, one run with its certificate |
//! | `health` | missing, stale, blocked and failing data, with the command that fixes it |
//! | `plan` | the plan of a run and the button that starts it |
//! | `sign_in` | signing in and out |
//! | `frame`, `labels`, `assets` | shared by all pages |
//!
//! The templates escape all values. Pages have no inline style or script, so that the content
//! security policy can forbid both.

mod assets;
mod bar;
mod cell;
mod curve;
mod frame;
mod health;
mod heat_map;
mod holdings;
mod labels;
mod overview;
mod plan;
mod portfolio;
mod routes;
mod run;
mod runs;
mod sign_in;

pub(super) use frame::PageProblem;
pub(super) use routes::routes;
