//! Defines the file that an import is given.

use super::import_result::FileKind;
use crate::import::options::ImportOptions;

/// A file to import.
#[derive(Debug, Clone, Copy)]
pub struct SourceFile<'f> {
    /// The kind of records in the file.
    pub kind: FileKind,
    /// The file's name, for messages; may give the symbol of its prices.
    pub name: &'f str,
    /// The content of the file.
    pub bytes: &'f [u8],
    /// The options declared for the file.
    pub options: &'f ImportOptions,
}
