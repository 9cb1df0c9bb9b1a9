//! Pages for people: rendered here, readable without JavaScript, by keyboard and on a phone.
//!
//! | file | shows |
//! |---|---|
//! | `overview`, `map` | how far everybody is: portfolios by sessions |
//! | `portfolio`, `holdings`, `curve`, `bar` | one portfolio: books over time, holdings, spread, risk |
//! | `cell` | why a cell is, or is not, to be done |
//! | `runs`, `run` | the runs there were, one run with its certificate |
//! | `health` | what is missing, stale, waiting or failing, and what mends it |
//! | `plan` | what a run would do, and the button that starts it |
//! | `sign_in` | sessions |
//! | `frame`, `words`, `looks` | what all pages share |
//!
//! The templates escape everything they show. A page holds no style and no script of its own, so
//! that the content policy can forbid both.

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
