//! The inbox: a folder with one folder for each kind of file, whose files are imported before a
//! run.
//!
//! Kinds are imported in dependency order, files of a kind in name order. An imported file is moved
//! to `done`, with a report beside it if there are warnings about its rows, a refused one to
//! `rejected` with a report; no file is ever overwritten. Rows that are held back are written to a
//! file in `rejected`. A file that was imported before is
//! imported again: after a crash between commit and move nothing changes, and a correction that is
//! taken back is not lost. Files that are still being written, hidden files and links stay where
//! they are.
//!
//! | file | does |
//! |---|---|
//! | `import_files` | import every file of an inbox, in order |
//! | `file` | a file, its outcome and its location |
//! | `listing` | list the files, and read those that are not being written |
//! | `moving` | move files, and write the report |
//! | `rejected` | list the files that wait for an operator |
//! | `waiting` | list the files that have waited for hours |

mod file;
mod import_files;
mod listing;
mod moving;
mod rejected;
mod waiting;

pub use file::{FileLocation, InboxFile, InboxOutcome};
pub use import_files::{
    create_folders, find_unusable_folder, has_ready_files, import_inbox, import_text,
};
pub use rejected::{RejectedFile, list_rejected};
pub use waiting::{WaitingFile, WaitingReason, list_waiting};
