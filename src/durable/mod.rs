//! Writes, renames and moves files so that they survive a power cut under their name.
//!
//! A file system may keep the name of a file without its bytes, or lose the name of a file whose
//! bytes are synced. So a new file is written under another name, synced and renamed, and its folder
//! is synced before the caller continues. All files that a command reports as written go through
//! this module; SQLite writes a database under the other name, and this module syncs and
//! renames it.

mod calls;
mod finish;
mod names;
mod permissions;
#[cfg(test)]
mod tests;
mod unfinished;
mod write;

pub(crate) use calls::folder_of;
pub use finish::{FinishCalls, finish, unfinished_path};
pub use names::{create_folders, move_file, sync_folder_of};
pub use permissions::check_folder;
pub use unfinished::{Unfinished, companions, remove_abandoned};
pub use write::{Access, create, replace};
