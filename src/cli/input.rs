//! Reads the files that commands are given; `-` is standard input.

use std::fs::File;
use std::path::Path;

use super::error::CliError;
use crate::import::apply::ApplyError;
use crate::import::{ImportError, ReadError, read_file};

/// The path that stands for standard input.
pub(super) const STANDARD_INPUT: &str = "-";

/// Reads a file to import, within the limits of such files.
pub(super) fn read_input(path: &Path) -> Result<Vec<u8>, CliError> {
    let read = match path.as_os_str() == STANDARD_INPUT {
        true => read_file(std::io::stdin().lock()),
        false => File::open(path).map_err(ReadError::Io).and_then(read_file),
    };
    read.map_err(|error| match error {
        ReadError::Io(source) => CliError::File {
            path: path.to_owned(),
            source,
        },
        ReadError::Refused(refusal) => {
            let file = input_name(path);
            CliError::Import(ApplyError::Import(ImportError { file, refusal }))
        }
    })
}

/// Returns the name of a file without its folder.
pub(super) fn input_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
