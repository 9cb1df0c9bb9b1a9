//! Writes all sources and books of a database as files that other programs can read. The files of the
//! sources are those that imports read: imported into an empty database, they give the same books.
//!
//! | file | holds |
//! |---|---|
//! | `write` | all files of an export, in their order |
//! | `target` | the folder and the format of an export |
//! | `table_file` | one table as CSV or as JSON lines |
//! | `sources` | portfolios, closes, transactions and accepted prices as tables |
//! | `securities` | securities with their symbols over time, and corporate actions |
//! | `books` | the books, foreign cash and positions of each session |
//! | `settings` | calendars and the risk model |
//! | `script` | the commands that import the files |
//! | `error` | the reasons for which an export fails |

mod books;
mod error;
mod script;
mod securities;
mod settings;
mod sources;
mod table_file;
mod target;
mod write;

pub use error::ExportError;
pub use script::SCRIPT;
pub use table_file::ExportedTable;
pub use target::{Format, Target};
pub use write::export;
