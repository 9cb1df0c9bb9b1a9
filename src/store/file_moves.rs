//! Links, moves and removes the files of a location, durably where it says so.

use std::path::Path;
use std::{fs, io};

use super::error::StoreError;
use super::location::Location;
use crate::durable;

impl Location {
    /// Removes the file if it exists.
    pub(super) fn remove_if_present(&self) -> Result<(), StoreError> {
        let removed = match self.file_system() {
            None => fs::remove_file(self.path()),
            Some(files) => files.remove(self.path()),
        };
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => self.at(removed),
        }
    }

    /// Removes the files that SQLite keeps beside the database, if there are any.
    pub(super) fn remove_companions(&self) -> Result<(), StoreError> {
        durable::companions(self.path())
            .into_iter()
            .try_for_each(|path| self.sibling(path).remove_if_present())
    }

    /// Removes a database that no connection has open, with the files beside it.
    ///
    /// # Errors
    ///
    /// A file is there and cannot be removed.
    pub fn remove_database(&self) -> Result<(), StoreError> {
        self.remove_companions()?;
        self.remove_if_present()
    }

    /// Gives the file a second name, in the same folder.
    pub(super) fn link(&self, other: &Path) -> Result<(), StoreError> {
        self.at(match self.file_system() {
            None => fs::hard_link(self.path(), other),
            Some(files) => files.link(self.path(), other),
        })
    }

    /// Makes the names in the folder of the file durable.
    pub(super) fn sync_folder(&self) -> Result<(), StoreError> {
        self.at(match self.file_system() {
            None => durable::sync_folder_of(self.path()),
            Some(files) => files.sync_names(),
        })
    }

    /// Syncs the file, gives it another name in the same folder, and makes the name durable.
    pub(super) fn move_durably(&self, to: &Path) -> Result<(), StoreError> {
        self.at(match self.file_system() {
            None => durable::move_file(self.path(), to),
            Some(files) => files
                .sync(self.path())
                .and_then(|_| files.rename(self.path(), to))
                .and_then(|()| files.sync_names()),
        })
    }

    fn at<T>(&self, result: io::Result<T>) -> Result<T, StoreError> {
        result.map_err(|source| StoreError::File {
            path: self.path().to_owned(),
            source,
        })
    }
}
