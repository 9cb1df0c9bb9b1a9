//! Commands make the same calls to SQLite's file system on a file and on the simulated disk: what is
//! simulated opens, reads, pools and closes connections as production does.

mod commands;
mod recorded_disk;
mod recorder;
mod same;
mod watched_folders;
