//! A state that happened becomes a world: what a database holds, ours or somebody else's, as a
//! file that can be kept, replayed and attached to a report.
//!
//! | file | does |
//! |---|---|
//! | `books` | reads a Plimsoll database |
//! | `stretches` | folds sessions into stretches, in memory that does not grow with cells |
//! | `state` | what was read, wherever from |
//! | `write` | writes it as the text of a world |
//! | `error` | why it could not be |
//!
//! What is captured is only read. `docs/capture.md` tells what a capture says and leaves out.

mod books;
mod error;
mod state;
mod stretches;
mod write;

pub use books::{Waits, capture_books};
pub use error::CaptureError;
pub use state::State;
