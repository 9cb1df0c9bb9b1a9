//! Scratch databases that are SQLite files, each in a temporary folder of its own.

use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::database::{ScratchConnection, ScratchDatabase, ScratchLocation};
use super::file::ScratchFile;
use crate::store::error::StoreError;

/// The name of a database in its folder.
const FILE_NAME: &str = "scratch.db";

/// A SQLite file, whose folder is removed with the value.
#[derive(Debug)]
pub(crate) struct SqliteScratch {
    path: PathBuf,
    /// Keeps the folder until the value is dropped.
    _folder: TempDir,
}

impl SqliteScratch {
    /// Makes the folder of a file. The file itself is made by a script or by another program.
    pub(crate) fn create() -> Result<Self, StoreError> {
        let folder = tempfile::Builder::new().prefix("plimsoll-job-").tempdir();
        let folder = folder.map_err(|source| StoreError::File {
            path: std::env::temp_dir(),
            source,
        })?;
        Ok(Self {
            path: folder.path().join(FILE_NAME),
            _folder: folder,
        })
    }
}

impl ScratchDatabase for SqliteScratch {
    fn location(&self) -> ScratchLocation<'_> {
        ScratchLocation::File(&self.path)
    }

    fn run_script(&self, script: &str) -> Result<(), StoreError> {
        ScratchFile::create(&self.path, script).map(drop)
    }

    fn connect_unmarked(&self) -> Result<Box<dyn ScratchConnection>, StoreError> {
        Ok(Box::new(ScratchFile::open_made(&self.path)?))
    }

    fn connect(&self) -> Result<Box<dyn ScratchConnection>, StoreError> {
        Ok(Box::new(ScratchFile::open(&self.path)?))
    }

    fn copy(&self) -> Result<Box<dyn ScratchDatabase>, StoreError> {
        let copy = Self::create()?;
        std::fs::copy(&self.path, &copy.path).map_err(|source| StoreError::File {
            path: copy.path.clone(),
            source,
        })?;
        Ok(Box::new(copy))
    }

    // A process that ended holds no file.
    fn end_sessions(&self, _grace: Duration) -> Result<(), StoreError> {
        Ok(())
    }

    fn has_hanging_write(&self) -> Option<bool> {
        None
    }

    fn redacted(&self, output: String) -> String {
        output
    }
}
