//! Where a command's words go: data to standard output, everything else to standard error.

use std::io::{self, Write};

use serde::Serialize;

use super::CliError;

/// What a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Prints text as it is; a newline is added where it has none at its end.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    write_line(&mut out, text)
}

/// Prints a value as JSON, indented.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    let mut out = io::stdout().lock();
    write_line(&mut out, &text)
}

/// Prints to standard error.
pub(super) fn print_stderr(text: &str) {
    let mut out = anstream::stderr().lock();
    // Nothing is left to tell somebody whose standard error is closed.
    let _ = write_line(&mut out, text);
}

/// A reader that went away (`| head`) is no error.
fn write_line(out: &mut impl Write, text: &str) -> Result<(), CliError> {
    let ending = if text.ends_with('\n') || text.is_empty() {
        ""
    } else {
        "\n"
    };
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(ending.as_bytes()))
        .and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
