//! Captures the state of a database, Plimsoll's own or another program's, as a world: a file that
//! can be kept, replayed and attached to a report.
//!
//! | file | does |
//! |---|---|
//! | `books`, `sources` | read a Plimsoll database and its sources |
//! | `map`, `map_keys`, `values` | read the map of another program's tables, and parse their values |
//! | `rows`, `foreign`, `history` | turn rows of another program into a state |
//! | `sqlite`, `exports`, `postgres` | sources of such rows |
//! | `scratch` | read the rows of a scratch database |
//! | `intervals` | join sessions into intervals, in memory that does not grow with cells |
//! | `state` | the captured state, independent of its source |
//! | `time` | the time at which another program's rows are looked at |
//! | `survey`, `cells` | answer questions about a state without a database |
//! | `scrub`, `shift` | replace names by pseudonyms, and move all days |
//! | `write` | write a state as the text of a world |
//! | `replay` | simulate nights of each policy on a world |
//! | `error` | errors of all of these |
//!
//! A captured database is only read. `docs/capture.md` lists the content of a capture, and what it
//! leaves out.

mod books;
mod cells;
mod error;
mod exports;
mod foreign;
mod history;
mod intervals;
mod map;
mod map_keys;
#[cfg(feature = "postgres")]
mod postgres;
mod replay;
mod rows;
mod scratch;
mod scrub;
mod shift;
mod sources;
mod sqlite;
mod state;
mod survey;
mod time;
mod values;
mod write;

#[cfg(feature = "postgres")]
pub use self::postgres::{PostgresTableError, capture_postgres};
pub use books::{CaptureExtent, capture_books};
pub use cells::CapturedCells;
pub use error::CaptureError;
pub use exports::{Exports, capture_exports};
pub(crate) use foreign::normalize_id;
pub(crate) use map::Table;
pub use map::{Map, MapError};
pub(crate) use map_keys::RawMap;
pub use replay::replay;
pub(crate) use rows::Row;
pub(crate) use scratch::ScratchReader;
pub use sqlite::capture_sqlite;
pub use state::State;
pub use time::CaptureTime;
pub(crate) use values::parse_day;
