//! The calls of the file system whose order decides what survives a power cut.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// The file system. A test passes one that records the calls.
pub(super) trait FileCalls {
    /// Makes the bytes of a file durable.
    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Renames a file and replaces the one that has the name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Creates a folder in an existing one.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The file system of the machine.
#[derive(Debug)]
pub(super) struct Machine;

impl FileCalls for Machine {
    fn sync_file(&self, file: &File, _: &Path) -> io::Result<()> {
        file.sync_all()
    }

    #[cfg(unix)]
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        match File::open(folder)?.sync_all() {
            // Some network file systems cannot sync a folder; they keep its names themselves.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            synced => synced,
        }
    }

    /// Other systems cannot open a folder; their file systems keep names in order.
    #[cfg(not(unix))]
    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir(folder)
    }
}

/// Returns the folder of a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
