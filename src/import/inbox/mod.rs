//! The inbox: a folder with one folder for each kind of file, whose files are taken in before a
//! run.
//!
//! Kinds come in the order in which they build on each other, files of a kind by name. What was
//! taken in is moved to `done`, what is refused to `rejected`, with a report beside it; neither
//! ever overwrites a file. A file is known by its bytes: one that was taken in before changes
//! nothing, and is moved too, so that an end between commit and move loses and repeats nothing.
//! What is still being written, hidden, or no file of its own (a link) is left where it is.
//!
//! | file | does |
//! |---|---|
//! | `import_files` | every file of an inbox, in order |
//! | `listing` | which files there are, and which nobody is writing |
//! | `moving` | where they go, and the report |

mod import_files;
mod listing;
mod moving;

pub use import_files::{FileLocation, InboxFile, InboxOutcome, has_ready_files, import_inbox};
