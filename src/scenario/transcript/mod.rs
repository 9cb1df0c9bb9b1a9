//! What came of a scenario, as text: what a golden file holds and a reviewer judges by eye.
//!
//! Only what was decided and done stands in it, never how long it took: the same scenario gives
//! the same bytes on every machine.
//!
//! | file | writes |
//! |---|---|
//! | `text` | the transcript itself |
//! | `run` | what came of a run |
//! | `grid` | the cells of a run, the sessions of note alone |

mod grid;
mod run;
mod text;

pub use text::{Detail, transcript};
