//! A state that happened becomes a world: what a database holds, ours or somebody else's, as a
//! file that can be kept, replayed and attached to a report.
//!
//! | file | does |
//! |---|---|
//! | `books`, `sources` | reads a Plimsoll database, and what its books are made from |
//! | `map`, `values` | reads where somebody else's tables hold what, and how they write it |
//! | `rows`, `mapped`, `history` | turns their rows into a state |
//! | `sqlite`, `exports`, `postgres` | where the rows come from |
//! | `address` | addresses of servers, and passwords kept out of texts |
//! | `stretches` | folds sessions into stretches, in memory that does not grow with cells |
//! | `state` | what was read, wherever from |
//! | `scrub`, `shift` | pseudonyms, and another time |
//! | `write` | writes it as the text of a world |
//! | `nights` | what each policy does on a state, and what nights of it lead to |
//! | `error` | why it could not be |
//!
//! What is captured is only read. `docs/capture.md` tells what a capture says and leaves out.

mod books;
mod error;
mod exports;
mod foreign;
mod history;
mod intervals;
mod map;
#[cfg(feature = "postgres")]
mod postgres;
mod redaction;
mod replay;
mod rows;
mod scrub;
mod shift;
mod sources;
mod sqlite;
mod state;
mod values;
mod write;

#[cfg(feature = "postgres")]
pub use self::postgres::{PostgresError, capture_postgres};
#[cfg(feature = "postgres")]
pub use self::redaction::PostgresUrl;
pub use self::redaction::redact_passwords;
pub use books::{CaptureExtent, capture_books};
pub use error::CaptureError;
pub use exports::{Exports, capture_exports};
pub use map::{Map, MapError};
pub use replay::replay;
pub use sqlite::capture_sqlite;
pub use state::State;
