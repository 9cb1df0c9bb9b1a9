//! The folder and the format of an export.

use std::io;
use std::path::Path;

use super::error::ExportError;
use crate::durable;

/// The format of the tables of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, with a line of headings.
    Csv,
    /// One JSON object a line. All values are texts; empty ones are left out.
    JsonLines,
}

/// The folder and the format of an export.
#[derive(Debug, Clone, Copy)]
pub struct Target<'t> {
    /// The folder of the files.
    pub folder: &'t Path,
    /// The format of the tables.
    pub format: Format,
}

impl Target<'_> {
    /// Creates the folder; refuses one with files.
    pub(super) fn prepare(self) -> Result<(), ExportError> {
        let failed = |source| ExportError::file(self.folder, source);
        match std::fs::read_dir(self.folder) {
            Ok(mut entries) => match entries.next() {
                None => Ok(()),
                Some(_) => Err(ExportError::NotEmpty {
                    folder: self.folder.to_owned(),
                }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                durable::create_folders(self.folder).map_err(failed)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Writes a small file of the folder.
    pub(super) fn write(self, name: &str, text: &str) -> Result<(), ExportError> {
        let path = self.folder.join(name);
        durable::create(&path, text.as_bytes()).map_err(|source| ExportError::file(&path, source))
    }
}
